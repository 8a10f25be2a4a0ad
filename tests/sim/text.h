#ifndef TESTS_SIM_TEXT_H
#define TESTS_SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* Text that grows.  All zero is empty; data ends with a NUL once it is set. */
struct text {
	char *data;
	size_t len;
	size_t size;
	bool failed; /* memory ran out: what followed was dropped */
};

/* Append len bytes. */
void text_add(struct text *, const void *data, size_t len);

/* Append a string. */
void text_puts(struct text *, const char *string);

/* Append as printf does. */
void text_printf(struct text *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Append a string as a JSON string with its quotes, or null for NULL. */
void text_json(struct text *, const char *string);

/* The text, never NULL.  Borrowed from the struct. */
const char *text_string(const struct text *);

/* Release the memory and make the text empty. */
void text_free(struct text *);

/* Is a plus a blank, or may a percent sign stand for itself? */
enum escapes {
	ESCAPES_PLUS,
	ESCAPES_LENIENT
};

/*
 * Decode %xx in len bytes.  Returns the length, -EINVAL for a bad escape or a
 * NUL, -ENAMETOOLONG when size is short.
 */
ssize_t text_unescape(char *out, size_t size, const char *from, size_t len,
    enum escapes);

/* Is the string valid UTF-8? */
bool text_is_utf8(const char *string);

/* Next character of valid UTF-8; moves the pointer on.  0 at the end. */
unsigned text_character(const char **string);

/* Write the 32 hexadecimal digits of an MD5, parts joined by colons. */
void text_md5(char out[33], const char *const *parts, size_t count);

/* Write a time as HTTP wants it: "Sun, 06 Nov 1994 08:49:37 GMT". */
void text_date(char out[32], time_t when);

/* Does the string end with the tail, letter case aside? */
bool text_ends_with(const char *string, const char *tail);

#endif
