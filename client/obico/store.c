/*
 * Uploads to the cloud folder of an Obico account: one form with the exact
 * length, and the server's true verdict.  Nothing is ever overwritten there:
 * a file that replaces another one is stored beside it, compared, and only
 * then the other one is deleted.  Whoever has the account's upload turn runs
 * in here.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "client/base/log.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/http/form.h"
#include "client/listing.h"
#include "client/obico/library.h"
#include "client/obico/obico_internal.h"
#include "client/traits.h"

#define LOOK_MS	     3000 /* for what was stored without an answer */
#define LOOK_TICK_MS 200
#define LATE_MS	     60000 /* for what it may still be at work on */
#define MB_MS	     300   /* ten times what a fast server takes */

/* An upload, and what was in its folder before. */
struct sending {
	struct printer *printer;
	struct obico *obico;
	const struct wait *wait;
	const struct store *store;
	struct listing *before;
	const struct entry *replaced; /* in there, or NULL */
	int64_t folder;		      /* or LIBRARY_NO_ID */
	off_t body;		      /* bytes of the form */
};

/* The bytes can be looked at here; the size is known to be right. */
static int
check_bytes(const struct store *store)
{
	int error = library_check_text(&store->source);

	if (error == -EINVAL)
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: Obico stores text only: the first and the last MiB "
		    "must be UTF-8",
		    store->folder, store->name);
	return error;
}

/* What is there now decides whether it may be sent at all. */
static int
look_before(struct sending *sending)
{
	const struct store *store = sending->store;
	const struct entry *there;
	int error = library_folder_id(store->folder, &sending->folder);

	if (error == 0)
		error = obico_list_named(sending->obico, sending->wait,
		    store->folder, store->name, &sending->before);
	if (error != 0)
		return error;
	there = listing_find(sending->before, store->name);
	if (there == NULL || strcmp(there->name, store->name) != 0)
		return 0;
	if (there->folder)
		return -EISDIR;
	if (!store->replace)
		return -EEXIST;
	sending->replaced = there;
	return 0;
}

static int
make_form(const struct sending *sending, struct form *form)
{
	const struct store *store = sending->store;
	struct buf folder = { 0 };
	int error = form_add(form, "filename", store->name);

	if (error == 0 && sending->folder != LIBRARY_NO_ID)
		error = buf_printf(&folder, "%" PRId64, sending->folder);
	if (error == 0 && folder.len > 0)
		error = form_add(form, "parent_folder", folder.data);
	buf_free(&folder);
	/* The name in the form's field is the one that counts. */
	return error != 0 ?
	    error :
	    form_end(form, "file", "upload.gcode", &store->source);
}

/* It looks into the file before it answers: how long that may take. */
static int64_t
work_ms(const struct store *store)
{
	return (store->source.len >> 20) * MB_MS;
}

static int
post(struct sending *sending, struct http_reply *reply)
{
	struct form form = { 0 };
	struct source body;
	const struct http_request request = { .connection = CONNECTION_UP,
		.method = "POST",
		.target = "/api/v1/g_code_files/",
		.headers = { FORM_HEADER },
		.body = &body,
		.more_ms = work_ms(sending->store),
		.once = true };
	int error = make_form(sending, &form);

	if (error == 0) {
		body = form_source(&form);
		sending->body = body.len;
		error = http_perform(sending->obico->http, sending->wait,
		    &request, reply);
	}
	form_free(&form);
	return error;
}

/* A folder that went away meanwhile is told as a bad value. */
static int
refusal(const struct http_reply *reply)
{
	int error = http_error(reply);

	if (error == -EINVAL &&
	    strstr(buf_text(&reply->body), "\"parent_folder\"") != NULL)
		return -ENOENT;
	return error;
}

/* No file of ours is empty: a size of 0 is none that was told. */
static bool
tells_all(const struct record *record)
{
	return record->size > 0 && record->is_placed;
}

/* What an answer does not tell is asked for; it may not be told then, too. */
static int
complete(const struct sending *sending, struct record *record)
{
	struct record told;
	int error;

	if (sending->store->trust || tells_all(record))
		return 0;
	error = library_get(sending->obico, sending->wait, false, record->id,
	    &told);
	if (error != 0) {
		log_say(LOG_LEVEL_NOTE,
		    "%s/%s: Obico took it, and it could not be compared: %s",
		    sending->store->folder, sending->store->name,
		    strerror(-error));
		return -EIO;
	}
	record_free(record);
	*record = told;
	return 0;
}

/* Is it known to be another one?  What is not told is no difference. */
static bool
is_wrong(const struct sending *sending, const struct record *record)
{
	const struct store *store = sending->store;

	if (record->size > 0 && record->size != store->source.len) {
		log_say(LOG_LEVEL_ERROR, "%s/%s: Obico has %lld bytes of %lld",
		    store->folder, store->name, (long long)record->size,
		    (long long)store->source.len);
		return true;
	}
	if (strcmp(record->name, store->name) == 0 &&
	    (!record->is_placed || record->parent == sending->folder))
		return false;
	log_say(LOG_LEVEL_ERROR, "%s/%s: Obico stored it as %s", store->folder,
	    store->name, record->name);
	return true;
}

