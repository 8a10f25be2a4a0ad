/*
 * The printer in memory.  Any thread; fake.lock guards the state and is not
 * held while a call waits or hands on bytes.
 */
#include <errno.h>

#include "client/base/buf.h"
#include "client/listing.h"
#include "client/traits.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

#define CHUNK 1000

static struct fake *
of(struct printer *printer)
{
	return (struct fake *)printer;
}

static bool
is_held(struct fake *fake, enum fake_call call)
{
	bool held;

	pthread_mutex_lock(&fake->lock);
	held = fake->holding[call];
	pthread_mutex_unlock(&fake->lock);
	return held;
}

/* A call is told that nobody wants it.  Returns whether it ends at once. */
static bool
is_refused(struct fake *fake)
{
	bool at_once;

	pthread_mutex_lock(&fake->lock);
	fake->refused = true;
	at_once = !fake->deaf;
	pthread_mutex_unlock(&fake->lock);
	return at_once;
}

/* Note the call, and the version that it will tell; wait as long as told. */
static int
enter(struct fake *fake, const struct wait *wait, enum fake_call call,
    int *version)
{
	int error = 0;

	pthread_mutex_lock(&fake->lock);
	fake->begun[call]++;
	*version = fake->version;
	pthread_mutex_unlock(&fake->lock);
	for (;;) {
		if (error == 0 && wait_given_up(wait))
			error = -EINTR;
		if (!is_held(fake, call) || (error != 0 && is_refused(fake)))
			break;
		check_nap();
	}
	pthread_mutex_lock(&fake->lock);
	if (error == 0)
		error = fake->error;
	pthread_mutex_unlock(&fake->lock);
	return error;
}

static int
leave(struct fake *fake, enum fake_call call, int error)
{
	pthread_mutex_lock(&fake->lock);
	fake->ended[call]++;
	pthread_mutex_unlock(&fake->lock);
	return error;
}

static int
fake_document(struct printer *printer, const struct wait *wait,
    enum topic topic, struct buf *out)
{
	int version, error = enter(of(printer), wait, FAKE_DOCUMENT, &version);

	if (error == 0)
		error = buf_printf(out, "{\"topic\":%d,\"version\":%d}",
		    (int)topic, version);
	return leave(of(printer), FAKE_DOCUMENT, error);
}

static int
fake_camera(struct printer *printer, const struct wait *wait, enum topic topic,
    const char *id, struct buf *out)
{
	(void)id;
	return fake_document(printer, wait, topic, out);
}

static int
fill_listing(struct listing *listing, int version, unsigned int files)
{
	char name[] = "a.gcode", short_name[] = "A.GCO";
	struct entry entry = { .mtime_s = version, .size = -1 };
	int error = 0;

	for (files |= 1; files != 0 && error == 0; files >>= 1) {
		entry.name = strdup(name);
		entry.short_name = strdup(short_name);
		if ((files & 1) != 0)
			error = listing_add(listing, &entry);
		else
			entry_free(&entry);
		name[0]++;
		short_name[0]++;
	}
	return error != 0 ? error : listing_finish(listing, true);
}

static int
fake_list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	int version, error = enter(of(printer), wait, FAKE_LIST, &version);
	struct listing *listing = NULL;
	unsigned int files;

	(void)folder;
	pthread_mutex_lock(&of(printer)->lock);
	files = of(printer)->files;
	pthread_mutex_unlock(&of(printer)->lock);
	if (error == 0)
		error = listing_new(&listing);
	if (error == 0)
		error = fill_listing(listing, version, files);
	if (error == 0)
		*out = listing;
	else
		listing_release(listing);
	return leave(of(printer), FAKE_LIST, error);
}

static int
fake_size(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, off_t *out)
{
	int version, error = enter(of(printer), wait, FAKE_SIZE, &version);

	(void)folder;
	(void)entry;
	if (error == 0)
		*out = 1000 + version;
	return leave(of(printer), FAKE_SIZE, error);
}

/* How many bytes may come now; waits until there are some. */
static off_t
await_allowed(struct fake *fake, const struct wait *wait, off_t offset)
{
	off_t allowed = 0;

	for (;;) {
		if (wait_given_up(wait))
			return -EINTR;
		pthread_mutex_lock(&fake->lock);
		allowed = fake->allowed;
		pthread_mutex_unlock(&fake->lock);
		if (allowed > offset)
			return allowed - offset;
		check_nap();
	}
}

static int
bring(struct fake *fake, const struct wait *wait, const struct sink *sink,
    off_t size)
{
	unsigned char bytes[CHUNK];
	off_t offset = 0, count;
	size_t i, len;
	int error = 0;

	while (offset < size && error == 0) {
		count = await_allowed(fake, wait, offset);
		if (count < 0)
			return (int)count;
		len = count < CHUNK ? (size_t)count : CHUNK;
		if ((off_t)len > size - offset)
			len = (size_t)(size - offset);
		for (i = 0; i < len; i++)
			bytes[i] = fake_byte(offset + (off_t)i);
		error = sink->write(sink->arg, bytes, len);
		offset += (off_t)len;
	}
	return error;
}

static int
fake_fetch(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, const struct sink *sink)
{
	struct fake *fake = of(printer);
	int version, error = enter(fake, wait, FAKE_FETCH, &version);
	off_t cut;

	(void)folder;
	pthread_mutex_lock(&fake->lock);
	cut = fake->cut;
	pthread_mutex_unlock(&fake->lock);
	if (error == 0)
		error = sink->begin(sink->arg, entry->size);
	if (error == 0)
		error = bring(fake, wait, sink, cut < 0 ? entry->size : cut);
	if (error == 0 && cut >= 0)
		error = -EIO;
	return leave(fake, FAKE_FETCH, error);
}

