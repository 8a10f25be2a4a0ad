/*
 * One connection: a libcurl easy handle kept for life, because libcurl keeps
 * the Digest nonce in it, and a multi handle for its one connection.  A
 * connection has no lock: it belongs to the thread that runs it
 * (client/http/http.c gives turns).
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "client/base/stream.h"
#include "client/base/time.h"
#include "client/base/wait.h"
#include "client/http/connection.h"
#include "client/http/exchange.h"
#include "client/http/http.h"

#define HELD_TICK_MS 5
#define UNSENT	     65536 /* bytes that the kernel may hold unsent */
#define IDLE_S	     20	   /* a kept connection older than this is not reused */

struct connection {
	CURL *easy;
	CURLM *multi;
	struct http_limits limits;
	int64_t challenged_ms; /* 0: never */
	int fault;	       /* why no socket was to be had; 0: one was */
	char words[CURL_ERROR_SIZE];
};

/* Little waits unsent in the kernel, so that an upload can be called off. */
static int
on_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	int lowat = UNSENT;

	(void)arg;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
	    sizeof(lowat));
	return CURL_SOCKOPT_OK;
}

/*
 * A resource that this machine lacks is no fault of the printer's.  libcurl
 * would call it a connection that failed.
 */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct connection *connection = arg;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);

	(void)purpose;
	if (fd >= 0)
		return fd;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM)
		connection->fault = -errno;
	return CURL_SOCKET_BAD;
}

/* Where libcurl does not tell: are there no descriptors left?  Or 0. */
static int
find_fault(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -errno : 0;
	close(fd);
	return 0;
}

static int
fault_or(int error)
{
	int fault = find_fault();

	return fault != 0 ? fault : error;
}

static void
set_login(CURL *easy, const struct http_config *config)
{
	if (config->api_key != NULL || config->token != NULL ||
	    config->password == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
	curl_easy_setopt(easy, CURLOPT_USERNAME, config->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, config->password);
}

static void
set_for_life(struct connection *connection, const struct http_config *config)
{
	CURL *easy = connection->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "prusafs/" VERSION);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 131072L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->words);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_on_header);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_on_body);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, exchange_on_read);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, exchange_on_seek);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, connection);
	if (config->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
	set_login(easy, config);
}

void
connection_prepare(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
connection_new(const struct http_config *config, struct connection **out)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return -ENOMEM;
	connection->limits = config->limits;
	connection->multi = curl_multi_init();
	connection->easy = curl_easy_init();
	if (connection->multi == NULL || connection->easy == NULL) {
		connection_free(connection);
		return fault_or(-ENOMEM);
	}
	set_for_life(connection, config);
	*out = connection;
	return 0;
}

void
connection_free(struct connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->easy != NULL)
		curl_easy_cleanup(connection->easy);
	if (connection->multi != NULL)
		curl_multi_cleanup(connection->multi);
	free(connection);
}

int64_t
connection_challenged_ms(const struct connection *connection)
{
	return connection->challenged_ms;
}

const char *
connection_words(const struct connection *connection)
{
	return connection->words;
}

static struct curl_slist *
make_headers(const char *const *lines)
{
	struct curl_slist *list = NULL, *longer;

	for (; *lines != NULL; lines++) {
		longer = curl_slist_append(list, *lines);
		if (longer == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

/* One of the lines may hold an API key. */
static void
free_headers(struct curl_slist *list)
{
	struct curl_slist *line;

	for (line = list; line != NULL; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(list);
}

/* Every option that a former request on this handle may have set. */
static void
set_request(struct connection *connection, struct exchange *x, const char *url,
    struct curl_slist *headers)
{
	CURL *easy = connection->easy;
	const struct http_request *request = x->request;

	curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
	    strcmp(request->method, "GET") == 0 ? NULL : request->method);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)x->limits->connect_ms);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(easy, CURLOPT_READDATA, x);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, x);
	if (request->body != NULL) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)request->body->len);
	}
}

static CURLcode
result_of(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		if (message->msg == CURLMSG_DONE)
			return message->data.result;
	}
	return CURLE_RECV_ERROR;
}

/* Run the prepared handle.  Returns libcurl's verdict; sets x->error. */
static CURLcode
drive(struct connection *connection, struct exchange *x)
{
	CURLM *multi = connection->multi;
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int running = 1;

	if (curl_multi_add_handle(multi, connection->easy) != CURLM_OK) {
		x->error = -ENOMEM;
		return CURLE_OUT_OF_MEMORY;
	}
	for (;;) {
		if (curl_multi_perform(multi, &running) != CURLM_OK) {
			x->error = -ENOMEM;
			break;
		}
		if (running == 0) {
			code = result_of(multi);
			break;
		}
		x->error = exchange_check(x);
		if (x->error != 0) {
			exchange_part(x);
			break;
		}
		curl_multi_poll(multi, NULL, 0,
		    x->held ? HELD_TICK_MS : WAIT_TICK_MS, NULL);
	}
	curl_multi_remove_handle(multi, connection->easy);
	return code;
}

/* A foreign code, and the errno for it. */
struct meaning {
	long code;
	int error;
};

