/*
 * What is changed in the cloud folder of an Obico account besides uploads:
 * folders made, files and folders removed and renamed.  The server compares
 * names of folders in a form of its own and fails when two are the same, it
 * deletes folders with all that is in them, and lets one be moved into itself:
 * so it is looked at first.  An answer that was lost is looked for.  No state
 * of its own, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/listing.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"

#define DEPTH_MAX 256 /* folders in one another */

static struct obico *
obico_of(struct printer *printer)
{
	return ((struct obico_printer *)printer)->obico;
}

/* Which kind is that on the wire, and which one of it? */
static int
identify(const struct entry *entry, int64_t *id)
{
	return library_id(entry->short_name, entry->folder, id);
}

/* Append {"filename":…,"parent_folder":…}, or the like for a folder. */
static int
write_place(bool is_folder, const char *name, int64_t parent, struct buf *out)
{
	int error = buf_printf(out,
	    "{\"%s\":", is_folder ? "name" : "filename");

	if (error == 0)
		error = json_quote(out, name);
	if (error == 0)
		error = parent == LIBRARY_NO_ID ?
		    buf_printf(out, ",\"parent_folder\":null}") :
		    buf_printf(out, ",\"parent_folder\":%" PRId64 "}", parent);
	return error;
}

/*
 * The name of the folder in there, but for one, that the server takes for that
 * name (caller: free); NULL: none.
 */
static int
find_clash(struct obico *obico, const struct wait *wait, int64_t parent,
    const char *name, int64_t except, char **out)
{
	struct records folders = { 0 };
	char *safe_name = library_safe_name(name);
	int error = library_list(obico, wait, true, parent, &folders);
	size_t i;

	*out = NULL;
	if (safe_name == NULL)
		error = -ENOMEM;
	for (i = 0; i < folders.count && error == 0 && *out == NULL; i++) {
		struct record *folder = &folders.all[i];

		if (folder->id == except ||
		    (strcmp(folder->name, name) != 0 &&
			strcmp(folder->safe_name, safe_name) != 0))
			continue;
		*out = folder->name;
		folder->name = NULL;
	}
	records_free(&folders);
	free(safe_name);
	return error;
}

/* May a folder of that name be there?  Returns 0, -EEXIST and such. */
static int
check_folder_name(struct obico *obico, const struct wait *wait, int64_t parent,
    const char *name, int64_t except)
{
	char *clash;
	int error = find_clash(obico, wait, parent, name, except, &clash);

	if (error != 0 || clash == NULL)
		return error;
	if (strcmp(clash, name) != 0)
		log_say(LOG_LEVEL_NOTE,
		    "%s: Obico takes it for the same name as that of "
		    "the folder %s",
		    name, clash);
	free(clash);
	return -EEXIST;
}

/* Is there a folder of just that name?  No other one has its safe name. */
static bool
is_made(struct obico *obico, const struct wait *wait, int64_t parent,
    const char *name)
{
	char *clash;
	bool is = find_clash(obico, wait, parent, name, LIBRARY_NO_ID,
		      &clash) == 0 &&
	    clash != NULL && strcmp(clash, name) == 0;

	free(clash);
	return is;
}

/* What has just that name in the folder (caller: entry_free), or -ENOENT. */
static int
find_exact(struct printer *printer, const struct wait *wait, const char *folder,
    const char *name, struct entry *out)
{
	struct listing *listing;
	const struct entry *entry;
	int error = printer->ops->list(printer, wait, folder, &listing);

	if (error != 0)
		return error;
	entry = listing_find(listing, name);
	if (entry == NULL || strcmp(entry->name, name) != 0)
		error = -ENOENT;
	else
		error = entry_copy(out, entry);
	listing_release(listing);
	return error;
}

/* Is there something of that name in the folder?  Returns 0 or -EEXIST. */
static int
check_free(struct printer *printer, const struct wait *wait, const char *folder,
    const char *name)
{
	struct entry there;
	int error = find_exact(printer, wait, folder, name, &there);

	if (error != 0)
		return error == -ENOENT ? 0 : error;
	entry_free(&there);
	return -EEXIST;
}

