/*
 * A printer of PrusaLink that an Obico server watches.  No state of its own
 * that changes, any thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/printer.h"
#include "client/watched.h"

#define WATCH_MS 8000 /* for what the server tells: a scrape ends at ten */

struct watched {
	struct printer printer;
	struct printer *inner;
	struct printer *watch;
};

static struct watched *
of(struct printer *printer)
{
	return (struct watched *)printer;
}

/* Who is asked for a document? */
static struct printer *
teller(struct printer *printer, enum topic topic)
{
	const struct watched *watched = of(printer);

	if (topic == TOPIC_FAILURE || topic == TOPIC_SETTINGS ||
	    (topic == TOPIC_CAMERAS && !watched->inner->has_pictures))
		return watched->watch;
	return watched->inner;
}

/*
 * A server that hangs does not keep waiting who also asks for what the printer
 * itself tells.
 */
static int
document(struct printer *printer, const struct wait *wait, enum topic topic,
    struct buf *out)
{
	struct deadline deadline = { .wait = wait,
		.until_ms = time_now_ms() + WATCH_MS };
	const struct wait limited = { .given_up = time_is_over,
		.arg = &deadline };
	struct printer *asked = teller(printer, topic);
	int error;

	if (asked == of(printer)->inner)
		return printer_document(asked, wait, topic, out);
	error = printer_document(asked, &limited, topic, out);
	return error == -EINTR && !wait_given_up(wait) ? -ETIMEDOUT : error;
}

static int64_t
told_ms(struct printer *printer, enum topic topic)
{
	return printer_told_ms(teller(printer, topic), topic);
}

/* Pictures come from both. */
static bool
refuses(struct printer *printer, enum topic topic)
{
	return !topic_is_of_camera(topic) &&
	    printer_refuses(teller(printer, topic), topic);
}

static int
list(struct printer *printer, const struct wait *wait, const char *folder,
    struct listing **out)
{
	return printer_list(of(printer)->inner, wait, folder, out);
}

static int
look(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, struct entry *out)
{
	return printer_look(of(printer)->inner, wait, folder, entry, out);
}

static int
fetch(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, const struct sink *sink)
{
	return printer_fetch(of(printer)->inner, wait, folder, entry, sink);
}

static int
store(struct printer *printer, const struct wait *wait,
    const struct store *what, struct entry *out)
{
	return printer_store(of(printer)->inner, wait, what, out);
}

static int
make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	return printer_make_folder(of(printer)->inner, wait, folder, name);
}

static int
take_away(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry)
{
	return printer_remove(of(printer)->inner, wait, folder, entry);
}

static int
give_name(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, const char *new_folder, const char *new_name,
    bool replace, struct entry *out)
{
	return printer_rename(of(printer)->inner, wait, folder, entry,
	    new_folder, new_name, replace, out);
}

/*
 * The printer's own camera if it has one; its main picture may be Obico's.
 * When neither has one, the printer's own answer counts.
 */
static int
camera(struct printer *printer, const struct wait *wait, enum topic topic,
    const char *id, struct buf *out)
{
	const struct watched *watched = of(printer);
	struct buf own = { 0 };
	int error, other;

	if (!watched->inner->has_pictures)
		return printer_camera(watched->watch, wait, topic, id, out);
	error = printer_camera(watched->inner, wait, topic, id, &own);
	if (error == 0)
		error = buf_append(out, buf_text(&own), own.len);
	buf_free(&own);
	if (error == 0 || error == -EINTR || error == -ENOMEM || *id != '\0')
		return error;
	other = printer_camera(watched->watch, wait, topic, id, out);
	return other == 0 || other == -EINTR ? other : error;
}

static int
change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	return printer_change_settings(of(printer)->watch, wait, text, len);
}

static int
command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	const struct watched *watched = of(printer);

	if (verb == VERB_MUTE || verb == VERB_UNMUTE ||
	    verb == VERB_ACKNOWLEDGE)
		return printer_command(watched->watch, wait, verb, path);
	if (verb == VERB_REFRESH)
		(void)printer_command(watched->watch, wait, verb, path);
	return printer_command(watched->inner, wait, verb, path);
}

/* What the account asks, it asks for all of its printers. */
static void
count(struct printer *printer, struct counts *out)
{
	printer_count(of(printer)->inner, out);
}

static void
release(struct printer *printer)
{
	printer_free(of(printer)->inner);
	printer_free(of(printer)->watch);
	free(printer);
}

int
watched_new(struct printer *inner, struct printer *watch, struct printer **out)
{
	static const struct printer_ops ops = {
		.document = document,
		.list = list,
		.look = look,
		.fetch = fetch,
		.store = store,
		.make_folder = make_folder,
		.remove = take_away,
		.rename = give_name,
		.camera = camera,
		.change_settings = change_settings,
		.told_ms = told_ms,
		.refuses = refuses,
		.command = command,
		.count = count,
		.free = release,
	};
	struct watched *watched = calloc(1, sizeof(*watched));

	if (watched == NULL) {
		printer_free(inner);
		printer_free(watch);
		return -ENOMEM;
	}
	watched->printer.ops = &ops;
	watched->printer.traits = inner->traits;
	watched->printer.has_pictures = true;
	watched->printer.is_watched = true;
	watched->inner = inner;
	watched->watch = watch;
	*out = &watched->printer;
	return 0;
}
