/*
 * What a printer has, compared with what is here.  No state of its own.
 */
#include <errno.h>
#include <string.h>

#include "cache/comparison.h"
#include "cache/spool.h"

static int
differ(struct comparison *comparison)
{
	comparison->differs = true;
	return -EIO;
}

static int
compare_begin(void *arg, off_t len)
{
	struct comparison *comparison = arg;

	return len >= 0 && len != comparison->ours.len ? differ(comparison) : 0;
}

static int
compare_piece(void *arg, const void *data, size_t len)
{
	struct comparison *comparison = arg;
	const struct source *ours = &comparison->ours;
	char piece[4096];
	size_t done = 0;

	while (done < len) {
		size_t want = len - done;
		ssize_t got;

		want = want < sizeof(piece) ? want : sizeof(piece);
		got = ours->read(ours->arg, piece, want, comparison->offset);
		if (got < 0)
			return (int)got;
		if (got == 0 ||
		    memcmp(piece, (const char *)data + done, (size_t)got) != 0)
			return differ(comparison);
		done += (size_t)got;
		comparison->offset += got;
	}
	return 0;
}

struct sink
comparison_sink(struct comparison *comparison, struct spool *spool)
{
	const struct sink sink = { .begin = compare_begin,
		.write = compare_piece,
		.arg = comparison };

	comparison->ours = spool_source(spool);
	comparison->offset = 0;
	comparison->differs = false;
	return sink;
}
