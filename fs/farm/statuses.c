/*
 * The status of many printers.  Each is asked by a thread of its own workers,
 * which may outlive the one who wants to know; statuses.lock guards what they
 * heard.  The lock is not held while a printer is asked.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/base/workers.h"
#include "client/printer.h"
#include "fs/core/mounted.h"
#include "fs/farm/statuses.h"

#define LATE_MS 300 /* for a printer that was late the last time */

struct statuses {
	pthread_mutex_t lock;
	pthread_cond_t
	    heard; /* the glances of printers, under lock, like all below */
	uint64_t count; /* of beginnings and questions */
};

struct question {
	struct statuses *statuses;
	struct mounted *mounted;
};

int
statuses_new(struct statuses **out)
{
	struct statuses *statuses = calloc(1, sizeof(*statuses));

	if (statuses == NULL)
		return -ENOMEM;
	pthread_mutex_init(&statuses->lock, NULL);
	time_cond_init(&statuses->heard);
	*out = statuses;
	return 0;
}

void
statuses_free(struct statuses *statuses)
{
	if (statuses == NULL)
		return;
	pthread_cond_destroy(&statuses->heard);
	pthread_mutex_destroy(&statuses->lock);
	free(statuses);
}

static void
ask(void *arg)
{
	struct question question = *(struct question *)arg;
	struct glance *glance = &question.mounted->glance;
	const struct wait wait = { .given_up = mounted_is_ending,
		.arg = question.mounted };
	struct buf text = { 0 };
	int error;

	free(arg);
	error = printer_document(question.mounted->printer, &wait, TOPIC_STATUS,
	    &text);
	pthread_mutex_lock(&question.statuses->lock);
	buf_free(&glance->text);
	glance->text = text;
	glance->error = error;
	glance->late = error != 0;
	glance->answered = glance->asked;
	glance->asking = false;
	pthread_cond_broadcast(&question.statuses->heard);
	pthread_mutex_unlock(&question.statuses->lock);
}

/* With the lock. */
static int
start(struct statuses *statuses, struct mounted *mounted)
{
	struct question *question = calloc(1, sizeof(*question));
	struct log_subject *former;
	int error;

	if (question == NULL)
		return -ENOMEM;
	question->statuses = statuses;
	question->mounted = mounted;
	mounted->glance.asking = true;
	mounted->glance.asked = ++statuses->count;
	mounted->glance.asked_ms = time_now_ms();
	former = log_about(mounted->subject);
	error = workers_start(mounted->workers, ask, question);
	(void)log_about(former);
	if (error != 0) {
		mounted->glance.asking = false;
		free(question);
	}
	return error;
}

/*
 * With the lock: see that each is asked after the beginning, for an answer
 * to an older question may be older than a command of the one who asks now.
 * Returns how many are worth waiting for.
 */
static size_t
ask_all(struct statuses *statuses, struct mounted *const *printers,
    size_t count, uint64_t began)
{
	size_t i, waiting = 0;

	for (i = 0; i < count; i++) {
		struct glance *glance = &printers[i]->glance;

		if (glance->answered > began)
			continue;
		if (!glance->asking && start(statuses, printers[i]) != 0) {
			glance->error = -EAGAIN;
			glance->answered = ++statuses->count;
			continue;
		}
		if (!glance->late || time_now_ms() - glance->asked_ms < LATE_MS)
			waiting++;
	}
	return waiting;
}

/* With the lock, which is let go meanwhile.  Returns 0 or -EINTR. */
static int
await(struct statuses *statuses, const struct wait *wait,
    struct mounted *const *printers, size_t count, uint64_t began)
{
	int64_t until = time_now_ms() + STATUSES_MS;
	size_t i;
	bool left = false;

	while (!left && ask_all(statuses, printers, count, began) > 0 &&
	    time_now_ms() < until) {
		left = time_cond_tick(&statuses->heard, &statuses->lock, wait);
	}
	for (i = 0; i < count && !left; i++) {
		if (printers[i]->glance.answered < began)
			printers[i]->glance.late = true;
	}
	return left ? -EINTR : 0;
}

/* With the lock: the document, with "online" as its first member. */
static int
print_glance(const struct glance *glance, uint64_t began, struct buf *out)
{
	const char *text = buf_text(&glance->text);
	size_t len = strcspn(text, "\n");
	int error = glance->error;

	if (glance->answered < began)
		error = -ETIMEDOUT;
	else if (error == 0 && len < 2)
		error = -EPROTO;
	if (error == 0) {
		error = buf_printf(out, "{\"online\":true%s",
		    len > 2 ? "," : "");
		return error != 0 ? error : buf_append(out, text + 1, len - 1);
	}
	error = json_quote_behind(out,
	    "{\"online\":false,\"error\":", strerror(-error));
	return error != 0 ? error : buf_printf(out, "}");
}

/* With the lock. */
static int
print_all(struct mounted *const *printers, size_t count, size_t skip,
    uint64_t began, struct buf *out)
{
	int error = buf_printf(out, "{");
	size_t i;

	for (i = 0; i < count && error == 0; i++) {
		error = json_quote_behind(out, i > 0 ? "," : "",
		    printers[i]->folder + skip);
		if (error == 0)
			error = buf_printf(out, ":");
		if (error == 0)
			error = print_glance(&printers[i]->glance, began, out);
	}
	return error != 0 ? error : buf_printf(out, "}\n");
}

int
statuses_text(struct statuses *statuses, const struct wait *wait,
    struct mounted *const *printers, size_t count, size_t skip, struct buf *out)
{
	uint64_t began;
	int error;

	pthread_mutex_lock(&statuses->lock);
	began = ++statuses->count;
	error = await(statuses, wait, printers, count, began);
	if (error == 0)
		error = print_all(printers, count, skip, began, out);
	pthread_mutex_unlock(&statuses->lock);
	return error;
}

bool
statuses_is_waiting(struct statuses *statuses, const struct mounted *mounted)
{
	bool is;

	pthread_mutex_lock(&statuses->lock);
	is = mounted->glance.asking;
	pthread_mutex_unlock(&statuses->lock);
	return is;
}
