/*
 * der_text: DER as a person writes it, for tables of cases. Hexadecimal octets; `tag{ … }` is an element whose length is
 * worked out; `*N` are N octets of 0xAA; blanks are free:   30{ 02{05} 04{*20} }
 */
#ifndef DER_TEXT_H
#define DER_TEXT_H

#include "bytes.h"

#include <stdlib.h>
#include <string.h>

/* Appends to `out` up to the closing brace or the end; returns what follows. A broken text ends the test program. */
static inline const char *der_text_append(const char *text, struct buffer *out)
{
	while (*text != '\0' && *text != '}') {
		if (*text == ' ') {
			text++;
		} else if (*text == '*') {
			char *end = NULL;
			for (unsigned long n = strtoul(text + 1, &end, 10); n > 0; n--)
				bytes_append(out, SLICE("\xAA"));
			text = end;
		} else if (*text == '{') {
			uint8_t inside[32768];
			struct buffer content = bytes_buffer(inside, sizeof inside);
			text = der_text_append(text + 1, &content);
			if (content.failed || *text++ != '}')
				abort();
			uint8_t length[4] = {0x82, (uint8_t)(content.len >> 8), (uint8_t)content.len, 0};
			if (content.len < 0x80)
				bytes_append(out, (struct slice){length + 2, 1});
			else if (content.len < 0x100)
				bytes_append(out, (struct slice){(const uint8_t[]){0x81, length[2]}, 2});
			else
				bytes_append(out, (struct slice){length, 3});
			bytes_append(out, bytes_written(&content));
		} else {
			char digits[3] = {text[0], text[1], '\0'};
			char *end = NULL;
			uint8_t octet = (uint8_t)strtoul(digits, &end, 16);
			if (end != digits + 2)
				abort();
			bytes_append(out, (struct slice){&octet, 1});
			text += 2;
		}
	}
	return text;
}

static inline struct slice der_text(const char *text, uint8_t *storage, size_t size)
{
	struct buffer out = bytes_buffer(storage, size);
	if (*der_text_append(text, &out) != '\0' || out.failed)
		abort();
	return bytes_written(&out);
}

#endif
