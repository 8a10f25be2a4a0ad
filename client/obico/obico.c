/*
 * An account on an Obico server: first contact, and the one list that all its
 * printers share.  obico.asking is the right to ask for that list; obico.lock
 * guards what is remembered and is never held while the server is asked.  A
 * change made through us counts the generation up before it returns, and a
 * list that was asked for in an older generation is void.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/form.h"
#include "client/obico/obico_internal.h"
#include "client/obico/printer_list.h"
#include "client/obico/trim.h"

#define API "/api/v1/"

int
obico_probe(struct http *http, const struct wait *wait, char *words)
{
	const struct http_request request = { .method = "GET",
		.target = API "version/" };
	struct http_reply reply;
	struct buf version = { 0 };
	int error = http_perform(http, wait, &request, &reply);

	if (error == 0)
		error = http_error(&reply);
	if (error == 0 &&
	    json_field(buf_text(&reply.body), reply.body.len, "version",
		&version) != 0)
		error = -EPROTO;
	if (reply.status >= 300 && reply.status < 500 && reply.status != 403 &&
	    reply.status != 429)
		error = -EPROTO;
	strlcpy(words, reply.message, OBICO_WORDS);
	http_reply_free(&reply);
	buf_free(&version);
	return error;
}

static int
copy_config(struct obico *obico, const struct http_config *config)
{
	obico->config.connect_ms = config->connect_ms;
	obico->config.answer_ms = config->answer_ms;
	obico->config.stall_ms = config->stall_ms;
	obico->base = strdup(config->url);
	if (config->ca_file != NULL) {
		obico->config.ca_file = strdup(config->ca_file);
		if (obico->config.ca_file == NULL)
			return -ENOMEM;
	}
	return obico->base == NULL ? -ENOMEM : 0;
}

int
obico_new(const struct http_config *config, int64_t ttl_ms, struct obico **out)
{
	struct obico *obico = calloc(1, sizeof(*obico));
	int error;

	if (obico == NULL)
		return -ENOMEM;
	obico->holders = 1;
	obico->ttl_ms = ttl_ms;
	turn_init(&obico->asking);
	turn_init(&obico->upload);
	numbered_init(&obico->numbered);
	pthread_mutex_init(&obico->lock, NULL);
	error = copy_config(obico, config);
	if (error == 0)
		error = http_new(config, &obico->http);
	if (error != 0) {
		obico_release(obico);
		return error;
	}
	*out = obico;
	return 0;
}

struct obico *
obico_hold(struct obico *obico)
{
	pthread_mutex_lock(&obico->lock);
	obico->holders++;
	pthread_mutex_unlock(&obico->lock);
	return obico;
}

void
obico_release(struct obico *obico)
{
	bool last;

	if (obico == NULL)
		return;
	pthread_mutex_lock(&obico->lock);
	last = --obico->holders == 0;
	pthread_mutex_unlock(&obico->lock);
	if (!last)
		return;
	http_free(obico->http);
	printer_list_release(obico->list);
	turn_destroy(&obico->asking);
	turn_destroy(&obico->upload);
	numbered_destroy(&obico->numbered);
	pthread_mutex_destroy(&obico->lock);
	free((void *)(uintptr_t)obico->config.ca_file);
	free(obico->base);
	free(obico);
}

/* One line when the token begins to be refused, none for each request. */
static void
note_login(struct obico *obico, int error)
{
	bool news;

	if (error != 0 && error != -EACCES)
		return;
	pthread_mutex_lock(&obico->lock);
	news = error == -EACCES && !obico->refused;
	obico->refused = error == -EACCES;
	pthread_mutex_unlock(&obico->lock);
	if (news)
		log_say(LOG_LEVEL_ERROR, "%s: the token is refused",
		    obico->base);
}

int
obico_ask(struct obico *obico, const struct wait *wait, const char *method,
    const char *target, const char *text, struct http_reply *reply)
{
	struct source source;
	struct http_request request = { .method = method,
		.target = target,
		.once = strcmp(method, "GET") != 0 };
	int error;

	if (text != NULL) {
		source = form_of_text(text);
		request.body = &source;
		request.headers[0] = "Content-Type: application/json";
	}
	error = http_perform(obico->http, wait, &request, reply);
	if (error == 0)
		error = http_error(reply);
	note_login(obico, error);
	return error;
}

