/*
 * Faults on order: failing, lost, cut and senseless answers.  The orders are
 * counted down under sim.lock when a request has got past the login; from
 * then on they belong to its exchange.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/faults.h"
#include "tests/sim/nth.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

enum {
	DEEP = 10000,
	HUGE_SIZE = 100 * 1000 * 1000,
	PIECE = 1000,
	UPLOAD_PIECE = 262144,
};

#define PATIENCE_S 12.5

static bool
count_down(long *count)
{
	if (*count <= 0)
		return false;
	*count -= 1;
	return true;
}

static void
match_fail(struct faults *faults, struct sim_exchange *ex)
{
	for (int i = 0; i < FAULTS_FAIL; i++) {
		struct fault_rule *rule = &faults->fail[i];

		if (rule->count <= 0 || strcmp(rule->method, ex->method) != 0 ||
		    strncmp(rule->prefix, ex->target, strlen(rule->prefix)) !=
			0)
			continue;
		rule->count--;
		ex->fail_status = rule->status;
		strlcpy(ex->fail_text, rule->text, sizeof(ex->fail_text));
		return;
	}
}

/* "answer METHOD PREFIX COUNT FILE": it is served, but for its body. */
static void
match_answer(struct faults *faults, struct sim_exchange *ex)
{
	for (int i = 0; i < FAULTS_FAIL; i++) {
		struct fault_rule *rule = &faults->answer[i];

		if (strcmp(rule->method, ex->method) != 0 ||
		    strncmp(rule->prefix, ex->target, strlen(rule->prefix)) !=
			0 ||
		    !count_down(&rule->count))
			continue;
		strlcpy(ex->body_file, rule->text, sizeof(ex->body_file));
		return;
	}
}

const struct text *
faults_body(const struct sim_exchange *ex, int status, const struct text *body,
    struct text *other)
{
	char data[PIECE];
	size_t len;
	FILE *file;

	if (ex->body_file[0] == '\0' || status / 100 != 2)
		return body;
	file = fopen(ex->body_file, "re");
	if (file == NULL)
		return body;
	while ((len = fread(data, 1, sizeof(data), file)) > 0)
		text_add(other, data, len);
	fclose(file);
	return other;
}

void
faults_begin(struct conn *conn, struct sim_exchange *ex)
{
	struct faults *faults = &conn->sim->faults;
	const char *upload = conn->sim->personality->upload_method;
	bool v1_get = strcmp(ex->method, "GET") == 0 &&
	    strncmp(ex->target, "/api/v1/", 8) == 0;

	pthread_mutex_lock(&conn->sim->lock);
	nth_begin(conn->sim, ex);
	match_fail(faults, ex);
	match_answer(faults, ex);
	if (strcmp(ex->method, faults->lose_method) == 0 && !ex->lose)
		ex->lose = count_down(&faults->lose_count);
	if (count_down(&faults->cut_count))
		ex->cut = faults->cut_bytes;
	if (strcmp(ex->method, upload != NULL ? upload : "PUT") == 0 &&
	    count_down(&faults->cut_upload_count))
		ex->cut_upload = faults->cut_upload_bytes;
	if (v1_get && count_down(&faults->deep_count))
		ex->wrong_body = BODY_DEEP;
	else if (v1_get && count_down(&faults->huge_count))
		ex->wrong_body = BODY_HUGE;
	else if (count_down(&faults->garbage_count))
		ex->wrong_body = BODY_GARBAGE;
	pthread_mutex_unlock(&conn->sim->lock);
}

/* Read what is left of the body of an upload that is going to fail. */
static void
swallow(struct conn *conn, struct sim_exchange *ex)
{
	long long left = strtoll(exchange_header(ex, HEADER_CONTENT_LENGTH),
			     NULL, 10) -
	    ex->in;
	char *waste = malloc(UPLOAD_PIECE);

	while (waste != NULL && left > 0) {
		ssize_t got = exchange_receive(ex, conn, waste,
		    left < UPLOAD_PIECE ? (size_t)left : UPLOAD_PIECE,
		    PATIENCE_S);

		if (got <= 0)
			break;
		left -= got;
	}
	free(waste);
}

