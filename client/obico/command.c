/*
 * What an Obico printer is told to do.  The server passes a command on and
 * answers at once; "succeeded" says only that it believes a print is on.  So
 * the printer is looked at before, for a command to one that is away may be
 * carried out when it comes back, and after, until it shows what was wanted.
 * Commands are sent with POST only, and their targets are made of ids.  No
 * state, any thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/obico/obico_internal.h"

#define LOOK_MS 500

/* What is known of a printer at one time. */
struct sight {
	const char *state; /* NULL: away */
	bool paused;	   /* it stands still, and not only soon */
	bool printing;
	bool alert;
	bool muted;
	bool archived;
	double print; /* the id of the print; 0: none */
};

static void
read_sight(const cJSON *printer, struct sight *out)
{
	const cJSON *print = json_at(printer, "current_print");
	const cJSON *text = json_at(printer, "status.state.text");
	const char *words = cJSON_IsString(text) ? text->valuestring : "";

	memset(out, 0, sizeof(*out));
	out->state = obico_state(printer);
	out->paused = strcmp(words, "Paused") == 0;
	out->printing = out->state != NULL &&
	    strcmp(out->state, "PRINTING") == 0 &&
	    strcmp(words, "Cancelling") != 0;
	out->alert = obico_has_alert(printer);
	out->muted = json_string(print, "alert_muted_at") != NULL;
	out->archived = obico_has(printer, "archived_at");
	(void)json_number(print, "id", &out->print);
}

/* Ask anew. */
static int
look(struct obico_printer *printer, const struct wait *wait, struct sight *out)
{
	cJSON *tree = NULL;
	int error;

	account_server_forget(&printer->obico->server);
	error = obico_look(printer->obico, wait, printer->id, &tree);
	if (error == 0)
		read_sight(tree, out);
	cJSON_Delete(tree);
	return error;
}

/*
 * May it be sent?  Returns 0 or a negative errno.
 */
static int
may_pause(const struct sight *before)
{
	return before->printing ? 0 : -EBUSY;
}

static int
may_resume(const struct sight *before)
{
	return before->paused ? 0 : -EBUSY;
}

static int
may_acknowledge(const struct sight *before)
{
	return before->alert ? 0 : -EBUSY;
}

static int
may_archive(const struct sight *before)
{
	return before->print == 0 ? 0 : -EBUSY;
}

/*
 * Is it so now?  Returns 1, 0: not yet, or -EBUSY: it will never be.
 */
static int
has_ended(const struct sight *before, const struct sight *now)
{
	return now->state != NULL &&
	    (now->print != before->print || strcmp(now->state, "IDLE") == 0);
}

static int
is_paused(const struct sight *before, const struct sight *now)
{
	return has_ended(before, now) ? -EBUSY : now->paused;
}

static int
is_resumed(const struct sight *before, const struct sight *now)
{
	return has_ended(before, now) ? -EBUSY : now->printing;
}

static int
is_muted(const struct sight *before, const struct sight *now)
{
	return now->print != before->print ? -EBUSY : now->muted;
}

static int
is_unmuted(const struct sight *before, const struct sight *now)
{
	return now->print != before->print ? -EBUSY : !now->muted;
}

static int
is_acknowledged(const struct sight *before, const struct sight *now)
{
	(void)before;
	return !now->alert;
}

static int
is_archived(const struct sight *before, const struct sight *now)
{
	(void)before;
	return now->archived;
}