static int
look_up(const struct meaning *rows, size_t count, long code, int otherwise)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (rows[i].code == code)
			return -rows[i].error;
	}
	return otherwise;
}

static int
connect_error(const struct connection *connection)
{
	static const struct meaning rows[] = {
		{ EHOSTUNREACH, EHOSTUNREACH },
		{ ENETUNREACH, EHOSTUNREACH },
		{ ETIMEDOUT, ETIMEDOUT },
		/* No local port is free, or no memory of the kernel's. */
		{ EADDRNOTAVAIL, EADDRNOTAVAIL },
		{ ENOBUFS, ENOBUFS },
		{ ENOMEM, ENOMEM },
	};
	long os_error = 0;

	if (connection->fault != 0)
		return connection->fault;
	curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &os_error);
	return look_up(rows, sizeof(rows) / sizeof(rows[0]), os_error,
	    -EHOSTDOWN);
}

/* Verdicts of before a connection: the fault may be on this side. */
static bool
is_early(CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_OUT_OF_MEMORY || code == CURLE_FAILED_INIT;
}

/*
 * Did something come, and not yet all header lines?  A line longer than its
 * buffer is out of memory to libcurl before 8.6.
 */
static bool
is_amid_headers(CURL *easy, const struct exchange *x)
{
	curl_off_t began = 0;

	curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &began);
	return began > 0 && !x->headed;
}

/* libcurl's verdict as an errno. */
static int
transport_error(const struct connection *connection, const struct exchange *x,
    CURLcode code)
{
	static const struct meaning rows[] = {
		{ CURLE_OK, 0 },
		{ CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH },
		{ CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH },
		{ CURLE_OPERATION_TIMEDOUT, ETIMEDOUT },
		{ CURLE_OUT_OF_MEMORY, ENOMEM },
		{ CURLE_URL_MALFORMAT, EINVAL },
		{ CURLE_UNSUPPORTED_PROTOCOL, EPROTO },
		{ CURLE_WEIRD_SERVER_REPLY, EPROTO },
		{ CURLE_BAD_CONTENT_ENCODING, EPROTO },
		{ CURLE_PEER_FAILED_VERIFICATION, EPROTO },
		{ CURLE_SSL_CONNECT_ERROR, EPROTO },
		{ CURLE_SSL_CACERT_BADFILE, EINVAL },
#if LIBCURL_VERSION_NUM >= 0x080600
		{ CURLE_TOO_LARGE, EPROTO },
#endif
	};
	int fault = 0;

	if (x->error != 0)
		return x->error;
	/* libcurl is content with headers that break off. */
	if (code == CURLE_OK && !x->headed)
		return -EIO;
	if (code == CURLE_COULDNT_CONNECT)
		return connect_error(connection);
	if (code == CURLE_OUT_OF_MEMORY && is_amid_headers(connection->easy, x))
		return -EPROTO;
	if (is_early(code))
		fault = find_fault();
	if (fault != 0)
		return fault;
	return look_up(rows, sizeof(rows) / sizeof(rows[0]), code, -EIO);
}

/* Redirects are not followed: whoever asked may look where they lead. */
static int
note_redirect(const struct connection *connection, struct http_reply *reply)
{
	const char *url = NULL;

	curl_easy_getinfo(connection->easy, CURLINFO_REDIRECT_URL, &url);
	if (reply->status < 300 || reply->status >= 400 || url == NULL)
		return 0;
	return buf_printf(&reply->redirect, "%s", url);
}

/*
 * libcurl repeats a request whose kept connection dies without an answer.
 * What must not be done twice goes over a connection of its own.
 */
static int
hang_up(struct connection *connection)
{
	CURLM *multi = curl_multi_init();

	if (multi == NULL)
		return fault_or(-ENOMEM);
	curl_multi_cleanup(connection->multi);
	connection->multi = multi;
	return 0;
}

int
connection_run(struct connection *connection, const struct wait *wait,
    const struct http_request *request, const char *url,
    const char *const *lines, int64_t connect_ms, struct http_reply *reply)
{
	struct http_limits limits = connection->limits;
	struct exchange x = { .easy = connection->easy,
		.limits = &limits,
		.wait = wait,
		.request = request,
		.reply = reply,
		.moved_ms = time_now_ms() };
	struct curl_slist *headers = make_headers(lines);
	int error = request->once ? hang_up(connection) : 0;

	if (headers == NULL)
		return -ENOMEM;
	if (connect_ms > 0 && connect_ms < limits.connect_ms)
		limits.connect_ms = connect_ms;
	connection->words[0] = '\0';
	connection->fault = 0;
	if (error == 0) {
		set_request(connection, &x, url, headers);
		error = transport_error(connection, &x, drive(connection, &x));
		curl_easy_setopt(connection->easy, CURLOPT_HTTPHEADER, NULL);
	}
	if (error == 0)
		error = note_redirect(connection, reply);
	if (x.challenged_ms != 0)
		connection->challenged_ms = x.challenged_ms;
	/* Lost after the challenge: what was asked has no answer. */
	if (error != 0 && reply->status == 401)
		reply->status = 0;
	reply->sent = x.sent;
	free_headers(headers);
	return error;
}
