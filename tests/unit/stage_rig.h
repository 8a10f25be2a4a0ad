#ifndef TESTS_UNIT_STAGE_RIG_H
#define TESTS_UNIT_STAGE_RIG_H

/*
 * Staged files, made and looked at by tests of cache/stage.
 */
#include <errno.h>

#include "cache/spool.h"
#include "cache/stage.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

static const struct wait forever = { 0 };

struct rig {
	struct stage *stage;
	const char *dir;
};

static inline void
set_up(struct rig *rig, struct check *check)
{
	rig->dir = check_dir(check);
	if (stage_new(&rig->stage) != 0) {
		printf("Bail out! no stage\n");
		exit(1);
	}
}

static inline struct stage_place
place(const char *key, const char *path)
{
	struct stage_place it = { .key = key, .path = path, .wire = path };

	return it;
}

/* A new file of that key, whose path is the key too. */
static inline struct staged *
add(struct rig *rig, const char *key, bool temporary)
{
	struct stage_place it = place(key, key);
	struct staged *staged;
	struct spool *spool;

	if (spool_new(rig->dir, &spool) != 0 ||
	    stage_add(rig->stage, &it, temporary, spool, &staged) != 0) {
		printf("Bail out! no staged file\n");
		exit(1);
	}
	return staged;
}

static inline struct staged_facts
look(struct staged *staged)
{
	struct staged_facts facts;

	staged_look(staged, &facts);
	return facts;
}

static inline bool
is_listed(struct rig *rig, const char *key)
{
	struct staged *staged = stage_find(rig->stage, key);

	staged_release(staged);
	return staged != NULL;
}

static inline ssize_t
write_text(struct rig *rig, struct staged *staged, const char *text, off_t at)
{
	return staged_write(staged, rig->dir, text, strlen(text), at);
}

static inline bool
spool_says(struct spool *spool, const char *text)
{
	char bytes[64] = "";

	return spool_read(spool, &forever, bytes, sizeof(bytes), 0) ==
	    (ssize_t)strlen(text) &&
	    memcmp(bytes, text, strlen(text)) == 0;
}

static inline bool
says(struct staged *staged, const char *text)
{
	struct spool *spool = staged_spool(staged);
	bool right = spool_says(spool, text);

	spool_release(spool);
	return right;
}

#endif
