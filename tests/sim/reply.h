#ifndef TESTS_SIM_REPLY_H
#define TESTS_SIM_REPLY_H

#include <stdarg.h>

struct text;

/* The servers by the words of their answers. */
enum reply_server {
	REPLY_BUDDY = 1,
	REPLY_PI = 2,
	REPLY_OBICO = 4
};

/* The phrase that a server has for a status. */
const char *reply_reason(enum reply_server, int status);

/* Begin a head with its status line, of HTTP/1.minor. */
void reply_line(struct text *head, enum reply_server, int minor, int status);

/*
 * Append an object with one member: how it begins, its value as printf makes
 * it, and its end.
 */
void reply_message(struct text *json, const char *beginning, const char *format,
    va_list) __attribute__((format(printf, 3, 0)));

#endif
