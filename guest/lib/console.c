/* Text to and from the console: a small printf and a line reader over the kernel's two calls. */

#include "console.h"

#include <stdbool.h>
#include <string.h>

#include "kernel.h"

int write_all(const char *text, size_t len)
{
	while (len > 0) {
		int written = console_write(text, len);
		if (written < 0)
			return written;
		text += written;
		len -= (size_t)written;
	}
	return 0;
}

/* Output on its way to the console, so that one printf is usually one call. */
struct output {
	char text[128];
	size_t used;
	int total;
};

static void flush(struct output *out)
{
	write_all(out->text, out->used);
	out->used = 0;
}

static void put(struct output *out, char c)
{
	if (out->used == sizeof out->text)
		flush(out);
	out->text[out->used++] = c;
	out->total++;
}

/* One conversion: what stands between % and its letter. */
struct conversion {
	bool left;
	char pad;
	int width;
	int longs;
};

static void put_padding(struct output *out, char pad, int count)
{
	while (count-- > 0)
		put(out, pad);
}

static void put_field(struct output *out, const struct conversion *c, const char *text, size_t len)
{
	int padding = c->width - (int)len;

	if (!c->left)
		put_padding(out, c->pad, padding);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	if (c->left)
		put_padding(out, ' ', padding);
}

static void put_number(struct output *out, struct conversion *c, unsigned long long value,
                       unsigned base, const char *digits, const char *sign)
{
	char text[24];
	size_t at = sizeof text;
	size_t sign_len = strlen(sign);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value > 0);
	/* A sign goes before padding zeros and after padding spaces. */
	if (c->pad == '0' && !c->left) {
		for (size_t i = 0; i < sign_len; i++)
			put(out, sign[i]);
		c->width -= (int)sign_len;
	} else {
		at -= sign_len;
		memcpy(text + at, sign, sign_len);
	}
	put_field(out, c, text + at, sizeof text - at);
}

static const char *read_conversion(const char *format, struct conversion *c, va_list *args)
{
	*c = (struct conversion){.pad = ' '};
	for (;; format++) {
		if (*format == '-')
			c->left = true;
		else if (*format == '0')
			c->pad = '0';
		else
			break;
	}
	if (*format == '*') {
		c->width = va_arg(*args, int);
		format++;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		c->width = c->width * 10 + *format - '0';
	for (; *format == 'l' || *format == 'z'; format++)
		c->longs += *format == 'l';
	return format;
}

static void put_signed(struct output *out, struct conversion *c, long long value)
{
	unsigned long long size = (unsigned long long)value;

	if (value < 0)
		put_number(out, c, 0 - size, 10, "0123456789", "-");
	else
		put_number(out, c, size, 10, "0123456789", "");
}

static void put_unsigned(struct output *out, struct conversion *c, char letter, va_list *args)
{
	unsigned long long value =
		c->longs > 1 ? va_arg(*args, unsigned long long) : va_arg(*args, unsigned long);

	if (letter == 'u')
		put_number(out, c, value, 10, "0123456789", "");
	else if (letter == 'o')
		put_number(out, c, value, 8, "01234567", "");
	else if (letter == 'X')
		put_number(out, c, value, 16, "0123456789ABCDEF", "");
	else
		put_number(out, c, value, 16, "0123456789abcdef", "");
}

static void put_conversion(struct output *out, struct conversion *c, char letter, va_list *args)
{
	char character;
	const char *text;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(out, c, c->longs > 1 ? va_arg(*args, long long) : va_arg(*args, long));
		break;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		put_unsigned(out, c, letter, args);
		break;
	case 'p':
		put_number(out, c, (size_t)va_arg(*args, void *), 16, "0123456789abcdef", "0x");
		break;
	case 'c':
		character = (char)va_arg(*args, int);
		put_field(out, c, &character, 1);
		break;
	case 's':
		text = va_arg(*args, const char *);
		text = text != NULL ? text : "(null)";
		put_field(out, c, text, strlen(text));
		break;
	default:
		put(out, letter);
	}
}

int vprintf(const char *format, va_list args)
{
	struct output out = {.used = 0};
	struct conversion conversion;
	va_list rest;

	va_copy(rest, args);
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			put(&out, *format);
			continue;
		}
		format = read_conversion(format + 1, &conversion, &rest);
		if (*format == '\0')
			break;
		put_conversion(&out, &conversion, *format, &rest);
	}
	va_end(rest);
	flush(&out);
	return out.total;
}

int printf(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int total = vprintf(format, args);
	va_end(args);
	return total;
}

int putchar(int c)
{
	char character = (char)c;

	return write_all(&character, 1) < 0 ? -1 : (unsigned char)c;
}

int puts(const char *line)
{
	return printf("%s\n", line);
}

/* The next character of input, or -1 at its end. */
static int next_character(void)
{
	static char text[128];
	static int used, filled;

	if (used == filled) {
		used = 0;
		filled = console_read(text, sizeof text);
		if (filled <= 0)
			return filled = 0, -1;
	}
	return (unsigned char)text[used++];
}

int read_line(char *line, size_t size)
{
	size_t len = 0;
	int c = next_character();

	if (c < 0)
		return -1;
	for (; c >= 0 && c != '\n'; c = next_character())
		if (len + 1 < size)
			line[len++] = (char)c;
	line[len] = '\0';
	return (int)len;
}
