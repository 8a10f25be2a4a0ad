#ifndef TESTS_UNIT_FAKE_H
#define TESTS_UNIT_FAKE_H

/*
 * A printer that lives in memory and does what a test says: answers, fails,
 * or lets those who call wait.
 */
#include <sys/types.h>

#include <pthread.h>
#include <stdbool.h>

#include "client/listing.h"
#include "client/printer.h"

enum fake_call {
	FAKE_DOCUMENT, /* and camera */
	FAKE_LIST,
	FAKE_SIZE,
	FAKE_FETCH,
	FAKE_CHANGE, /* store, make_folder, remove, settings and command */
	FAKE_CALLS
};

struct fake {
	struct printer printer; /* printer_free leaves all else alone */
	pthread_mutex_t lock;	/* guards all below */
	int begun[FAKE_CALLS];
	int ended[FAKE_CALLS];
	int version; /* of what it tells; every other change makes a new one */
	unsigned int files; /* what folders have besides: b.gcode is bit 1 */
	bool holding[FAKE_CALLS]; /* they wait before they answer */
	bool deaf;     /* a held call that is given up ends when let go */
	int error;     /* what calls return */
	off_t allowed; /* bytes that a fetch brings before it waits */
	off_t cut;     /* bytes after which a fetch ends; -1: all */
	bool refused;  /* a held call was told that nobody wants it */
	bool freed;
};

void fake_init(struct fake *);
void fake_destroy(struct fake *);

/* Such calls wait before they answer, until all are let go. */
void fake_hold(struct fake *, enum fake_call);
void fake_let_go(struct fake *);

void fake_set_deaf(struct fake *, bool deaf);
void fake_set_error(struct fake *, int error);
void fake_allow(struct fake *, off_t bytes);
void fake_cut(struct fake *, off_t bytes);

/* As if the printer had changed by itself. */
void fake_change(struct fake *);

/* Every folder has "b.gcode" too, or another letter, until it is removed. */
void fake_add_file(struct fake *, char letter);

/* Wait until a held call is told that nobody wants it. */
bool fake_await_refused(struct fake *);

/* How many calls have begun, and ended. */
int fake_begun(struct fake *, enum fake_call);
int fake_ended(struct fake *, enum fake_call);

/* Wait until so many have.  Returns whether it came so. */
bool fake_await_begun(struct fake *, enum fake_call, int count);
bool fake_await_ended(struct fake *, enum fake_call, int count);

/*
 * What it tells: documents are {"topic":N,"version":N}, a folder has a.gcode,
 * whose mtime_s is the version, and others of one letter that were added; sizes
 * are 1000 + version.
 */
int fake_version_of(const char *document);

/* The byte at an offset of any file. */
unsigned char fake_byte(off_t offset);
bool fake_is_right(const void *bytes, size_t len, off_t offset);

/* A listing entry of that name and size; strings are borrowed. */
struct entry fake_entry(char *name, off_t size);

#endif