/* A request about a record (caller: http_reply_free, in any case). */
static int
ask(struct obico *obico, const struct wait *wait, const char *method,
    bool is_folder, int64_t id, const char *text, struct http_reply *reply)
{
	return obico_ask(obico, wait, method, text, reply, "%s%" PRId64 "/",
	    library_api(is_folder), id);
}

/* Another success is none of this server: something in between answered. */
static int
expect(int status, const struct http_reply *reply, int error)
{
	return error == 0 && reply->status != status ? -EPROTO : error;
}

int
obico_make_folder(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name)
{
	struct obico *obico = obico_of(printer);
	struct http_reply reply = { 0 };
	struct buf text = { 0 };
	int64_t parent;
	int error = library_folder_id(folder, &parent);

	if (error == 0)
		error = check_free(printer, wait, folder, name);
	if (error == 0)
		error = check_folder_name(obico, wait, parent, name,
		    LIBRARY_NO_ID);
	if (error == 0)
		error = write_place(true, name, parent, &text);
	if (error != 0)
		goto out;
	error = obico_ask(obico, wait, "POST", text.data, &reply, "%s",
	    library_api(true));
	error = expect(201, &reply, error);
	/* It fails for a clash that we did not see, too. */
	if (printer_may_be_changed(error) && is_made(obico, wait, parent, name))
		error = 0;
out:
	http_reply_free(&reply);
	buf_free(&text);
	return error;
}

/* Marks it deleted; the server's own way fails for what has no bytes. */
static int
delete_without_bytes(struct obico *obico, const struct wait *wait, int64_t id)
{
	struct http_reply reply = { 0 };
	struct buf text = { 0 };
	int error = buf_printf(&text, "{\"file_ids\":[%" PRId64 "]}", id);

	if (error == 0)
		error = obico_ask(obico, wait, "POST", text.data, &reply,
		    "%sbulk_delete/", library_api(false));
	error = expect(204, &reply, error);
	http_reply_free(&reply);
	buf_free(&text);
	return error;
}

/* The error of a deletion, unless what is there now is clearer. */
static int
settle_deletion(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t id, int error)
{
	struct record record;
	int found;

	if (!printer_may_be_changed(error))
		return error;
	found = library_get(obico, wait, is_folder, id, &record);
	if (found != 0)
		return found == -ENOENT ? 0 : error;
	record_free(&record);
	/* The server fails over bytes that it has not, or has lost. */
	if (is_folder || error != -EREMOTEIO)
		return error;
	return delete_without_bytes(obico, wait, id);
}

int
library_delete(struct obico *obico, const struct wait *wait, bool is_folder,
    int64_t id)
{
	struct http_reply reply;
	int error = ask(obico, wait, "DELETE", is_folder, id, NULL, &reply);

	error = expect(204, &reply, error);
	http_reply_free(&reply);
	return settle_deletion(obico, wait, is_folder, id, error);
}

int
obico_remove(struct printer *printer, const struct wait *wait,
    const char *folder, const struct entry *entry)
{
	struct obico *obico = obico_of(printer);
	struct record record;
	int64_t id;
	int error = identify(entry, &id);

	(void)folder;
	if (error == 0 && entry->folder) {
		error = library_get(obico, wait, true, id, &record);
		if (error == 0 && record.inside > 0)
			error = -ENOTEMPTY;
		if (error == 0 || error == -ENOTEMPTY)
			record_free(&record);
	}
	return error != 0 ? error :
			    library_delete(obico, wait, entry->folder, id);
}

/* Is the folder id the folder at or above the folder from? */
static int
check_not_above(struct obico *obico, const struct wait *wait, int64_t id,
    int64_t from)
{
	struct record record;
	int error = 0, depth;

	for (depth = 0; from != LIBRARY_NO_ID && depth < DEPTH_MAX; depth++) {
		if (from == id)
			return -EINVAL;
		error = library_get(obico, wait, true, from, &record);
		if (error != 0)
			return error;
		from = record.parent;
		record_free(&record);
	}
	return from == LIBRARY_NO_ID ? 0 : -ELOOP;
}

/* What is to be moved, as it was, and where to. */
struct move {
	struct obico *obico;
	const struct wait *wait;
	struct record record;
	int64_t parent;
	const char *name;
};