static void
send_piece(struct conn *conn, struct sim_exchange *ex, bool chunked,
    const char *data, size_t len, bool last)
{
	struct text piece = { 0 };

	if (!chunked) {
		exchange_piece(ex, conn, data, len, last);
		return;
	}
	text_printf(&piece, "%04zX\r\n", len);
	text_add(&piece, data, len);
	text_puts(&piece, last ? "\r\n0\r\n\r\n" : "\r\n");
	exchange_piece(ex, conn, text_string(&piece), piece.len, last);
	text_free(&piece);
}

/* A JSON string of 100 MB inside an object. */
static void
send_huge(struct conn *conn, struct sim_exchange *ex)
{
	struct text head = { 0 };
	char data[PIECE];
	long long left = HUGE_SIZE;
	bool chunked = conn->sim->personality->json_head(ex, &head, left);

	exchange_begin(ex, conn, 200, &head, chunked ? -1 : left);
	memset(data, 'x', sizeof(data));
	memcpy(data, "{\"name\": \"", 10);
	while (left > 0 && !conn->dead) {
		left -= PIECE;
		if (left == 0)
			memcpy(data + PIECE - 2, "\"}", 2);
		send_piece(conn, ex, chunked, data, PIECE, left == 0);
		if (left == HUGE_SIZE - PIECE)
			memset(data, 'x', 10);
	}
	text_free(&head);
}

static void
send_body(struct conn *conn, struct sim_exchange *ex, const struct text *body)
{
	struct text head = { 0 };
	bool chunked = conn->sim->personality->json_head(ex, &head,
	    (long long)body->len);

	exchange_begin(ex, conn, 200, &head,
	    chunked ? -1 : (long long)body->len);
	for (size_t at = 0; at < body->len; at += PIECE) {
		size_t len = body->len - at < PIECE ? body->len - at : PIECE;

		send_piece(conn, ex, chunked, body->data + at, len,
		    at + len == body->len);
	}
	text_free(&head);
}

static void
send_deep(struct conn *conn, struct sim_exchange *ex)
{
	struct text body = { 0 };

	for (int i = 0; i < DEEP; i++)
		text_puts(&body, "{\"children\":[");
	for (int i = 0; i < DEEP; i++)
		text_puts(&body, "]}");
	send_body(conn, ex, &body);
	text_free(&body);
}

static void
send_garbage(struct conn *conn, struct sim_exchange *ex)
{
	struct text body = { 0 };

	text_puts(&body, "<<< this is not JSON }{ \x01\xff");
	send_body(conn, ex, &body);
	text_free(&body);
}

/* The bytes of a file. */
static void
send_file(struct conn *conn, struct sim_exchange *ex, const char *path)
{
	struct text body = { 0 };
	char data[PIECE];
	FILE *file = fopen(path, "re");
	size_t len;

	while (file != NULL && (len = fread(data, 1, PIECE, file)) > 0)
		text_add(&body, data, len);
	if (file != NULL)
		fclose(file);
	send_body(conn, ex, &body);
	text_free(&body);
}

bool
faults_answered(struct conn *conn, struct sim_exchange *ex)
{
	if (nth_dropped(conn, ex))
		return true;
	if (ex->fail_status == 200) {
		send_file(conn, ex, ex->fail_text);
		return true;
	}
	if (ex->fail_status != 0) {
		if (strcmp(ex->method, "PUT") == 0)
			swallow(conn, ex);
		conn->sim->personality->fail(conn, ex, ex->fail_status,
		    ex->fail_text);
		return true;
	}
	if (ex->wrong_body == BODY_NORMAL)
		return false;
	if (strcmp(ex->method, "PUT") == 0)
		swallow(conn, ex);
	if (ex->wrong_body == BODY_DEEP)
		send_deep(conn, ex);
	else if (ex->wrong_body == BODY_HUGE)
		send_huge(conn, ex);
	else
		send_garbage(conn, ex);
	return true;
}

