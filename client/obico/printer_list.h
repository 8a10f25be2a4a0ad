#ifndef CLIENT_OBICO_PRINTER_LIST_H
#define CLIENT_OBICO_PRINTER_LIST_H

#include <stddef.h>

struct printer_list;

/*
 * Read what GET /api/v1/printers/ answers: a bare array, in no order (caller:
 * printer_list_release).  What is no printer is left out.  Returns 0, -EPROTO
 * or -ENOMEM.
 */
int printer_list_read(const char *text, size_t len, struct printer_list **out);

struct printer_list *printer_list_hold(struct printer_list *);

/*
 * Give a new list its serial number: that of the former one, which may be
 * NULL, if it has the same printers under the same names.
 */
void printer_list_number(struct printer_list *,
    const struct printer_list *former);

#endif