/* What may a folder not be called, and where may it not go? */
static int
check_folder_move(const struct move *move)
{
	const struct record *record = &move->record;
	int error = check_folder_name(move->obico, move->wait, move->parent,
	    move->name, record->id);

	if (error == 0 && move->parent != record->parent)
		error = check_not_above(move->obico, move->wait, record->id,
		    move->parent);
	return error;
}

static bool
is_moved(const struct move *move, const struct record *record)
{
	return record->parent == move->parent &&
	    strcmp(record->name, move->name) == 0;
}

/* Send it, and read what has become of it from the answer, if there is one. */
static int
send_move(struct move *move, struct record *now)
{
	const struct record *record = &move->record;
	struct http_reply reply = { 0 };
	struct buf text = { 0 };
	int error = write_place(record->is_folder, move->name, move->parent,
	    &text);

	if (error == 0)
		error = ask(move->obico, move->wait, "PATCH", record->is_folder,
		    record->id, text.data, &reply);
	if (error == 0)
		error = library_read(buf_text(&reply.body), reply.body.len,
		    record->is_folder, now);
	http_reply_free(&reply);
	buf_free(&text);
	/* With a clash that was made meanwhile: "Already existed." */
	return error == -EINVAL && record->is_folder ? -EEXIST : error;
}

/* Where the answer is no clear one, what is there decides. */
static int
carry_out(struct move *move)
{
	struct record now;
	int error = send_move(move, &now), found = error;

	/* Without memory for the answer it may have been done as well. */
	if (printer_may_be_changed(error) || error == -ENOMEM)
		found = library_get(move->obico, move->wait,
		    move->record.is_folder, move->record.id, &now);
	if (found != 0)
		return error;
	if (is_moved(move, &now))
		error = 0;
	else if (error == 0)
		error = -EIO;
	record_free(&move->record);
	move->record = now;
	return error;
}

/* What gives way, or -ENOENT: there is none, or it is what is to be moved. */
static int
find_replaced(struct printer *printer, const struct wait *wait,
    const char *folder, const char *name, const struct entry *moved,
    struct entry *out)
{
	int error = find_exact(printer, wait, folder, name, out);

	if (error == 0 && strcmp(out->short_name, moved->short_name) == 0)
		error = -ENOENT;
	else if (error != 0 || out->folder == moved->folder)
		return error;
	else
		error = moved->folder ? -ENOTDIR : -EISDIR;
	entry_free(out);
	return error;
}

/* First the new name, then what it replaces: nothing is lost in between. */
static int
move_over(struct printer *printer, struct move *move, const char *folder,
    const struct entry *replaced)
{
	int error = 0;

	if (replaced != NULL && replaced->folder)
		error = obico_remove(printer, move->wait, folder, replaced);
	if (error == 0 && move->record.is_folder)
		error = check_folder_move(move);
	if (error == 0)
		error = carry_out(move);
	if (error != 0 || replaced == NULL || replaced->folder)
		return error;
	if (obico_remove(printer, move->wait, folder, replaced) != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s: the file that it replaces could not be deleted",
		    folder, replaced->name);
	return 0;
}

int
obico_move(struct printer *printer, const struct wait *wait, const char *folder,
    const struct entry *entry, const char *new_folder, const char *new_name,
    bool replace, struct entry *out)
{
	struct move move = {
		.obico = obico_of(printer), .wait = wait, .name = new_name
	};
	struct entry replaced = { 0 };
	int64_t id;
	int found, error = identify(entry, &id);

	(void)folder;
	if (error == 0)
		error = library_folder_id(new_folder, &move.parent);
	if (error != 0)
		return error;
	found = find_replaced(printer, wait, new_folder, new_name, entry,
	    &replaced);
	if (found == 0 && !replace)
		error = -EEXIST;
	else if (found != 0 && found != -ENOENT)
		error = found;
	/* A deleted record would come back with a new name. */
	if (error == 0)
		error = library_get(move.obico, wait, entry->folder, id,
		    &move.record);
	if (error == 0)
		error = move_over(printer, &move, new_folder,
		    found == 0 ? &replaced : NULL);
	if (error == 0)
		error = library_entry(&move.record, new_name, out);
	record_free(&move.record);
	if (found == 0)
		entry_free(&replaced);
	return error;
}
