/* A driver outside the kernel: maps the UART's own frame and echoes through its registers. */

#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "space.h"

#define UART_PA 0x44e09000u

/* The registers of a 16550, a word apart. */
struct uart {
	volatile unsigned data;
	volatile unsigned unused[4];
	volatile unsigned lsr;
};

#define LSR_DATA_READY (1u << 0)
#define LSR_THR_EMPTY (1u << 5)

static void put(struct uart *uart, char c)
{
	while (!(uart->lsr & LSR_THR_EMPTY))
		;
	uart->data = c;
}

static void put_text(struct uart *uart, const char *text)
{
	while (*text)
		put(uart, *text++);
}

/* Map the frame that holds the registers: device memory, which the kernel makes never executable. */
static struct uart *find_uart(void)
{
	struct frame frame;
	unsigned va;
	int table;

	CHECK(frame_at(UART_PA, &frame));
	CHECK(frame.type == FRAME_IO && frame.pa == UART_PA && frame.len == PAGE_SIZE);
	table = CHECK_OK(frame_find_place(frame.len, &va));
	CHECK_OK(frame_map(table, frame.f_id, (void *)va, F_MAP_PAGE | F_MAP_READ | F_MAP_WRITE));
	return (struct uart *)va;
}

int main(void)
{
	struct uart *uart = find_uart();
	char c;

	put_text(uart, "type: ");
	while (uart->lsr & LSR_DATA_READY) {
		c = uart->data;
		if (c)
			put(uart, c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	put_text(uart, "that was all\n");
	return check_passed("uart");
}