/* Takes the record. */
static int
accept(struct sending *sending, struct record *record, struct entry *out)
{
	const struct store *store = sending->store;
	int error = complete(sending, record);

	if (error == 0 && !store->trust && is_wrong(sending, record)) {
		(void)library_delete(sending->obico, sending->wait, false,
		    record->id);
		error = -EIO;
	}
	if (error == 0)
		error = library_entry(record, store->name, out);
	if (error == 0 && record->size <= 0)
		out->size = store->source.len;
	record_free(record);
	return error;
}

/*
 * A record of that name and size that was not there before; one of another
 * size is somebody else's.  To an upload that was answered, one whose size is
 * not told may be the one.
 */
static bool
is_new(const struct sending *sending, const struct record *record,
    bool answered)
{
	const struct store *store = sending->store;
	struct buf wire = { 0 };
	bool is = false;

	if (strcmp(record->name, store->name) == 0 &&
	    (record->size == store->source.len ||
		(answered && record->size <= 0)) &&
	    !record->is_deleted && !record->is_on_printer &&
	    library_wire(record, &wire) == 0)
		is = listing_find(sending->before, wire.data) == NULL;
	buf_free(&wire);
	return is;
}

/* Returns 0 and the newest such record (caller: record_free), or -ENOENT. */
static int
find_new(const struct sending *sending, bool answered, struct record *out)
{
	struct records files = { 0 };
	int error = library_list_named(sending->obico, sending->wait,
	    sending->folder, sending->store->name, &files);
	size_t i;

	if (error == 0)
		error = -ENOENT;
	for (i = files.count; i-- > 0 && error == -ENOENT;) {
		if (!is_new(sending, &files.all[i], answered))
			continue;
		*out = files.all[i];
		memset(&files.all[i], 0, sizeof(files.all[i]));
		error = 0;
	}
	records_free(&files);
	return error;
}

/*
 * May another question tell more?  Who has not answered in time seems to be
 * away, and is perhaps still at work.
 */
static bool
may_pass(int found, int error)
{
	return found == -ENOENT || found == -EBUSY ||
	    printer_may_be_changed(found) ||
	    (found == -EHOSTDOWN && error == -ETIMEDOUT);
}

/*
 * All went out and no clear answer came back: what is there now decides.  One
 * question that fails shall not fail an upload that is done.
 */
static int
look_for_it(struct sending *sending, bool answered, int error,
    struct entry *out)
{
	bool late = error == -ETIMEDOUT;
	int64_t tick_ms = late ? 10 * LOOK_TICK_MS : LOOK_TICK_MS;
	struct looks looks = time_looks(late ?
		LATE_MS + work_ms(sending->store) :
		LOOK_MS,
	    tick_ms, tick_ms);
	struct record record;
	int found;

	do {
		found = find_new(sending, answered, &record);
		if (found == 0)
			return accept(sending, &record, out);
	} while (may_pass(found, error) && !(found == -ENOENT && answered) &&
	    time_look_again(&looks, sending->wait) == 0);
	return error;
}

/* It says clearly that it has not stored it. */
static bool
is_refused(int status)
{
	return status >= 300 && status < 500 && status != 408;
}

/* The server's verdict, and the record that it made. */
static int
judge(struct sending *sending, const struct http_reply *reply, int error,
    struct entry *out)
{
	bool answered = error == 0;
	struct record record;

	if (error == 0)
		error = refusal(reply);
	if (error == 0 && reply->status == 201 &&
	    library_read(buf_text(&reply->body), reply->body.len, false,
		&record) == 0)
		return accept(sending, &record, out);
	if (error == 0)
		error = -EPROTO;
	if (error == -EINTR || reply->sent < sending->body ||
	    is_refused(reply->status))
		return error;
	return look_for_it(sending, answered, error, out);
}

/* It is stored: the one that it replaces goes. */
static void
remove_replaced(const struct sending *sending)
{
	const struct store *store = sending->store;
	int error = obico_remove(sending->printer, sending->wait, store->folder,
	    sending->replaced);

	if (error != 0 && store->more != NULL)
		*store->more = true;
	if (error != 0)
		log_say(LOG_LEVEL_ERROR,
		    "%s/%s was stored; the file that it replaces could not be "
		    "deleted: %s",
		    store->folder, store->name, strerror(-error));
}

static int
store_in_turn(struct sending *sending, struct entry *out)
{
	const struct store *store = sending->store;
	struct http_reply reply = { 0 };
	int error = look_before(sending);

	if (error == 0) {
		error = post(sending, &reply);
		error = judge(sending, &reply, error, out);
	}
	if (error == 0 && sending->replaced != NULL)
		remove_replaced(sending);
	if (store->words != NULL)
		strlcpy(store->words, reply.message,
		    name_fit(reply.message, STORE_WORDS - 1) + 1);
	listing_release(sending->before);
	http_reply_free(&reply);
	return error;
}

int
obico_store(struct printer *printer, const struct wait *wait,
    const struct store *store, struct entry *out)
{
	struct obico *obico = ((struct obico_printer *)printer)->obico;
	struct sending sending = {
		.printer = printer, .obico = obico, .wait = wait, .store = store
	};
	int error = turn_take(&obico->upload, wait);

	if (error != 0)
		return error;
	/* In turn, for a look at the bytes counts as a beginning. */
	error = check_bytes(store);
	if (error == 0)
		error = store_in_turn(&sending, out);
	turn_give(&obico->upload);
	return error;
}