int
obico_ask_trimmed(struct obico *obico, const struct wait *wait,
    const char *target, struct http_reply *reply)
{
	struct trim trim = { 0 };
	const struct sink sink = trim_sink(&trim);
	const struct http_request request = {
		.method = "GET", .target = target, .sink = &sink
	};
	int error = http_perform(obico->http, wait, &request, reply);

	if (error == 0)
		error = http_error(reply);
	note_login(obico, error);
	if (error == 0) {
		buf_free(&reply->body);
		reply->body = trim.out;
	} else {
		buf_free(&trim.out);
	}
	return error;
}

/* With the lock: is what is remembered good for one who asked at began_ms? */
static bool
is_good(const struct obico *obico, int64_t began_ms)
{
	return obico->list != NULL && obico->told == obico->generation &&
	    (obico->list->told_ms >= began_ms ||
		time_now_ms() - obico->list->told_ms < obico->ttl_ms);
}

static struct printer_list *
take_good(struct obico *obico, int64_t began_ms)
{
	struct printer_list *list = NULL;

	pthread_mutex_lock(&obico->lock);
	if (is_good(obico, began_ms))
		list = printer_list_hold(obico->list);
	pthread_mutex_unlock(&obico->lock);
	return list;
}

/* With the turn. */
void
obico_explain(int error, const char *target, const struct http_reply *reply)
{
	char what[256];

	if (error != -EPROTO)
		return;
	snprintf(what, sizeof(what), "GET %s", target);
	json_complain(what, reply->body.data, reply->body.len, false);
}

static int
fetch(struct obico *obico, const struct wait *wait, struct printer_list **out)
{
	static const char target[] = API "printers/?with_archived=true";
	struct http_reply reply;
	struct printer_list *list = NULL, *former = NULL;
	uint64_t generation;
	int error;

	pthread_mutex_lock(&obico->lock);
	generation = obico->generation;
	pthread_mutex_unlock(&obico->lock);
	error = obico_ask(obico, wait, "GET", target, NULL, &reply);
	if (error == 0) {
		error = printer_list_read(buf_text(&reply.body), reply.body.len,
		    &list);
		obico_explain(error, target, &reply);
	}
	http_reply_free(&reply);
	if (error != 0)
		return error;
	list->told_ms = time_now_ms();
	pthread_mutex_lock(&obico->lock);
	former = obico->list;
	printer_list_number(list, former);
	obico->list = printer_list_hold(list);
	obico->told = generation;
	pthread_mutex_unlock(&obico->lock);
	printer_list_release(former);
	*out = list;
	return 0;
}

/* Who waits for the turn, unless the server is away. */
struct queued {
	struct obico *obico;
	const struct wait *wait;
};

static bool
has_left(void *arg)
{
	const struct queued *queued = arg;

	return wait_given_up(queued->wait) || http_refuses(queued->obico->http);
}

/* One request finds out whether it is back; nobody else waits for that. */
static int
take_turn(struct obico *obico, const struct wait *wait)
{
	struct queued queued = { .obico = obico, .wait = wait };
	const struct wait limited = { .given_up = has_left, .arg = &queued };
	int error = turn_take(&obico->asking, &limited);

	return error == -EINTR && !wait_given_up(wait) ? -EHOSTDOWN : error;
}

int
obico_printers(struct obico *obico, const struct wait *wait,
    struct printer_list **out)
{
	int64_t began_ms = time_now_ms();
	int error;

	*out = take_good(obico, began_ms);
	if (*out != NULL)
		return 0;
	error = take_turn(obico, wait);
	if (error != 0)
		return error;
	*out = take_good(obico, began_ms);
	if (*out == NULL)
		error = fetch(obico, wait, out);
	turn_give(&obico->asking);
	return error;
}

struct printer_list *
obico_known(struct obico *obico)
{
	struct printer_list *list;

	pthread_mutex_lock(&obico->lock);
	list = obico->list == NULL ? NULL : printer_list_hold(obico->list);
	pthread_mutex_unlock(&obico->lock);
	return list;
}

void
obico_count(struct obico *obico, struct counts *out)
{
	http_count(obico->http, out);
}

void
obico_forget(struct obico *obico)
{
	pthread_mutex_lock(&obico->lock);
	obico->generation++;
	pthread_mutex_unlock(&obico->lock);
}