static int
order_fail(struct faults *faults, int count, char **words)
{
	struct fault_rule *rule = faults->fail;

	if (count < 5)
		return -EINVAL;
	for (int i = 0; i < FAULTS_FAIL && rule->count > 0; i++)
		rule = &faults->fail[i];
	if (rule->count > 0)
		return -ENOSPC;
	memset(rule, 0, sizeof(*rule));
	strlcpy(rule->method, words[1], sizeof(rule->method));
	strlcpy(rule->prefix, words[2], sizeof(rule->prefix));
	rule->status = (int)strtol(words[3], NULL, 10);
	rule->count = strtol(words[4], NULL, 10);
	for (int i = 5; i < count; i++) {
		if (i > 5)
			strlcat(rule->text, " ", sizeof(rule->text));
		strlcat(rule->text, words[i], sizeof(rule->text));
	}
	return rule->status < 100 || rule->status > 599 ? -EINVAL : 0;
}

/* The rule of the same requests, or else a free one; NULL: there is none. */
static struct fault_rule *
find_rule(struct fault_rule *rules, const char *method, const char *prefix)
{
	struct fault_rule *found = NULL;

	for (int i = 0; i < FAULTS_FAIL; i++) {
		struct fault_rule *rule = &rules[i];

		if (rule->count > 0 && strcmp(rule->method, method) == 0 &&
		    strcmp(rule->prefix, prefix) == 0)
			return rule;
		if (rule->count <= 0 && found == NULL)
			found = rule;
	}
	return found;
}

static int
order_answer(struct faults *faults, int count, char **words)
{
	struct fault_rule *rule;

	if (count != 5)
		return -EINVAL;
	rule = find_rule(faults->answer, words[1], words[2]);
	if (rule == NULL)
		return -ENOSPC;
	strlcpy(rule->method, words[1], sizeof(rule->method));
	strlcpy(rule->prefix, words[2], sizeof(rule->prefix));
	rule->count = strtol(words[3], NULL, 10);
	return strlcpy(rule->text, words[4], sizeof(rule->text)) <
		sizeof(rule->text) ?
	    0 :
	    -ENAMETOOLONG;
}

static int
order_lose(struct faults *faults, int count, char **words)
{
	if (count != 3)
		return -EINVAL;
	strlcpy(faults->lose_method, words[1], sizeof(faults->lose_method));
	faults->lose_count = strtol(words[2], NULL, 10);
	return 0;
}

static int
order_cut(struct faults *faults, int count, char **words)
{
	if (count != 3)
		return -EINVAL;
	if (strcmp(words[0], "cut-after") == 0) {
		faults->cut_bytes = strtoll(words[1], NULL, 10);
		faults->cut_count = strtol(words[2], NULL, 10);
	} else {
		faults->cut_upload_bytes = strtoll(words[1], NULL, 10);
		faults->cut_upload_count = strtol(words[2], NULL, 10);
	}
	return 0;
}

static int
order_garbage(struct faults *faults, int count, char **words)
{
	if (count != 2)
		return -EINVAL;
	faults->garbage_count = strtol(words[1], NULL, 10);
	return 0;
}

static int
order_hostile(struct faults *faults, int count, char **words)
{
	if (count != 3)
		return -EINVAL;
	if (strcmp(words[1], "deep") == 0)
		faults->deep_count = strtol(words[2], NULL, 10);
	else if (strcmp(words[1], "huge") == 0)
		faults->huge_count = strtol(words[2], NULL, 10);
	else
		return -EINVAL;
	return 0;
}

int
faults_control(struct sim *sim, int count, char **words)
{
	static const struct {
		const char *verb;
		int (*order)(struct faults *, int, char **);
	} orders[] = {
		{ "answer", order_answer },
		{ "fail", order_fail },
		{ "lose-response", order_lose },
		{ "cut-after", order_cut },
		{ "cut-upload-after", order_cut },
		{ "garbage", order_garbage },
		{ "hostile", order_hostile },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].verb, words[0]) == 0)
			return orders[i].order(&sim->faults, count, words);
	}
	return -EOPNOTSUPP;
}
