/*
 * An account on an Obico server: first contact, and the one list that all its
 * printers share.  obico.asking is the right to ask for that list; obico.lock
 * guards what is remembered and is never held while the server is asked.  A
 * change made through us counts the generation up before it returns, and a
 * list that was asked for in an older generation is void.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/base/log.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/form.h"
#include "client/obico/obico.h"
#include "client/obico/obico_internal.h"
#include "client/obico/trim.h"
#include "client/traits.h"

#define API "/api/v1/"

static int
probe(struct http *http, const struct wait *wait, struct probe *out)
{
	const struct http_request request = { .method = "GET",
		.target = API "version/" };
	struct http_reply reply;
	struct buf version = { 0 };
	int error = http_ask(http, wait, &request, &reply);

	if (error == 0 &&
	    json_field(buf_text(&reply.body), reply.body.len, "version",
		&version) != 0)
		error = -EPROTO;
	if (reply.status >= 300 && reply.status < 500 && reply.status != 403 &&
	    reply.status != 429)
		error = -EPROTO;
	strlcpy(out->words, reply.message, sizeof(out->words));
	http_reply_free(&reply);
	buf_free(&version);
	return error;
}

static void
release(struct account_server *server)
{
	struct obico *obico = (struct obico *)server;

	http_free(obico->http);
	printer_list_release(obico->list);
	turn_destroy(&obico->asking);
	turn_destroy(&obico->upload);
	numbered_destroy(&obico->numbered);
	pthread_mutex_destroy(&obico->lock);
	http_config_free(&obico->config);
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
		    obico->config.url);
}

int
obico_ask(struct obico *obico, const struct wait *wait, const char *method,
    const char *text, struct http_reply *reply, const char *format, ...)
{
	struct source source;
	char target[256]; /* of words of ours, and ids */
	struct http_request request = { .method = method,
		.target = target,
		.once = strcmp(method, "GET") != 0 };
	va_list args;
	int error;

	va_start(args, format);
	vsnprintf(target, sizeof(target), format, args);
	va_end(args);

	if (text != NULL) {
		source = form_of_text(text);
		request.body = &source;
		request.headers[0] = "Content-Type: application/json";
	}
	error = http_ask(obico->http, wait, &request, reply);
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
	int error = http_ask(obico->http, wait, &request, reply);

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
copy_picture(const cJSON *object, char **out)
{
	const cJSON *pic = cJSON_GetObjectItemCaseSensitive(object, "pic");
	const char *url = json_string(pic, "img_url");

	if (url == NULL)
		return 0;
	*out = strdup(url);
	return *out == NULL ? -ENOMEM : 0;
}

/* Cleans the object. */
static int
read_one(cJSON *object, struct printer_list *list)
{
	struct listed_printer *printer = &list->printers[list->count];
	const char *name = json_string(object, "name");
	struct buf text = { 0 };
	int error;

	if (!json_integer(object, "id", &printer->id))
		return 0;
	list->count++;
	printer->archived = obico_has(object, "archived_at");
	printer->name = strdup(name == NULL ? "" : name);
	error = printer->name == NULL ? -ENOMEM : 0;
	if (error == 0)
		error = copy_picture(object, &printer->picture);
	obico_clean(object); /* takes a name that looks like a secret, too */
	if (error == 0)
		error = json_print(object, &text);
	printer->text = text.data;
	return error;
}

static int
read_all(cJSON *array, struct printer_list *list)
{
	cJSON *object;
	int error = 0;

	cJSON_ArrayForEach (object, array) {
		if (error == 0 && cJSON_IsObject(object))
			error = read_one(object, list);
	}
	return error;
}

int
obico_read_list(const char *text, size_t len, struct printer_list **out)
{
	struct printer_list *list = NULL;
	cJSON *tree;
	int error = json_parse(text, len, &tree);

	if (error != 0)
		return error;
	if (!cJSON_IsArray(tree))
		error = -EPROTO;
	else if ((list = printer_list_new((size_t)cJSON_GetArraySize(tree))) ==
	    NULL)
		error = -ENOMEM;
	else
		error = read_all(tree, list);
	cJSON_Delete(tree);
	if (error != 0) {
		printer_list_release(list);
		return error;
	}
	printer_list_finish(list);
	*out = list;
	return 0;
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
	error = obico_ask(obico, wait, "GET", NULL, &reply, "%s", target);
	if (error == 0) {
		error = obico_read_list(buf_text(&reply.body), reply.body.len,
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

static int
printers(struct account_server *server, const struct wait *wait,
    struct printer_list **out)
{
	struct obico *obico = (struct obico *)server;
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

static struct printer_list *
known(struct account_server *server)
{
	struct obico *obico = (struct obico *)server;
	struct printer_list *list;

	pthread_mutex_lock(&obico->lock);
	list = obico->list == NULL ? NULL : printer_list_hold(obico->list);
	pthread_mutex_unlock(&obico->lock);
	return list;
}

static void
count(struct account_server *server, struct counts *out)
{
	http_count(((struct obico *)server)->http, out);
}

static void
forget(struct account_server *server)
{
	struct obico *obico = (struct obico *)server;

	pthread_mutex_lock(&obico->lock);
	obico->generation++;
	pthread_mutex_unlock(&obico->lock);
}

static int
account_new(const struct http_config *config, int64_t ttl_ms,
    struct account_server **out)
{
	static const struct account_server_ops ops = {
		.printers = printers,
		.known = known,
		.count = count,
		.forget = forget,
		.printer_new = obico_printer_new,
		.library_new = obico_library_new,
		.rename = obico_rename,
		.remove = obico_delete,
		.free = release,
	};
	struct obico *obico = calloc(1, sizeof(*obico));
	int error;

	if (obico == NULL)
		return -ENOMEM;
	obico->server.ops = &ops;
	atomic_init(&obico->server.holders, 1);
	obico->ttl_ms = ttl_ms;
	turn_init(&obico->asking);
	turn_init(&obico->upload);
	numbered_init(&obico->numbered);
	pthread_mutex_init(&obico->lock, NULL);
	error = http_config_copy(config, false, &obico->config);
	if (error == 0)
		error = http_new(config, &obico->http);
	if (error != 0) {
		release(&obico->server);
		return error;
	}
	*out = &obico->server;
	return 0;
}

const struct backend obico_backend = {
	.type = "obico",
	.traits = (const struct traits *const[]){ &traits_obico,
	    &traits_archived, NULL },
	.secret_variable = "OBICO_TOKEN",
	.reasons =
	    (const struct backend_reason[]){
		{ -EACCES,
		    "login refused: the token is not, or no longer, good" },
		{ -EPROTO, "that is not an Obico server" },
		{ -EHOSTDOWN, "connection refused (is the server running?)" },
		{ -EHOSTUNREACH, "no such host, or no way to it" },
		{ -ETIMEDOUT, "no answer" }, { 0, NULL } },
	.probe = probe,
	.account_new = account_new,
};
