/*
 * A request and its answer, whatever the personality: reading the head line
 * by line, sending head and body, the log line.  An exchange belongs to the
 * thread of its connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/conn.h"
#include "tests/sim/exchange.h"
#include "tests/sim/sim.h"
#include "tests/sim/text.h"

enum {
	LINE_SIZE = 8192,
	CUT_CHUNKED = 10 /* bytes of a chunked body before it breaks off */
};

static const char *const header_names[HEADER_COUNT] = {
	[HEADER_ACCEPT] = "Accept",
	[HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
	[HEADER_API_KEY] = "X-Api-Key",
	[HEADER_AUTHORIZATION] = "Authorization",
	[HEADER_CONNECTION] = "Connection",
	[HEADER_CONTENT_LENGTH] = "Content-Length",
	[HEADER_CONTENT_TYPE] = "Content-Type",
	[HEADER_CREATE_FOLDER] = "Create-Folder",
	[HEADER_EXPECT] = "Expect",
	[HEADER_FORCE] = "Force",
	[HEADER_HOST] = "Host",
	[HEADER_IF_MODIFIED_SINCE] = "If-Modified-Since",
	[HEADER_IF_NONE_MATCH] = "If-None-Match",
	[HEADER_OVERWRITE] = "Overwrite",
	[HEADER_PRINT_AFTER_UPLOAD] = "Print-After-Upload",
	[HEADER_RANGE] = "Range",
	[HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
	[HEADER_USER_AGENT] = "User-Agent",
};

/* The meaning of a byte that lacks, some having come before or not. */
static enum read_result
ended(int error, bool began)
{
	if (error == -ETIMEDOUT)
		return READ_STALL;
	if (error != -ENOTCONN)
		return READ_LOST;
	return began ? READ_CUT : READ_END;
}

/*
 * Read a line without its end.  What does not fit is dropped; *total is the
 * length as sent.
 */
static enum read_result
read_line(struct conn *conn, char *line, size_t size, size_t *total,
    double silence_s)
{
	size_t used = 0;
	int c;

	*total = 0;
	while ((c = conn_byte(conn, silence_s)) != '\n') {
		if (c < 0)
			return ended(c, *total > 0);
		*total += 1;
		if (used + 1 < size)
			line[used++] = (char)c;
	}
	if (used > 0 && used == *total && line[used - 1] == '\r') {
		used--;
		*total -= 1;
	}
	line[used] = '\0';
	return READ_OK;
}

static void
parse_request_line(struct sim_exchange *ex, char *line, size_t total)
{
	char *target = strchr(line, ' ');
	char *version = target == NULL ? NULL : strchr(target + 1, ' ');

	ex->line_len = total;
	strlcpy(ex->method, line,
	    target != NULL && (size_t)(target - line) < sizeof(ex->method) ?
		(size_t)(target - line) + 1 :
		sizeof(ex->method));
	if (target == NULL) {
		ex->malformed = true;
		return;
	}
	target++;
	if (version != NULL)
		*version++ = '\0';
	ex->target_len = strlen(target);
	if (version == NULL && total >= LINE_SIZE)
		ex->target_len = total;
	strlcpy(ex->target, target, sizeof(ex->target));
	ex->malformed = ex->target_len < sizeof(ex->target) &&
	    (version == NULL || strncmp(version, "HTTP/1.", 7) != 0);
	ex->http_1_1 = version != NULL && strcmp(version, "HTTP/1.1") == 0;
}

/* Read a request line; blank lines before it are skipped. */
static enum read_result
read_request_line(struct sim_exchange *ex, struct conn *conn,
    char line[LINE_SIZE], double silence_s)
{
	enum read_result result;
	size_t total;

	do {
		result = read_line(conn, line, LINE_SIZE, &total, silence_s);
	} while (result == READ_OK && total == 0);
	if (result == READ_OK)
		parse_request_line(ex, line, total);
	else if (total > 0)
		strlcpy(ex->method, "?", sizeof(ex->method));
	return result;
}

/*
 * Read what is before the next blanks, line ends included, and those blanks.
 * *next is the byte that follows.
 */
static enum read_result
read_word(struct conn *conn, char *word, size_t size, size_t *total, int *next,
    double silence_s)
{
	size_t used = 0;
	int c = *next;

	*total = 0;
	for (; c >= 0 && c != ' ' && c != '\t';
	     c = conn_byte(conn, silence_s)) {
		*total += 1;
		if (used + 1 < size)
			word[used++] = (char)c;
	}
	word[used] = '\0';
	while (c == ' ' || c == '\t')
		c = conn_byte(conn, silence_s);
	*next = c;
	return c < 0 ? ended(c, true) : READ_OK;
}

/* "HTTP/" in any case, digits and dots. */
static void
parse_version(struct sim_exchange *ex, const char *version)
{
	char *end;
	long major, minor = 0;

	ex->malformed = strncasecmp(version, "HTTP/", 5) != 0 ||
	    version[5] < '0' || version[5] > '9' ||
	    version[5 + strspn(version + 5, "0123456789.")] != '\0';
	if (ex->malformed)
		return;
	major = strtol(version + 5, &end, 10);
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	ex->http_1_1 = major == 1 && minor >= 1;
}

/* Read a request line as the firmware's automaton does: word by word. */
static enum read_result
read_words(struct sim_exchange *ex, struct conn *conn, char line[LINE_SIZE],
    double silence_s)
{
	enum read_result result;
	size_t total;
	int next = conn_byte(conn, silence_s);

	if (next < 0)
		return ended(next, false);
	strlcpy(ex->method, "?", sizeof(ex->method));
	result = read_word(conn, line, LINE_SIZE, &total, &next, silence_s);
	if (result != READ_OK)
		return result;
	strlcpy(ex->method, line, sizeof(ex->method));
	result = read_word(conn, ex->target, sizeof(ex->target),
	    &ex->target_len, &next, silence_s);
	if (result != READ_OK)
		return result;
	if (next == '\n') {
		ex->malformed = true; /* there is no version */
		return READ_OK;
	}
	line[0] = (char)next;
	result = read_line(conn, line + 1, LINE_SIZE - 1, &total, silence_s);
	if (result == READ_OK)
		parse_version(ex, line);
	return result == READ_END ? READ_CUT : result;
}

static void
parse_header(struct sim_exchange *ex, struct conn *conn, char *line)
{
	char *value = strchr(line, ':');

	ex->header_count++;
	if (value == NULL)
		return;
	line[strcspn(line, " \t:")] = '\0';
	*value++ = '\0';
	while (*value == ' ' || *value == '\t')
		value++;
	for (int i = 0; i < HEADER_COUNT; i++) {
		char *before = ex->header[i];

		if (strcasecmp(line, header_names[i]) != 0)
			continue;
		ex->header[i] = before == NULL ?
		    strdup(value) :
		    conn->sim->personality->repeated((enum header)i, before,
			value);
		free(before);
		ex->place[i] = ex->header_count;
	}
}

enum read_result
exchange_read(struct sim_exchange *ex, struct conn *conn, double silence_s)
{
	char *line = malloc(LINE_SIZE);
	enum read_result result;
	size_t total = 0;

	memset(ex, 0, sizeof(*ex));
	ex->announced = -1;
	ex->cut = -1;
	ex->cut_upload = -1;
	if (line == NULL)
		return READ_LOST;
	result = conn->sim->personality->reads_words ?
	    read_words(ex, conn, line, silence_s) :
	    read_request_line(ex, conn, line, silence_s);
	while (result == READ_OK) {
		if (ex->malformed)
			break;
		result = read_line(conn, line, LINE_SIZE, &total, silence_s);
		if (result == READ_END)
			result = READ_CUT;
		if (result != READ_OK || total == 0)
			break;
		if (total > ex->longest)
			ex->longest = total;
		parse_header(ex, conn, line);
	}
	free(line);
	return result;
}

void
exchange_end(struct sim_exchange *ex, struct conn *conn)
{
	if (ex->method[0] != '\0')
		exchange_log(ex, conn);
	for (int i = 0; i < HEADER_COUNT; i++) {
		free(ex->header[i]);
		ex->header[i] = NULL;
	}
}

const char *
exchange_header(const struct sim_exchange *ex, enum header which)
{
	return ex->header[which] == NULL ? "" : ex->header[which];
}

void
exchange_log(struct sim_exchange *ex, struct conn *conn)
{
	const char *agent = exchange_header(ex, HEADER_USER_AGENT);
	struct text line = { 0 };
	struct timespec now;

	if (ex->logged)
		return;
	ex->logged = true;
	clock_gettime(CLOCK_REALTIME, &now);
	text_printf(&line,
	    "{\"time\":%lld.%06ld,\"personality\":\"%s\",\"connection\":%ld,",
	    (long long)now.tv_sec, now.tv_nsec / 1000,
	    conn->sim->personality->name, conn->number);
	text_puts(&line, "\"agent\":");
	text_json(&line, text_is_utf8(agent) ? agent : "?");
	text_puts(&line, ",\"method\":");
	text_json(&line, text_is_utf8(ex->method) ? ex->method : "?");
	text_puts(&line, ",\"target\":");
	text_json(&line, text_is_utf8(ex->target) ? ex->target : "?");
	text_printf(&line,
	    ",\"status\":%d,\"in\":%lld,\"out\":%lld,\"content_length\":%lld}"
	    "\n",
	    ex->status, ex->in, ex->out, ex->announced);
	if (!line.failed)
		sim_log(conn->sim, line.data, line.len);
	text_free(&line);
}

/* Does this much of the body still leave, as far as the faults allow? */
static void
count_out(struct sim_exchange *ex, long long len)
{
	if (ex->cut >= 0 && ex->out + len > ex->cut)
		len = ex->cut > ex->out ? ex->cut - ex->out : 0;
	ex->out += len;
}

static bool
prepare(struct sim_exchange *ex, struct conn *conn, int status,
    const struct text *head, long long announced)
{
	sim_gate(conn->sim);
	sim_sleep(conn->sim,
	    (double)atomic_load(&conn->sim->latency_ms) / 1000);
	if (ex->lose || head->failed || !server_may_answer(conn->sim)) {
		conn->dead = true;
		return false;
	}
	ex->status = status;
	ex->announced = announced;
	if (ex->cut_body)
		ex->cut = (long long)head->len +
		    (announced > 0 ? announced / 2 : CUT_CHUNKED);
	if (ex->cut >= 0) {
		conn_limit(conn, ex->cut);
		ex->cut -= (long long)head->len;
		if (ex->cut < 0)
			ex->cut = 0;
	}
	return true;
}

void
exchange_answer(struct sim_exchange *ex, struct conn *conn, int status,
    const struct text *head, const void *body, size_t len)
{
	struct text whole = { 0 };

	if (!prepare(ex, conn, status, head, (long long)len))
		return;
	count_out(ex, (long long)len);
	exchange_log(ex, conn);
	text_add(&whole, head->data, head->len);
	text_add(&whole, body, len);
	if (!whole.failed)
		conn_send(conn, whole.data, whole.len);
	text_free(&whole);
}

void
exchange_begin(struct sim_exchange *ex, struct conn *conn, int status,
    const struct text *head, long long announced)
{
	if (prepare(ex, conn, status, head, announced))
		conn_send(conn, head->data, head->len);
}

void
exchange_piece(struct sim_exchange *ex, struct conn *conn, const void *data,
    size_t len, bool last)
{
	if (conn->dead)
		return;
	count_out(ex, (long long)len);
	if (last)
		exchange_log(ex, conn);
	conn_send_paced(conn, data, len);
}

static void
file_leaves(struct sim_exchange *ex, struct conn *conn)
{
	if (ex->leaving != NULL)
		ex->leaving(ex->leaving_arg);
	exchange_log(ex, conn);
}

int
exchange_answer_file(struct sim_exchange *ex, struct conn *conn, int status,
    const struct text *head, int fd, off_t size)
{
	off_t tail = size > 0 ? 1 : 0;
	off_t sent = 0;
	int error;

	if (!prepare(ex, conn, status, head, size))
		return -EPIPE;
	if (size == 0)
		file_leaves(ex, conn);
	conn_cork(conn, true);
	error = conn_send(conn, head->data, head->len);
	if (error == 0 && size > tail)
		error = conn_send_file(conn, fd, size - tail, &sent);
	count_out(ex, sent);
	if (error == 0) {
		count_out(ex, tail);
		file_leaves(ex, conn);
		error = conn_send_file(conn, fd, tail, &sent);
	}
	conn_cork(conn, false);
	return error;
}

ssize_t
exchange_receive(struct sim_exchange *ex, struct conn *conn, void *out,
    size_t len, double silence_s)
{
	ssize_t got;

	if (ex->cut_upload >= 0) {
		if (ex->in >= ex->cut_upload) {
			conn->dead = true;
			return -EPIPE;
		}
		if ((long long)len > ex->cut_upload - ex->in)
			len = (size_t)(ex->cut_upload - ex->in);
	}
	got = conn_receive_paced(conn, out, len, silence_s);
	if (got > 0)
		ex->in += got;
	return got;
}
