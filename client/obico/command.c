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

/* What a printer is at one time. */
enum {
	IS_THERE = 1 << 0, /* its agent tells of it */
	IS_IDLE = 1 << 1,
	IS_PRINTING = 1 << 2,
	IS_PAUSED = 1 << 3, /* it stands still, and not only soon */
	HAS_PRINT = 1 << 4,
	HAS_NONE = 1 << 5,
	HAS_ALERT = 1 << 6,
	HAS_NO_ALERT = 1 << 7,
	IS_MUTED = 1 << 8,
	IS_LOUD = 1 << 9,
	IS_ARCHIVED = 1 << 10
};

struct sight {
	unsigned is;
	double print; /* its id; 0: none */
};

static void
read_sight(const cJSON *printer, struct sight *out)
{
	const cJSON *print = json_at(printer, "current_print");
	const cJSON *text = json_at(printer, "status.state.text");
	const char *words = cJSON_IsString(text) ? text->valuestring : "";
	const char *state = obico_state(printer);

	memset(out, 0, sizeof(*out));
	(void)json_number(print, "id", &out->print);
	if (state != NULL)
		out->is |= IS_THERE;
	if (state != NULL && strcmp(state, "IDLE") == 0)
		out->is |= IS_IDLE;
	if (state != NULL && strcmp(state, "PRINTING") == 0 &&
	    strcmp(words, "Cancelling") != 0)
		out->is |= IS_PRINTING;
	if (strcmp(words, "Paused") == 0)
		out->is |= IS_PAUSED;
	out->is |= out->print != 0 ? HAS_PRINT : HAS_NONE;
	out->is |= obico_has_alert(printer) ? HAS_ALERT : HAS_NO_ALERT;
	out->is |= json_string(print, "alert_muted_at") != NULL ? IS_MUTED :
								  IS_LOUD;
	if (obico_has(printer, "archived_at"))
		out->is |= IS_ARCHIVED;
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

/* After what else an order cannot be carried out any more. */
enum end {
	END_NONE,
	END_PRINT, /* another print, or none */
	END_JOB	   /* that, or none is on, as its agent tells */
};

static const struct order {
	const char *word;   /* that follows it, or NULL */
	const char *target; /* behind the printer's id */
	enum verb verb;
	unsigned needs;	 /* all of these, or it is not sent */
	unsigned wanted; /* what it is then; 0: the end is wanted */
	enum end end;
} orders[] = {
	{ NULL, "pause_print/", VERB_PAUSE, IS_THERE | HAS_PRINT | IS_PRINTING,
	    IS_PAUSED, END_JOB },
	{ NULL, "resume_print/", VERB_RESUME, IS_THERE | HAS_PRINT | IS_PAUSED,
	    IS_PRINTING, END_JOB },
	{ NULL, "cancel_print/", VERB_STOP, IS_THERE | HAS_PRINT, 0, END_JOB },
	{ NULL, "mute_current_print/?mute_alert=true", VERB_MUTE, HAS_PRINT,
	    IS_MUTED, END_PRINT },
	{ NULL, "mute_current_print/?mute_alert=false", VERB_UNMUTE, HAS_PRINT,
	    IS_LOUD, END_PRINT },
	{ "failed", "acknowledge_alert/?alert_overwrite=FAILED",
	    VERB_ACKNOWLEDGE, HAS_PRINT | HAS_ALERT, HAS_NO_ALERT, END_NONE },
	{ "not_failed", "acknowledge_alert/?alert_overwrite=NOT_FAILED",
	    VERB_ACKNOWLEDGE, HAS_PRINT | HAS_ALERT, HAS_NO_ALERT, END_NONE },
	{ NULL, "archive/", VERB_ARCHIVE, HAS_NONE, IS_ARCHIVED, END_NONE },
};

/* Is it so now?  Returns 1, 0: not yet, or -EBUSY: it will never be. */
static int
is_done(const struct order *order, const struct sight *before,
    const struct sight *now)
{
	bool has_ended = now->print != before->print;

	if (order->end == END_JOB)
		has_ended = (now->is & IS_THERE) != 0 &&
		    (has_ended || (now->is & IS_IDLE) != 0);
	if (has_ended && order->end != END_NONE)
		return order->wanted == 0 ? 1 : -EBUSY;
	return (now->is & order->wanted) != 0;
}

/* May it be sent?  Returns 0 or a negative errno. */
static int
check(const struct order *order, const struct sight *before)
{
	unsigned lacks = order->needs & ~before->is;

	if ((lacks & IS_THERE) != 0)
		return -EHOSTDOWN;
	if ((lacks & HAS_PRINT) != 0)
		return -ESRCH;
	return lacks != 0 ? -EBUSY : 0;
}

/* Look until it is so.  Returns 0, -EBUSY, -ETIMEDOUT, -EINTR. */
static int
await(struct obico_printer *printer, const struct wait *wait,
    const struct order *order, const struct sight *before)
{
	struct looks looks = time_looks(printer->obico->config.limits.answer_ms,
	    LOOK_MS, LOOK_MS);
	struct sight now;
	int error, done = 0;

	for (;;) {
		error = look(printer, wait, &now);
		if (error == 0)
			done = is_done(order, before, &now);
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

	if (error == 0 && (order->needs & HAS_PRINT) != 0)
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

	if (error == 0)
		error = check(order, &before);
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
