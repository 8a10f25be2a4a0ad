#ifndef CLIENT_WATCHED_H
#define CLIENT_WATCHED_H

struct printer;

/*
 * A printer around two that are one machine: inner, which is asked and
 * commanded, and watch, by which an account looks for failures in its prints.
 * Failures, settings and alarms are watch's, and so are pictures as long as
 * inner has none.
 *
 * Takes both in any case.  Returns 0 and the printer (caller: printer_free),
 * or -ENOMEM.
 */
int watched_new(struct printer *inner, struct printer *watch,
    struct printer **out);

#endif