void
fake_change(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	fake->version++;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_add_file(struct fake *fake, char letter)
{
	pthread_mutex_lock(&fake->lock);
	fake->files |= 1u << (letter - 'a');
	pthread_mutex_unlock(&fake->lock);
}

static int
change(struct printer *printer, const struct wait *wait)
{
	int version, error = enter(of(printer), wait, FAKE_CHANGE, &version);

	fake_change(of(printer));
	return leave(of(printer), FAKE_CHANGE, error);
}

static int
fake_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	int error = change(printer, wait);

	if (error != 0)
		return error;
	memset(out, 0, sizeof(*out));
	out->name = strdup(store->name);
	out->short_name = strdup(store->name);
	out->mtime_s = 77;
	out->size = store->source.len;
	return 0;
}

static int
fake_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	(void)folder;
	(void)name;
	return change(printer, wait);
}

static int
fake_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	struct fake *fake = of(printer);
	unsigned int bit = 1u << (entry->name[0] - 'a');
	int error, version;

	(void)folder;
	if (entry->folder)
		return change(printer, wait);
	error = enter(fake, wait, FAKE_CHANGE, &version);
	pthread_mutex_lock(&fake->lock);
	if (error == 0)
		fake->files &= ~bit;
	pthread_mutex_unlock(&fake->lock);
	return leave(fake, FAKE_CHANGE, error);
}

static int
fake_change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	(void)text;
	(void)len;
	return change(printer, wait);
}

static int
fake_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	(void)verb;
	(void)path;
	return change(printer, wait);
}

static void
fake_free(struct printer *printer)
{
	of(printer)->freed = true;
}

void
fake_init(struct fake *fake)
{
	static const struct printer_ops ops = {
		.document = fake_document,
		.list = fake_list,
		.size = fake_size,
		.fetch = fake_fetch,
		.store = fake_store,
		.make_folder = fake_make_folder,
		.remove = fake_remove,
		.camera = fake_camera,
		.change_settings = fake_change_settings,
		.command = fake_command,
		.free = fake_free,
	};

	memset(fake, 0, sizeof(*fake));
	fake->printer.ops = &ops;
	fake->printer.traits = &traits_buddy;
	fake->allowed = 1 << 30;
	fake->cut = -1;
	pthread_mutex_init(&fake->lock, NULL);
}

void
fake_destroy(struct fake *fake)
{
	pthread_mutex_destroy(&fake->lock);
}

void
fake_hold(struct fake *fake, enum fake_call call)
{
	pthread_mutex_lock(&fake->lock);
	fake->holding[call] = true;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_let_go(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	memset(fake->holding, 0, sizeof(fake->holding));
	pthread_mutex_unlock(&fake->lock);
}

void
fake_set_deaf(struct fake *fake, bool deaf)
{
	pthread_mutex_lock(&fake->lock);
	fake->deaf = deaf;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_set_error(struct fake *fake, int error)
{
	pthread_mutex_lock(&fake->lock);
	fake->error = error;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_allow(struct fake *fake, off_t bytes)
{
	pthread_mutex_lock(&fake->lock);
	fake->allowed = bytes;
	pthread_mutex_unlock(&fake->lock);
}

void
fake_cut(struct fake *fake, off_t bytes)
{
	pthread_mutex_lock(&fake->lock);
	fake->cut = bytes;
	pthread_mutex_unlock(&fake->lock);
}

int
fake_begun(struct fake *fake, enum fake_call call)
{
	int count;

	pthread_mutex_lock(&fake->lock);
	count = fake->begun[call];
	pthread_mutex_unlock(&fake->lock);
	return count;
}

int
fake_ended(struct fake *fake, enum fake_call call)
{
	int count;

	pthread_mutex_lock(&fake->lock);
	count = fake->ended[call];
	pthread_mutex_unlock(&fake->lock);
	return count;
}

bool
fake_await_begun(struct fake *fake, enum fake_call call, int count)
{
	AWAIT(fake_begun(fake, call) >= count);
	return fake_begun(fake, call) >= count;
}

static bool
was_refused(struct fake *fake)
{
	bool refused;

	pthread_mutex_lock(&fake->lock);
	refused = fake->refused;
	pthread_mutex_unlock(&fake->lock);
	return refused;
}

bool
fake_await_refused(struct fake *fake)
{
	AWAIT(was_refused(fake));
	return was_refused(fake);
}

bool
fake_await_ended(struct fake *fake, enum fake_call call, int count)
{
	AWAIT(fake_ended(fake, call) >= count);
	return fake_ended(fake, call) >= count;
}

int
fake_version_of(const char *document)
{
	const char *at = strstr(document, "\"version\":");

	return at == NULL ? -1 :
			    (int)strtol(at + strlen("\"version\":"), NULL, 10);
}

unsigned char
fake_byte(off_t offset)
{
	return (unsigned char)(offset * 7 + offset / 251);
}

bool
fake_is_right(const void *bytes, size_t len, off_t offset)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i < len; i++) {
		if (at[i] != fake_byte(offset + (off_t)i))
			return false;
	}
	return true;
}

struct entry
fake_entry(char *name, off_t size)
{
	struct entry entry = {
		.name = name,
		.short_name = name,
		.print_file = true,
		.mtime_s = 1,
		.size = size,
	};

	return entry;
}
