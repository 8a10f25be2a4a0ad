/*
 * What a printer is told to do: start a file, pause, resume, stop, and the
 * like.  No state of its own, any thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/json.h"
#include "client/base/name.h"
#include "client/base/time.h"
#include "client/http/http.h"
#include "client/prusalink/foreign_transfer.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/prusalink/replace_held.h"
#include "client/traits.h"

#define RECOVER_MS 15000 /* the Pi leaves FINISHED by itself within 11 s */
#define AGAIN_MS   1000
#define PROOF_MS   5000 /* for a command whose answer was lost to show */
#define LOOK_MS	   500

/* What a job shows when a command was carried out. */
struct proof {
	const char *state; /* NULL: any */
	const char *path;  /* of its file, as on the wire; NULL: any */
	bool gone;	   /* or that there is none any more */
};

static bool
tells(const struct buf *job, const char *field, const char *wanted)
{
	struct buf value = { 0 };
	bool is = json_field(job->data, job->len, field, &value) == 0 &&
	    strcasecmp(buf_text(&value), wanted) == 0;

	buf_free(&value);
	return is;
}

static bool
is_of_file(const struct buf *job, const char *path)
{
	char *folder = name_folder(path), *spelt = NULL;
	bool is = folder != NULL && asprintf(&spelt, "/%s", folder) >= 0 &&
	    tells(job, "file.path", spelt) &&
	    tells(job, "file.name", name_of(path));

	free(folder);
	free(spelt);
	return is;
}

/*
 * The answer to a command was lost: it is not repeated, the job is looked at.
 */
static bool
came_true(struct printer *printer, const struct wait *wait,
    const struct proof *proof)
{
	struct looks looks = time_looks(PROOF_MS, LOOK_MS, LOOK_MS);
	struct buf job = { 0 };
	bool is = false;
	int error;

	do {
		buf_clear(&job);
		error = printer->ops->document(printer, wait, TOPIC_JOB, &job);
		if (error == -ENODATA)
			is = proof->gone;
		else if (error == 0 && !proof->gone)
			is = (proof->state == NULL ||
				 tells(&job, "state", proof->state)) &&
			    (proof->path == NULL ||
				is_of_file(&job, proof->path));
		else if (error != 0)
			break;
	} while (!is && time_look_again(&looks, wait) == 0);
	buf_free(&job);
	return is;
}

/* What stands in the way of a print. */
enum sight {
	SIGHT_NOTHING, /* or it could not be seen */
	SIGHT_END,     /* of the last print, on the screen */
	SIGHT_IDLE     /* nothing does */
};

static enum sight
look(struct printer *printer, const struct wait *wait)
{
	static const struct {
		const char *state;
		enum sight sight;
	} rows[] = { { "FINISHED", SIGHT_END }, { "STOPPED", SIGHT_END },
		{ "IDLE", SIGHT_IDLE }, { "READY", SIGHT_IDLE } };
	struct buf text = { 0 }, state = { 0 };
	enum sight sight = SIGHT_NOTHING;
	size_t i;

	if (printer->ops->document(printer, wait, TOPIC_STATUS, &text) == 0 &&
	    json_field(text.data, text.len, "printer.state", &state) == 0) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (strcmp(state.data, rows[i].state) == 0)
				sight = rows[i].sight;
		}
	}
	buf_free(&text);
	buf_free(&state);
	return sight;
}

bool
prusalink_shows_end(struct printer *printer, const struct wait *wait)
{
	return look(printer, wait) == SIGHT_END;
}

bool
prusalink_does_print(struct printer *printer, const struct wait *wait,
    const char *path)
{
	const struct proof proof = { .path = path };

	return came_true(printer, wait, &proof);
}

static int
ask_start(struct prusalink *prusalink, const struct wait *wait,
    const char *path)
{
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = prusalink_target(prusalink, "/api/v1/files/", path, NULL,
	    &target);

	if (error == 0)
		error = prusalink_ask(prusalink, wait, "POST", target.data,
		    NULL, true, &reply);
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

/*
 * A printer that refuses to start is looked at.  It may show the end of the
 * last print, for which the patient wait; or that has gone from its screen
 * just after it refused: then it is asked once more.
 */
static int
start_file(struct prusalink *prusalink, const struct wait *wait,
    const char *path, bool patient)
{
	int64_t until = time_now_ms() + RECOVER_MS;
	enum sight sight;
	bool once_more = true;
	int error;

	for (;;) {
		error = ask_start(prusalink, wait, path);
		if (error != -EBUSY || !prusalink->printer.traits->recovers ||
		    time_now_ms() > until)
			return error;
		sight = look(&prusalink->printer, wait);
		if (sight == SIGHT_IDLE ? !once_more :
					  (sight != SIGHT_END || !patient))
			return error;
		once_more = once_more && sight != SIGHT_IDLE;
		if (sight == SIGHT_END)
			error = time_pause(wait, AGAIN_MS);
		if (error == -EINTR)
			return error;
	}
}

static int
print_file(struct printer *printer, const struct wait *wait, const char *path)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	int error = start_file(prusalink, wait, path, true);

	if (printer_is_unclear(error) &&
	    prusalink_does_print(printer, wait, path))
		error = 0;
	if (error == 0)
		replace_held_note_job(prusalink, path);
	return error;
}

