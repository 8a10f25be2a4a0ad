/*
 * A request on its way: libcurl calls back with header
 * lines and bytes, and in between somebody has to notice that nothing moves
 * or that nobody waits any more.  An exchange belongs to its thread.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "client/base/stream.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/exchange.h"
#include "client/http/http.h"

#define HEADERS	  65536 /* bytes of all header lines of an answer */
#define STORED_MS 60000 /* after an upload's last byte: the printer syncs */
#define LAST	  4096	/* bytes of a body that go out last */
#define PARTING	  100	/* ms to read what is left before hanging up */

/* From the status line on, everything belongs to a new answer. */
static void
note_status(struct exchange *x, const char *line, size_t len)
{
	char text[32];
	int status;

	snprintf(text, sizeof(text), "%.*s", (int)(len < 31 ? len : 31), line);
	if (sscanf(text, "HTTP/%*s %d", &status) != 1)
		return;
	x->reply->status = status;
	buf_clear(&x->reply->body);
	x->reply->received = 0;
	if (status == 401)
		x->challenged_ms = time_now_ms();
}

static void
note_realm(struct exchange *x, const char *line, size_t len)
{
	static const char name[] = "WWW-Authenticate:";
	char text[256];
	char *realm, *end;

	if (len < sizeof(name) ||
	    strncasecmp(line, name, sizeof(name) - 1) != 0)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)(len < 255 ? len : 255),
	    line);
	realm = strcasestr(text, "realm=\"");
	if (realm == NULL)
		return;
	realm += strlen("realm=\"");
	end = strchr(realm, '"');
	if (end != NULL)
		*end = '\0';
	strlcpy(x->reply->realm, realm, sizeof(x->reply->realm));
}

size_t
exchange_on_header(char *line, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t len = size * count;

	x->moved_ms = time_now_ms();
	x->headers += len;
	if (x->headers > HEADERS) {
		x->error = -EPROTO;
		return 0;
	}
	x->headed = len <= 2; /* the empty line is the last */
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
		note_status(x, line, len);
	else
		note_realm(x, line, len);
	return len;
}

static int
to_sink(struct exchange *x, const void *data, size_t len)
{
	const struct sink *sink = x->request->sink;
	curl_off_t announced = -1;
	int error = 0;

	if (!x->begun) {
		curl_easy_getinfo(x->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
		    &announced);
		x->begun = true;
		error = sink->begin(sink->arg, announced);
	}
	return error != 0 ? error : sink->write(sink->arg, data, len);
}

size_t
exchange_on_body(char *data, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	struct http_reply *reply = x->reply;
	size_t len = size * count;

	x->moved_ms = time_now_ms();
	reply->received += (off_t)len;
	if (x->request->sink != NULL && http_error(reply) == 0)
		x->error = to_sink(x, data, len);
	else if (reply->body.len + len > HTTP_BODY)
		x->error = -EPROTO;
	else
		x->error = buf_append(&reply->body, data, len);
	return x->error == 0 ? len : 0;
}

/* Bytes that the kernel still holds, by one of the SIOCOUTQ requests. */
static int
queued_bytes(const struct exchange *x, unsigned long request)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	int queued = 0;

	curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD || ioctl(fd, request, &queued) != 0)
		return 0;
	return queued;
}

/* How many more bytes go out before what is to be held back; -1: no limit. */
static off_t
left_to_hold(const struct exchange *x)
{
	const struct hold *hold = x->request->hold;

	return hold == NULL || x->released ? -1 : hold->at - x->sent;
}

/*
 * The last bytes are held back until all others are on the wire: while they
 * are missing an upload can still be called off, for what the kernel holds
 * goes out in any case.
 */
size_t
exchange_on_read(char *out, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	const struct source *body = x->request->body;
	off_t left = body->len - x->sent, to_hold = left_to_hold(x);
	size_t room = size * count;
	ssize_t len;

	x->moved_ms = time_now_ms();
	if (to_hold == 0 ||
	    (left > 0 && left <= LAST && queued_bytes(x, SIOCOUTQNSD) > 0)) {
		x->held = true;
		return CURL_READFUNC_PAUSE;
	}
	if (left > LAST)
		left -= LAST;
	if (to_hold > 0 && left > to_hold)
		left = to_hold;
	len = body->read(body->arg, out,
	    (off_t)room < left ? room : (size_t)left, x->sent);
	if (len < 0) {
		x->error = (int)len;
		return CURL_READFUNC_ABORT;
	}
	x->sent += len;
	return (size_t)len;
}

/* libcurl sends a body again after a stale nonce was refused. */
int
exchange_on_seek(void *arg, int64_t offset, int origin)
{
	struct exchange *x = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	x->sent = offset;
	return CURL_SEEKFUNC_OK;
}

/* All that goes out before it was acknowledged, and no answer came. */
static int
release(struct exchange *x)
{
	const struct hold *hold = x->request->hold;
	int error = hold->release(hold->arg);

	x->released = error == 0;
	x->moved_ms = time_now_ms();
	return error;
}

/* Bytes still queued in the kernel count as not sent; shrinking is movement. */
static int
watch_queue(struct exchange *x)
{
	int queued = queued_bytes(x, SIOCOUTQ), error;

	if (queued != x->queued)
		x->moved_ms = time_now_ms();
	x->queued = queued;
	if (!x->held ||
	    (x->reply->status < 300 && queued_bytes(x, SIOCOUTQNSD) > 0))
		return 0;
	if (x->reply->status < 200 && left_to_hold(x) == 0) {
		if (queued > 0)
			return 0;
		error = release(x);
		if (error != 0)
			return error;
	}
	x->held = false;
	curl_easy_pause(x->easy, CURLPAUSE_CONT);
	return 0;
}

/* How long may nothing move now? */
static int64_t
patience_ms(const struct exchange *x)
{
	const struct http_limits *limits = x->limits;
	const struct source *body = x->request->body;

	if (!x->connected)
		return limits->connect_ms + 1000;
	if (x->reply->status != 0 && x->reply->status != 401)
		return limits->stall_ms;
	if (body == NULL)
		return limits->answer_ms;
	if (x->sent < body->len || x->queued > 0)
		return limits->stall_ms;
	return x->request->more_ms +
	    (limits->answer_ms > STORED_MS ? limits->answer_ms : STORED_MS);
}

int
exchange_check(struct exchange *x)
{
	curl_off_t started = 0;
	int error = 0;

	if (!x->released && wait_given_up(x->wait))
		return -EINTR;
	if (!x->connected) {
		curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T,
		    &started);
		x->connected = started > 0;
		if (x->connected)
			x->moved_ms = time_now_ms();
	}
	if (x->request->body != NULL)
		error = watch_queue(x);
	if (error != 0)
		return error;
	return time_now_ms() - x->moved_ms > patience_ms(x) ? -ETIMEDOUT : 0;
}

/*
 * Leave an unfinished upload in an orderly way: say that no more will come,
 * read what the server says, then close.  PrusaLink on a Raspberry Pi never
 * frees its transfer slot after a TCP reset.
 */
void
exchange_part(struct exchange *x)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	struct pollfd ready = { .events = POLLIN };
	int64_t until = time_now_ms() + PARTING;
	char scrap[4096];

	curl_easy_getinfo(x->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (x->request->body == NULL || fd == CURL_SOCKET_BAD)
		return;
	shutdown(fd, SHUT_WR);
	ready.fd = fd;
	for (;;) {
		int64_t left = until - time_now_ms();

		if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
			return;
		if (recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT) <= 0)
			return;
	}
}
