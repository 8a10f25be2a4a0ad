#ifndef TESTS_UNIT_CONTENT_RIG_H
#define TESTS_UNIT_CONTENT_RIG_H

/*
 * Contents of a printer in memory, for tests of cache/content.
 */
#include <sys/statvfs.h>

#include <errno.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "client/base/workers.h"
#include "client/listing.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

#define SIZE  10000
#define LIMIT 25000

static const struct wait forever = { 0 };

struct rig {
	struct fake fake;
	struct workers *workers;
	struct content *content;
	char name[16];
	struct entry entry;
};

static inline void
set_up(struct rig *rig, struct check *check)
{
	fake_init(&rig->fake);
	if (workers_new(&rig->workers) != 0 ||
	    content_new(check_dir(check), LIMIT, &rig->fake.printer, NULL,
		rig->workers, &rig->content) != 0) {
		printf("Bail out! no content\n");
		exit(1);
	}
	strlcpy(rig->name, "a.gcode", sizeof(rig->name));
	rig->entry = fake_entry(rig->name, SIZE);
}

static inline void
tear_down(struct rig *rig)
{
	content_stop(rig->content);
	workers_free(rig->workers);
	content_free(rig->content);
	fake_destroy(&rig->fake);
}

static inline struct content_file *
open_file(struct rig *rig)
{
	struct content_file *file;

	if (content_open(rig->content, "usb", &rig->entry, rig->entry.size,
		&file) != 0) {
		printf("Bail out! content_open failed\n");
		exit(1);
	}
	return file;
}

/* Are these bytes of the file as they should be? */
static inline bool
reads(struct content_file *file, size_t len, off_t offset)
{
	char bytes[SIZE];

	return content_read(file, &forever, bytes, len, offset) ==
	    (ssize_t)len &&
	    fake_is_right(bytes, len, offset);
}

static inline int
fetches(struct rig *rig)
{
	return fake_begun(&rig->fake, FAKE_FETCH);
}

/* Are all bytes here, without asking? */
static inline bool
has(struct rig *rig)
{
	struct spool *spool = content_have(rig->content, "usb", &rig->entry,
	    rig->entry.size);

	spool_release(spool);
	return spool != NULL;
}

/* Contents are kept only while a tenth of the disk is free. */
static inline bool
disk_is_full(struct check *check)
{
	struct statvfs disk;

	return statvfs(check_dir(check), &disk) != 0 ||
	    disk.f_bavail < disk.f_blocks / 10;
}

#endif
