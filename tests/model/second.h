#ifndef TESTS_MODEL_SECOND_H
#define TESTS_MODEL_SECOND_H

#include "tests/model/model.h"

/*
 * A random test with a second client: it changes files through the printer's
 * own interface while a mount shows them.  The disk has one truth, known after
 * each step.  What the mount's user may be shown is what was true within the
 * last STALE_S seconds; what the user does, happens to what is there:
 *
 *   - bytes that are read are those of one version, whole;
 *   - what is appended, patched or moved is the file that is there, whatever
 *     was remembered of it; or the call fails and nothing has changed, which
 *     it may do while the change is no older than STALE_S;
 *   - mv out of the mount never deletes bytes that it has not brought;
 *   - a file that exists is not made exclusively, unless it came within
 *     EXCLUSIVE_S;
 *   - after "refresh" nothing old is shown.
 */

enum {
	PLACES = 10,   /* paths to work with, the folder too */
	VERSIONS = 48, /* of a path, within STALE_S */
	SMALL = 24000
};

#define STALE_S	    5.0
#define EXCLUSIVE_S 1.0
#define SLOW_S	    0.3 /* between a clock that is read and a call */

/* What a path was from one moment to another. */
struct version {
	double since;
	double till; /* HUGE_VAL: it still is */
	bool there;
	size_t size;
	unsigned char *bytes; /* NULL: a folder, or nothing */
};

struct place {
	const char *path;
	const char *folder; /* that it is in, or NULL */
	bool is_folder;
	struct version versions[VERSIONS]; /* the last one is current */
	size_t count;
};

struct second {
	struct model *model;
	struct place places[PLACES];
	double began; /* this step did, by CLOCK_MONOTONIC */
	void *curl;
};

/* tests/model/second.c: the truth, and what may be shown of it */
double second_now(void);
void second_open(struct second *, struct model *);
void second_close(struct second *);
struct version *second_current(struct place *);
struct place *second_folder(struct second *, const struct place *);
void second_set(struct second *, struct place *, bool there,
    const unsigned char *bytes, size_t size);
void second_forget(struct second *, struct place *);
bool second_could_be(struct second *, struct place *, bool there, double age);
bool second_could_have(struct second *, struct place *,
    const unsigned char *bytes, size_t size);
bool second_could_measure(struct second *, struct place *, size_t size);
bool second_has_changed(struct second *, struct place *);
void second_compare_disk(struct second *);

/* tests/model/client.c: the second client.  What fails ends the test. */
void client_open(struct second *);
void client_close(struct second *);
void client_put(struct second *, const struct place *,
    const unsigned char *bytes, size_t size);
void client_delete(struct second *, const struct place *);
void client_mkdir(struct second *, const struct place *);

/* tests/model/second_steps.c */
void second_run(struct model *);

#endif
