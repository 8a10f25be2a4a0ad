/*
 * A printer that an account watches.  No state of its own
 * that changes, any thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "client/base/buf.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/printer.h"
#include "client/watched.h"

#define WATCH_MS 8000 /* for what the server tells: a scrape ends at ten */

struct watched {
	struct printer printer; /* files and counts are its inner's */
	struct printer *watch;
};

static struct printer *
watch_of(struct printer *printer)
{
	return ((struct watched *)printer)->watch;
}

/* The one of the two that is asked for a document. */
static struct printer *
teller(struct printer *printer, enum topic topic)
{
	if (topic == TOPIC_FAILURE || topic == TOPIC_SETTINGS ||
	    (topic == TOPIC_CAMERAS && !printer->inner->has_pictures))
		return watch_of(printer);
	return printer->inner;
}

/*
 * A server that hangs keeps nobody waiting who also asks for what the printer
 * itself tells.
 */
static int
document(struct printer *printer, const struct wait *wait, enum topic topic,
    struct buf *out)
{
	struct deadline deadline;
	const struct wait limited = time_limit(&deadline, wait, WATCH_MS);
	struct printer *asked = teller(printer, topic);
	int error;

	if (asked == printer->inner)
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

/*
 * The printer's own camera if it has one; its main picture may be Obico's.
 * When neither has one, the printer's own answer counts.
 */
static int
camera(struct printer *printer, const struct wait *wait, enum topic topic,
    const char *id, struct buf *out)
{
	struct buf own = { 0 };
	int error, other;

	if (!printer->inner->has_pictures)
		return printer_camera(watch_of(printer), wait, topic, id, out);
	error = printer_camera(printer->inner, wait, topic, id, &own);
	if (error == 0)
		error = buf_append(out, buf_text(&own), own.len);
	buf_free(&own);
	if (error == 0 || error == -EINTR || error == -ENOMEM || *id != '\0')
		return error;
	other = printer_camera(watch_of(printer), wait, topic, id, out);
	return other == 0 || other == -EINTR ? other : error;
}

static int
change_settings(struct printer *printer, const struct wait *wait,
    const char *text, size_t len)
{
	return printer_change_settings(watch_of(printer), wait, text, len);
}

/* A verb that does not stand here is not supported. */
static int
command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	static const enum {
		NOBODY,
		ITSELF,
		WATCH,
		BOTH
	} told[VERB_COUNT] = {
		[VERB_PRINT] = ITSELF,
		[VERB_START] = ITSELF,
		[VERB_PAUSE] = ITSELF,
		[VERB_RESUME] = ITSELF,
		[VERB_STOP] = ITSELF,
		[VERB_REFRESH] = BOTH,
		[VERB_STOP_TRANSFER] = ITSELF,
		[VERB_READY] = ITSELF,
		[VERB_UNREADY] = ITSELF,
		[VERB_REBOOT] = ITSELF,
		[VERB_RESTART] = ITSELF,
		[VERB_SNAP] = ITSELF,
		[VERB_MUTE] = WATCH,
		[VERB_UNMUTE] = WATCH,
		[VERB_ACKNOWLEDGE] = WATCH,
		[VERB_ARCHIVE] = ITSELF,
		[VERB_UNARCHIVE] = ITSELF,
	};
	struct printer *watch = watch_of(printer);

	if (told[verb] == NOBODY)
		return -EOPNOTSUPP;
	if (told[verb] == WATCH)
		return printer_command(watch, wait, verb, path);
	if (told[verb] == BOTH)
		(void)printer_command(watch, wait, verb, path);
	return printer_command(printer->inner, wait, verb, path);
}

static void
release(struct printer *printer)
{
	printer_free(printer->inner);
	printer_free(watch_of(printer));
	free(printer);
}

int
watched_new(struct printer *inner, struct printer *watch, struct printer **out)
{
	static const struct printer_ops ops = {
		.document = document,
		.camera = camera,
		.change_settings = change_settings,
		.told_ms = told_ms,
		.refuses = refuses,
		.command = command,
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
	watched->printer.inner = inner;
	watched->watch = watch;
	*out = &watched->printer;
	return 0;
}
