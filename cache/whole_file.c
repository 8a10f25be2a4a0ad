/*
 * Whole files of a printer, brought here or compared with what is here.  No
 * state of its own, any thread.
 */
#include <errno.h>
#include <string.h>

#include "cache/content.h"
#include "cache/spool.h"
#include "cache/whole_file.h"
#include "client/base/log.h"
#include "client/base/stream.h"
#include "client/listing.h"
#include "client/printer.h"

static int
bring(struct content *content, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t size, struct spool **out, bool *other)
{
	struct content_file *file;
	ssize_t count;
	char last;
	int error = content_open(content, folder, entry, size, &file);

	if (error != 0)
		return error;
	count = size == 0 ? 0 : content_read(file, wait, &last, 1, size - 1);
	*other = count == -EIO && content_is_other(file);
	if (count < 0)
		error = (int)count;
	else
		*out = content_bytes(file);
	content_close(file);
	return error;
}

int
whole_file_bring(struct printer *printer, struct content *content,
    const struct wait *wait, const char *folder, const struct entry *entry,
    off_t size, struct spool **out)
{
	struct entry told;
	bool other = false;
	int error = bring(content, wait, folder, entry, size, out, &other);

	if (!other || printer_look(printer, wait, folder, entry, &told) != 0)
		return error;
	if (told.size != size)
		error = bring(content, wait, folder, &told, told.size, out,
		    &other);
	entry_free(&told);
	return error;
}

/* Each piece that comes is compared with ours. */
struct comparison {
	struct source ours;
	off_t offset;
	bool differs;
};

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

int
whole_file_compare(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry, struct spool *spool)
{
	struct comparison comparison = { .ours = spool_source(spool) };
	const struct sink sink = { .begin = compare_begin,
		.write = compare_piece,
		.arg = &comparison };
	int error = printer_fetch(printer, wait, folder, entry, &sink);

	return error != 0 && comparison.differs ? -ESTALE : error;
}

bool
whole_file_begins(const struct source *source, struct spool *spool)
{
	struct comparison comparison = { .ours = spool_source(spool) };
	off_t left;
	char piece[16384];
	ssize_t got;

	while ((left = comparison.ours.len - comparison.offset) > 0) {
		got = source->read(source->arg, piece,
		    left < (off_t)sizeof(piece) ? (size_t)left : sizeof(piece),
		    comparison.offset);
		if (got <= 0 ||
		    compare_piece(&comparison, piece, (size_t)got) != 0)
			return false;
	}
	return true;
}

int
whole_file_check_read(struct printer *printer, struct content *content,
    const struct wait *wait, const char *folder, const struct entry *entry,
    pid_t reader)
{
	bool proved = false;
	int64_t version = 0;
	struct spool *spool = content_was_read(content, folder, entry->name,
	    reader, &version, &proved);
	int error;

	if (spool == NULL)
		return 0;
	error = proved ?
	    printer_check_version(printer, wait, folder, entry, version,
		spool_size(spool)) :
	    whole_file_compare(printer, wait, folder, entry, spool);
	spool_release(spool);
	if (error != -ESTALE)
		return error;
	content_drop(content, folder, entry->name);
	log_say(LOG_LEVEL_NOTE,
	    "%s/%s is not deleted: it is another one by now than was read",
	    folder, entry->name);
	return -EBUSY;
}