static const struct order {
	const char *word;   /* that follows it, or NULL */
	const char *target; /* behind the printer's id */
	int (*may)(const struct sight *before);
	int (*is_done)(const struct sight *before, const struct sight *now);
	enum verb verb;
	bool of_agent; /* it must be there to carry it out */
	bool of_print;
} orders[] = {
	{ NULL, "pause_print/", may_pause, is_paused, VERB_PAUSE, true, true },
	{ NULL, "resume_print/", may_resume, is_resumed, VERB_RESUME, true,
	    true },
	{ NULL, "cancel_print/", NULL, has_ended, VERB_STOP, true, true },
	{ NULL, "mute_current_print/?mute_alert=true", NULL, is_muted,
	    VERB_MUTE, false, true },
	{ NULL, "mute_current_print/?mute_alert=false", NULL, is_unmuted,
	    VERB_UNMUTE, false, true },
	{ "failed", "acknowledge_alert/?alert_overwrite=FAILED",
	    may_acknowledge, is_acknowledged, VERB_ACKNOWLEDGE, false, true },
	{ "not_failed", "acknowledge_alert/?alert_overwrite=NOT_FAILED",
	    may_acknowledge, is_acknowledged, VERB_ACKNOWLEDGE, false, true },
	{ NULL, "archive/", may_archive, is_archived, VERB_ARCHIVE, false,
	    false },
};

/* Look until it is so.  Returns 0, -EBUSY, -ETIMEDOUT, -EINTR. */
static int
await(struct obico_printer *printer, const struct wait *wait,
    const struct order *order, const struct sight *before)
{
	struct looks looks = time_looks(printer->obico->config.answer_ms,
	    LOOK_MS, LOOK_MS);
	struct sight now;
	int error, done = 0;

	for (;;) {
		error = look(printer, wait, &now);
		if (error == 0)
			done = order->is_done(before, &now);
		if (done != 0)
			return done < 0 ? done : 0;
		if (error == -EINTR || error == -EACCES || error == -ENOENT)
			return error;
		error = time_look_again(&looks, wait);
		if (error == -ETIMEDOUT)
			break;
		if (error != 0)
			return error;
	}
	log_say(LOG_LEVEL_NOTE,
	    "Obico passed the command on, and the printer does not show that "
	    "it was carried out; it still may be");
	return -ETIMEDOUT;
}

/* The answer's "succeeded" is false only where no print is on. */
static int
check_answer(const struct http_reply *reply)
{
	struct buf value = { 0 };
	int error = json_field(buf_text(&reply->body), reply->body.len,
	    "succeeded", &value);

	if (error == 0 && strcmp(value.data, "false") == 0)
		error = -ESRCH;
	buf_free(&value);
	return error == -ESRCH ? error : 0;
}

/* An answer that was lost may have been a yes: what is seen then decides. */
static int
send_order(struct obico_printer *printer, const struct wait *wait,
    const struct order *order)
{
	struct http_reply reply;
	int error = obico_ask(printer->obico, wait, "POST", NULL, &reply,
	    "/api/v1/printers/%" PRId64 "/%s", printer->id, order->target);

	if (error == 0 && order->of_print)
		error = check_answer(&reply);
	http_reply_free(&reply);
	return printer_is_unclear(error) ? 0 : error;
}

static int
run(struct obico_printer *printer, const struct wait *wait,
    const struct order *order)
{
	struct sight before;
	int error = look(printer, wait, &before);

	if (error == 0 && order->of_agent && before.state == NULL)
		error = -EHOSTDOWN;
	if (error == 0 && order->of_print && before.print == 0)
		error = -ESRCH;
	if (error == 0 && order->may != NULL)
		error = order->may(&before);
	if (error == 0)
		error = send_order(printer, wait, order);
	return error != 0 ? error : await(printer, wait, order, &before);
}

int
obico_command(struct printer *printer, const struct wait *wait, enum verb verb,
    const char *word)
{
	struct obico_printer *ours = (struct obico_printer *)printer;
	int error = -EOPNOTSUPP;
	size_t i;

	if (verb == VERB_UNARCHIVE)
		return obico_unarchive(ours, wait);
	if (verb == VERB_REFRESH) {
		account_server_forget(&ours->obico->server);
		return 0;
	}
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i].verb != verb)
			continue;
		if (orders[i].word == NULL ||
		    (word != NULL && strcmp(orders[i].word, word) == 0))
			return run(ours, wait, &orders[i]);
		error = -EINVAL;
	}
	if (error == -EINVAL)
		log_say(LOG_LEVEL_NOTE,
		    "acknowledge: \"failed\" or \"not_failed\" is wanted");
	return error;
}
