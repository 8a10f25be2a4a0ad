/*
 * Looks at a printer, compared with the look before: values of its documents,
 * whether it answers, and its storages.  No lock: one thread at a time has an
 * observation.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "client/base/buf.h"
#include "client/base/json.h"
#include "client/base/time.h"
#include "client/http/away.h"
#include "client/printer.h"
#include "client/shape.h"
#include "client/traits.h"
#include "fs/tree/observation.h"

#define JOB_MS	   2000
#define IDLE_MS	   10000
#define STORAGE_MS 10000
#define STORAGES   4

/* How a value is told. */
enum form {
	FORM_TEXT,
	FORM_WHOLE, /* number */
	FORM_BOOL
};

/* The values that are followed. */
static const struct followed {
	const char *kind;
	const char *field;
	enum topic topic;
	enum form form;
} followed[] = {
	{ "state", "printer.state", TOPIC_STATUS, FORM_TEXT },
	{ "job", "job.id", TOPIC_STATUS, FORM_WHOLE },
	{ "progress", "job.progress", TOPIC_STATUS, FORM_WHOLE },
	{ "transfer", "transfer.id", TOPIC_STATUS, FORM_WHOLE },
	{ "watching", "watching", TOPIC_FAILURE, FORM_BOOL },
	{ "alert", "alert", TOPIC_FAILURE, FORM_BOOL },
};

#define FOLLOWED (sizeof(followed) / sizeof(followed[0]))
#define JOB	 1 /* the row of the job */

struct observation {
	struct printer *printer;
	observation_tell *tell;
	void *arg;
	bool looked; /* there is something to compare with */
	bool online;
	struct buf values[FOLLOWED]; /* as JSON, empty: null */
	bool has[STORAGES];	     /* in the order of the traits */
	bool storages_seen;
	int64_t storages_ms; /* when they were looked at */
};

int
observation_new(struct printer *printer, observation_tell *tell, void *arg,
    struct observation **out)
{
	struct observation *observation = calloc(1, sizeof(*observation));

	if (observation == NULL)
		return -ENOMEM;
	observation->printer = printer;
	observation->tell = tell;
	observation->arg = arg;
	*out = observation;
	return 0;
}

void
observation_free(struct observation *observation)
{
	if (observation == NULL)
		return;
	observation_forget(observation);
	free(observation);
}

void
observation_forget(struct observation *observation)
{
	size_t i;

	for (i = 0; i < FOLLOWED; i++)
		buf_free(&observation->values[i]);
	observation->looked = false;
	observation->online = false;
	observation->storages_seen = false;
	observation->storages_ms = time_now_ms() - STORAGE_MS;
}

/* The value as JSON; a progress in whole percent. */
static void
read_value(const struct buf *text, const struct followed *row, struct buf *out)
{
	struct buf value = { 0 };
	double number;
	char *end;

	if (json_field(buf_text(text), text->len, row->field, &value) != 0)
		return;
	number = strtod(buf_text(&value), &end);
	if (row->form == FORM_TEXT)
		(void)json_quote(out, buf_text(&value));
	else if (row->form == FORM_BOOL)
		(void)buf_printf(out, "%s",
		    strcmp(buf_text(&value), "true") == 0 ? "true" : "false");
	else if (*end == '\0' && end != value.data && fabs(number) < 1e15)
		(void)buf_printf(out, "%.0f", floor(number));
	buf_free(&value);
}

static void
compare_values(struct observation *observation, enum topic topic,
    const struct buf *text)
{
	struct buf value;
	size_t i;

	for (i = 0; i < FOLLOWED; i++) {
		const char *old = buf_text(&observation->values[i]);

		if (followed[i].topic != topic)
			continue;
		memset(&value, 0, sizeof(value));
		read_value(text, &followed[i], &value);
		if (observation->looked && strcmp(old, buf_text(&value)) != 0)
			observation->tell(observation->arg, followed[i].kind,
			    old, buf_text(&value));
		buf_free(&observation->values[i]);
		observation->values[i] = value;
	}
}

static void
compare_storages(struct observation *observation, const struct buf *text)
{
	const struct traits *traits = observation->printer->traits;
	struct shape_storage storage;
	char name[32];
	int i;

	for (i = 0; i < STORAGES && traits->storages[i].name != NULL; i++) {
		bool has = shape_storage(text->data, text->len,
			       traits->storages[i].name, &storage) == 0 &&
		    storage.available;

		snprintf(name, sizeof(name), "\"%s\"",
		    traits->storages[i].name);
		if (observation->storages_seen && has != observation->has[i])
			observation->tell(observation->arg, "storage",
			    has ? "" : name, has ? name : "");
		observation->has[i] = has;
	}
	observation->storages_seen = true;
}

/* An answer from before the last look would hide a change. */
static int
ask(struct observation *observation, const struct wait *wait, enum topic topic,
    struct buf *out)
{
	cache_expire(observation->printer, topic, JOB_MS / 2);
	return printer_document(observation->printer, wait, topic, out);
}

static void
look_at_storages(struct observation *observation, const struct wait *wait)
{
	struct buf text = { 0 };

	if (ask(observation, wait, TOPIC_STORAGE, &text) == 0)
		compare_storages(observation, &text);
	observation->storages_ms = time_now_ms();
	buf_free(&text);
}

/* Its watcher can tell of alarms while the printer is away. */
static int
look_at_failures(struct observation *observation, const struct wait *wait)
{
	struct buf text = { 0 };
	int error = ask(observation, wait, TOPIC_FAILURE, &text);

	if (error == 0)
		compare_values(observation, TOPIC_FAILURE, &text);
	buf_free(&text);
	return error == -EINTR ? error : 0;
}

int
observation_look(struct observation *observation, const struct wait *wait)
{
	struct buf status = { 0 };
	bool online;
	int error = ask(observation, wait, TOPIC_STATUS, &status);

	if (error == -EINTR)
		return error;
	online = error == 0;
	if (observation->looked && online != observation->online)
		observation->tell(observation->arg, "online",
		    online ? "false" : "true", online ? "true" : "false");
	if (online)
		compare_values(observation, TOPIC_STATUS, &status);
	observation->online = online;
	buf_free(&status);
	error = observation->printer->is_watched ?
	    look_at_failures(observation, wait) :
	    0;
	observation->looked = observation->looked || error == 0;
	if (error == 0 && online &&
	    time_now_ms() - observation->storages_ms >= STORAGE_MS)
		look_at_storages(observation, wait);
	return error;
}

int64_t
observation_pause_ms(const struct observation *observation)
{
	if (!observation->looked)
		return 0;
	if (!observation->online)
		return AWAY_MS;
	return observation->values[JOB].len > 0 ? JOB_MS : IDLE_MS;
}