/*
 * PrusaLink names a job by its id, which stands in two documents.  The status
 * is there whatever becomes of the printed file; either will do.
 */
static int
find_job(struct printer *printer, const struct wait *wait, struct buf *id)
{
	static const struct {
		enum topic topic;
		const char *path;
	} places[] = {
		{ TOPIC_STATUS, "job.id" },
		{ TOPIC_JOB, "id" },
	};
	struct buf text = { 0 };
	int error = -ENODATA;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		buf_clear(&text);
		error = printer->ops->document(printer, wait, places[i].topic,
		    &text);
		if (error == 0)
			error = json_field(text.data, text.len, places[i].path,
			    id);
		if (error != -ENODATA && error != -EPROTO)
			break;
	}
	buf_free(&text);
	return error;
}

/* The verbs of a job.  A 404 says that it has just ended. */
static int
change_job(struct printer *printer, const struct wait *wait, const char *method,
    const char *word, const struct proof *proof)
{
	struct prusalink *prusalink = (struct prusalink *)printer;
	struct buf id = { 0 }, target = { 0 };
	struct http_reply reply = { 0 };
	int error = find_job(printer, wait, &id);

	if (error == 0)
		error = buf_printf(&target, "/api/v1/job/");
	if (error == 0)
		error = name_escape(&target, id.data, id.len);
	if (error == 0)
		error = buf_printf(&target, "%s", word);
	if (error == 0)
		error = prusalink_ask(prusalink, wait, method, target.data,
		    NULL, true, &reply);
	if (target.len > 0 && printer_is_unclear(error) &&
	    came_true(printer, wait, proof))
		error = 0;
	if (error == -ENODATA || error == -ENOENT)
		error = -ESRCH;
	http_reply_free(&reply);
	buf_free(&id);
	buf_free(&target);
	return error;
}

/* The verbs that are one request, and what its answer means. */
static const struct simple {
	enum verb verb;
	const char *method;
	const char *target;
	int missing; /* what a 404 says */
	int nothing; /* what a 204 says */
} simples[] = {
	{ VERB_STOP_TRANSFER, "DELETE", "/api/v1/transfer", -ESRCH, -ESRCH },
	{ VERB_READY, "POST", "/api/printer/ready", -EOPNOTSUPP, 0 },
	{ VERB_UNREADY, "DELETE", "/api/printer/ready", -EOPNOTSUPP, 0 },
	{ VERB_REBOOT, "POST", "/api/system/commands/core/reboot", -EOPNOTSUPP,
	    0 },
	{ VERB_RESTART, "POST", "/api/system/commands/core/restart",
	    -EOPNOTSUPP, 0 },
};

static int
ask_simply(struct printer *printer, const struct wait *wait,
    const struct simple *simple)
{
	const struct http_request request = {
		.method = simple->method, .target = simple->target, .once = true
	};
	struct http_reply reply = { 0 };
	int error = http_ask(((struct prusalink *)printer)->http, wait,
	    &request, &reply);

	/* Unlike those of jobs and files, these answer 200 when it is done. */
	if (error == -ENOENT)
		error = simple->missing;
	else if (error == 0 && reply.status == 204)
		error = simple->nothing;
	http_reply_free(&reply);
	return error;
}

int
prusalink_command(struct printer *printer, const struct wait *wait,
    enum verb verb, const char *path)
{
	static const struct {
		enum verb verb;
		const char *method;
		const char *word;
		struct proof proof;
	} jobs[] = {
		{ VERB_PAUSE, "PUT", "/pause", { .state = "PAUSED" } },
		{ VERB_RESUME, "PUT", "/resume", { .state = "PRINTING" } },
		{ VERB_STOP, "DELETE", "", { .gone = true } },
	};
	size_t i;
	int error;

	if (verb == VERB_PRINT)
		return print_file(printer, wait, path);
	if (verb == VERB_START)
		return start_file((struct prusalink *)printer, wait, path,
		    false);
	if (verb == VERB_SNAP)
		return prusalink_snap((struct prusalink *)printer, wait,
		    path == NULL ? "" : path);
	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (jobs[i].verb == verb)
			return change_job(printer, wait, jobs[i].method,
			    jobs[i].word, &jobs[i].proof);
	}
	for (i = 0; i < sizeof(simples) / sizeof(simples[0]); i++) {
		if (simples[i].verb == verb)
			break;
	}
	if (i == sizeof(simples) / sizeof(simples[0]))
		return -EOPNOTSUPP;
	error = ask_simply(printer, wait, &simples[i]);
	if (error == 0 && verb == VERB_STOP_TRANSFER)
		error = foreign_transfer_await_stop((struct prusalink *)printer,
		    wait);
	return error;
}
