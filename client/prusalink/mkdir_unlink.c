/*
 * What is changed on a printer besides uploads: folders made, files and
 * folders deleted.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/http/http.h"
#include "client/listing.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/shape.h"
#include "client/traits.h"

#define SEEN_MS	     2000
#define SEEN_TICK_MS 20
#define LET_GO_MS    2000
#define LET_GO_TICK  20 /* the first wait; then twice as long */

/*
 * The Pi's file tree follows its disk a moment later: wait until a change is
 * seen, so that it is true when the caller looks.
 */
static int
await_seen(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name, bool there)
{
	struct looks looks = time_looks(SEEN_MS, SEEN_TICK_MS, SEEN_TICK_MS);
	struct entry entry;
	int error = 0, found;

	while (prusalink->printer.traits->shows_late && error == 0) {
		found = prusalink_entry(prusalink, wait, folder, name, &entry);
		if (found == 0)
			entry_free(&entry);
		if ((found == 0) == there)
			break;
		error = time_look_again(&looks, wait);
	}
	return error == -ETIMEDOUT ? 0 : error;
}

static bool
is_folder(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const char *name)
{
	struct entry entry;
	bool is;

	if (prusalink_entry(prusalink, wait, folder, name, &entry) != 0)
		return false;
	is = entry.folder;
	entry_free(&entry);
	return is;
}

int
prusalink_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = prusalink_target(prusalink, "/api/v1/files/", folder, name,
	    &target);
	int seen = 0;

	if (error == 0)
		error = prusalink_ask(prusalink, wait, "PUT", target.data,
		    "Create-Folder: ?1", true, &reply);
	if (error == -EREMOTEIO)
		error = prusalink_check_medium(prusalink, wait, folder, error);
	if (error == 0 || printer_is_unclear(error))
		seen = await_seen(prusalink, wait, folder, name, true);
	if (seen != 0)
		error = seen;
	if (printer_is_unclear(error) &&
	    is_folder(prusalink, wait, folder, name))
		error = 0;
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

/* It is not there: it is gone unless the whole medium is. */
static int
check_gone(struct prusalink *prusalink, const struct wait *wait,
    const char *folder)
{
	const struct traits_storage *storage;
	struct shape_storage now;
	int error;

	storage = traits_storage(prusalink->printer.traits, folder);
	if (storage == NULL || !storage->removable)
		return 0;
	error = prusalink_storage(prusalink, wait, folder, &now);
	if (error == 0)
		return now.available ? 0 : -ENOMEDIUM;
	return error == -EINTR || error == -ENOMEM ? error : -EIO;
}

/*
 * A deletion without a clear answer: what is there now decides.  Buddy answers
 * 404 for a folder that is not empty, and for a file with the read-only
 * attribute of FAT.
 */
static int
settle_removal(struct prusalink *prusalink, const struct wait *wait,
    const char *folder, const struct entry *entry, int error)
{
	struct entry there;
	int found;

	if (error != -ENOENT && !printer_is_unclear(error))
		return error;
	if (printer_is_unclear(error)) {
		found = await_seen(prusalink, wait, folder, entry->short_name,
		    false);
		if (found != 0)
			return found;
	}
	found = prusalink_entry(prusalink, wait, folder, entry->short_name,
	    &there);
	if (found == -ENOENT)
		return check_gone(prusalink, wait, folder);
	if (found != 0)
		return error;
	entry_free(&there);
	if (error == -ENOENT)
		error = entry->folder ? -ENOTEMPTY : -EACCES;
	return error;
}

static bool
is_held(const struct http_reply *reply, int error)
{
	return error == -EBUSY && strcasestr(reply->message, "busy") != NULL;
}

void
prusalink_explain_busy(const struct http_reply *reply, int error,
    const char *folder, const char *name)
{
	if (is_held(reply, error))
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: the printer holds this file open, in a print or in "
		    "the preview on its screen; dismiss the preview there and "
		    "try again",
		    folder, name);
}

static bool
was_just_read(struct prusalink *prusalink)
{
	bool was;

	pthread_mutex_lock(&prusalink->lock);
	was = prusalink->read_ms != 0 &&
	    time_now_ms() < prusalink->read_ms + LET_GO_MS;
	pthread_mutex_unlock(&prusalink->lock);
	return was;
}

/*
 * DELETE.  Buddy closes a file that was read only after its last bytes were
 * acknowledged (nhttp/send_file.cpp), which may be later than we have them.
 */
static int
ask_removal(struct prusalink *prusalink, const struct wait *wait,
    const char *target, struct http_reply *reply)
{
	int64_t pause_ms = LET_GO_TICK;
	int error = prusalink_ask(prusalink, wait, "DELETE", target, NULL,
	    false, reply);

	while (is_held(reply, error) && was_just_read(prusalink)) {
		error = time_pause(wait, pause_ms);
		if (error != 0)
			break;
		pause_ms *= 2;
		http_reply_free(reply);
		error = prusalink_ask(prusalink, wait, "DELETE", target, NULL,
		    false, reply);
	}
	return error;
}

int
prusalink_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error;

	error = prusalink_target(prusalink, "/api/v1/files/", folder,
	    entry->short_name, &target);
	if (error == 0)
		error = ask_removal(prusalink, wait, target.data, &reply);
	error = settle_removal(prusalink, wait, folder, entry, error);
	prusalink_explain_busy(&reply, error, folder, entry->name);
	if (error == 0)
		error = await_seen(prusalink, wait, folder, entry->short_name,
		    false);
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}
