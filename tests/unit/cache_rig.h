#ifndef TESTS_UNIT_CACHE_RIG_H
#define TESTS_UNIT_CACHE_RIG_H

/*
 * A cache around a printer in memory, for tests of cache/cache.
 */
#include <errno.h>

#include "cache/cache.h"
#include "cache/file_facts.h"
#include "client/base/buf.h"
#include "client/listing.h"
#include "client/traits.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

#define HOUR_MS 3600000

static const struct wait forever = { 0 };

struct rig {
	struct fake fake;
	struct file_facts *facts;
	struct printer *cache;
};

static inline void
set_up_with(struct rig *rig, struct check *check, int64_t ttl_ms,
    const struct traits *traits)
{
	char name[32];

	snprintf(name, sizeof(name), "book%d", check->count);
	fake_init(&rig->fake);
	rig->fake.printer.traits = traits;
	if (file_facts_open(check_dir(check), name, &rig->facts) != 0 ||
	    cache_new(&rig->fake.printer, rig->facts, ttl_ms, &rig->cache) !=
		0) {
		printf("Bail out! no cache\n");
		exit(1);
	}
}

static inline void
set_up(struct rig *rig, struct check *check, int64_t ttl_ms)
{
	set_up_with(rig, check, ttl_ms, &traits_buddy);
}

static inline void
tear_down(struct rig *rig)
{
	printer_free(rig->cache);
	file_facts_close(rig->facts);
	fake_destroy(&rig->fake);
}

/* The version that a document tells, or a negative errno. */
static inline int
document(struct rig *rig, enum topic topic)
{
	struct buf text = { 0 };
	int error = printer_document(rig->cache, &forever, topic, &text);

	if (error == 0)
		error = fake_version_of(buf_text(&text));
	buf_free(&text);
	return error;
}

/* The version that a folder tells, or a negative errno. */
static inline int
folder(struct rig *rig, const char *path)
{
	struct listing *listing;
	int error = printer_list(rig->cache, &forever, path, &listing);

	if (error != 0)
		return error;
	error = (int)listing_at(listing, 0)->mtime_s;
	listing_release(listing);
	return error;
}

static inline int
asked(struct rig *rig)
{
	return fake_begun(&rig->fake, FAKE_DOCUMENT) +
	    fake_begun(&rig->fake, FAKE_LIST);
}

#endif
