/* A balanced (AVL) tree and a trie, with their invariants checked as they grow and shrink. */

#include <stdio.h>
#include <stdlib.h>

struct node {
	struct node *left, *right;
	int key, height;
};

static int rotations;

static int height(const struct node *node)
{
	return node != NULL ? node->height : 0;
}

static struct node *update(struct node *node)
{
	int left = height(node->left), right = height(node->right);

	node->height = (left > right ? left : right) + 1;
	return node;
}

static struct node *rotate_right(struct node *node)
{
	struct node *top = node->left;

	rotations++;
	node->left = top->right;
	top->right = update(node);
	return update(top);
}

static struct node *rotate_left(struct node *node)
{
	struct node *top = node->right;

	rotations++;
	node->right = top->left;
	top->left = update(node);
	return update(top);
}

static struct node *balance(struct node *node)
{
	int lean = height(node->left) - height(node->right);

	if (lean > 1) {
		if (height(node->left->left) < height(node->left->right))
			node->left = rotate_left(node->left);
		return rotate_right(node);
	}
	if (lean < -1) {
		if (height(node->right->right) < height(node->right->left))
			node->right = rotate_right(node->right);
		return rotate_left(node);
	}
	return update(node);
}

static struct node *insert(struct node *node, int key)
{
	if (node == NULL) {
		node = calloc(1, sizeof *node);
		if (node == NULL)
			abort();
		node->key = key;
	} else if (key < node->key) {
		node->left = insert(node->left, key);
	} else if (key > node->key) {
		node->right = insert(node->right, key);
	}
	return balance(node);
}

static struct node *take_least(struct node *node, struct node **least)
{
	if (node->left == NULL) {
		*least = node;
		return node->right;
	}
	node->left = take_least(node->left, least);
	return balance(node);
}

static struct node *delete(struct node *node, int key)
{
	struct node *next;

	if (node == NULL)
		return NULL;
	if (key != node->key) {
		struct node **side = key < node->key ? &node->left : &node->right;
		*side = delete(*side, key);
		return balance(node);
	}
	if (node->right == NULL) {
		next = node->left;
	} else {
		struct node *rest = take_least(node->right, &next);
		next->right = rest;
		next->left = node->left;
		next = balance(next);
	}
	free(node);
	return next;
}

/* Counts the nodes; -1 if order or balance are broken. */
static int check(const struct node *node, int low, int high)
{
	if (node == NULL)
		return 0;
	int left = check(node->left, low, node->key), right = check(node->right, node->key, high);
	int lean = height(node->left) - height(node->right);
	if (left < 0 || right < 0 || node->key <= low || node->key >= high || abs(lean) > 1)
		return -1;
	return left + right + 1;
}

static unsigned sum_in_order(const struct node *node, unsigned sum)
{
	if (node == NULL)
		return sum;
	sum = sum_in_order(node->left, sum);
	return sum_in_order(node->right, sum * 31 + (unsigned)node->key);
}

/* A trie over the digits of numbers. */
struct trie {
	struct trie *digits[10];
	int count;
};

static int trie_nodes;

static void trie_add(struct trie *trie, int number)
{
	for (trie->count++; number > 0; number /= 10) {
		struct trie **next = &trie->digits[number % 10];
		if (*next == NULL && trie_nodes++ >= 0)
			*next = calloc(1, sizeof **next);
		trie = *next;
		trie->count++;
	}
}

int main(void)
{
	struct node *tree = NULL;
	struct trie trie = { { NULL }, 0 };

	for (int i = 1; i <= 1000; i++)
		tree = insert(tree, i);
	printf("in order: %d nodes, height %d, %d rotations\n", check(tree, -1, 1 << 30),
	       height(tree), rotations);
	for (int i = 0; i < 1000; i++)
		tree = insert(tree, i * 7919 % 5003 + 2000);
	printf("more: %d nodes, height %d, sum %08x\n", check(tree, -1, 1 << 30), height(tree),
	       sum_in_order(tree, 0));
	for (int i = 0; i < 7000; i += 3)
		tree = delete(tree, i);
	printf("fewer: %d nodes, height %d, sum %08x\n", check(tree, -1, 1 << 30), height(tree),
	       sum_in_order(tree, 0));
	while (tree != NULL)
		tree = delete(tree, tree->key);
	for (int i = 1; i < 1000; i++)
		trie_add(&trie, i * i);
	printf("squares: %d nodes; ending in 5: %d, in 25: %d, in 7: %d\n", trie_nodes,
	       trie.digits[5]->count, trie.digits[5]->digits[2]->count, trie.digits[7] != NULL);
	return 0;
}
