/*
 * What a printer is told to do: start a file, pause, resume, stop.  No state
 * of its own, any thread.
 */
#include <errno.h>
#include <string.h>

#include "client/dialect.h"
#include "client/http.h"
#include "client/json.h"
#include "client/link.h"
#include "client/time.h"

#define RECOVER_MS 15000 /* the Pi leaves FINISHED by itself within 11 s */
#define AGAIN_MS   1000

/* Has the Pi still to leave the screen of its last print? */
static bool
is_recovering(struct printer *printer, const struct wait *wait)
{
	struct buf text = { 0 }, state = { 0 };
	bool is = false;

	if (printer->ops->document(printer, wait, TOPIC_STATUS, &text) == 0 &&
	    json_field(text.data, text.len, "printer.state", &state) == 0)
		is = strcmp(state.data, "FINISHED") == 0 ||
		    strcmp(state.data, "STOPPED") == 0;
	buf_free(&text);
	buf_free(&state);
	return is;
}

static int
print_file(struct printer *printer, const struct wait *wait, const char *path)
{
	struct link *link = (struct link *)printer;
	int64_t until = time_now_ms() + RECOVER_MS;
	struct http_reply reply = { 0 };
	struct buf target = { 0 };
	int error = link_target(link, "/api/v1/files/", path, NULL, &target);

	while (error == 0) {
		error = link_ask(link, wait, "POST", target.data, NULL, true,
		    &reply);
		http_reply_free(&reply);
		if (error != -EBUSY || !printer->dialect->recovers ||
		    time_now_ms() > until || !is_recovering(printer, wait))
			break;
		error = time_pause(wait, AGAIN_MS);
	}
	http_reply_free(&reply);
	buf_free(&target);
	return error;
}

/*
 * The verbs of a job.  PrusaLink names a job by its id: look it up, then ask.
 * A 404 says that the job has just ended.
 */
static int
change_job(struct printer *printer, const struct wait *wait, const char *method,
    const char *word)
{
	struct link *link = (struct link *)printer;
	struct buf text = { 0 }, id = { 0 }, target = { 0 };
	struct http_reply reply = { 0 };
	int error = printer->ops->document(printer, wait, TOPIC_JOB, &text);

	if (error == 0)
		error = json_field(text.data, text.len, "id", &id);
	if (error == 0)
		error = buf_printf(&target, "/api/v1/job/");
	if (error == 0)
		error = http_escape(&target, id.data, id.len);
	if (error == 0)
		error = buf_printf(&target, "%s", word);
	if (error == 0)
		error = link_ask(link, wait, method, target.data, NULL, true,
		    &reply);
	if (error == -ENODATA || error == -ENOENT)
		error = -ESRCH;
	http_reply_free(&reply);
	buf_free(&text);
	buf_free(&id);
	buf_free(&target);
	return error;
}

int
link_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *path)
{
	static const struct {
		enum verb verb;
		const char *method;
		const char *word;
	} jobs[] = {
		{ VERB_PAUSE, "PUT", "/pause" },
		{ VERB_RESUME, "PUT", "/resume" },
		{ VERB_STOP, "DELETE", "" },
	};
	size_t i;

	if (verb == VERB_PRINT)
		return print_file(printer, wait, path);
	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (jobs[i].verb == verb)
			return change_job(printer, wait, jobs[i].method,
			    jobs[i].word);
	}
	return -EOPNOTSUPP;
}
