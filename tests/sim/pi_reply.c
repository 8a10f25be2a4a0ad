/*
 * PrusaLink's answers: HTTP/1.0 heads with date and server, error pages as
 * JSON, HTML or text, the framework's own HTML pages.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "tests/sim/faults.h"
#include "tests/sim/pi.h"
#include "tests/sim/reply.h"

struct error_row {
	int status;
	const char *title;
	const char *text;
	const char *id; /* of the error's page; NULL: none */
};

static const struct error_row errors[] = {
	[PI_BAD_REQUEST] = { 400, "Bad Request", "Bad request.", NULL },
	[PI_SAME_DESTINATION] = { 400, "Destination same as source",
	    "Destination to move file is same as the source of the file",
	    "destination-same-as-source" },
	[PI_NO_FILE] = { 400, "Missing file in payload.",
	    "File is not send in request payload or it hasn't right name.",
	    "no-file-in-request" },
	[PI_SIZE_MISMATCH] = { 400, "File Size Mismatch",
	    "You sent more or less data than is in Content-Length header.",
	    "file-size-mismatch" },
	[PI_FORBIDDEN_CHARACTERS] = { 400, "Forbidden Characters",
	    "Forbidden characters in file or folder name.",
	    "forbidden-characters" },
	[PI_NAME_TOO_LONG] = { 400, "Filename Too Long",
	    "File name length is too long", "filename-too-long" },
	[PI_FOLDER_TOO_LONG] = { 400, "Foldername Too Long",
	    "Folder name length is too long", "foldername-too-long" },
	[PI_NO_HOST] = { 400, "Can't resolve hostname",
	    "Can't resolve PrusaConnect hostname", "cant-resolve-hostname" },
	[PI_TOO_COLD] = { 400, "Temperature too low",
	    "Desired temperature is too low", "temperature-too-low" },
	[PI_TOO_HOT] = { 400, "Temperature too high",
	    "Desired temperature is too high", "temperature-too-high" },
	[PI_UPLOAD_FAILED] = { 400, "File Upload Failed",
	    "File upload has failed", "file-upload-failed" },
	[PI_FORBIDDEN] = { 403, "Forbidden",
	    "You don not have permission to access this.", "forbidden" },
	[PI_NOT_FOUND] = { 404, "Not Found", "Resource you want not found.",
	    "not-found" },
	[PI_FILE_NOT_FOUND] = { 404, "File Not Found",
	    "File you want was not found.", "not-found" },
	[PI_FOLDER_NOT_FOUND] = { 404, "Folder Not Found",
	    "Folder you want was not found.", "not-found" },
	[PI_LOCATION_NOT_FOUND] = { 404, "Location Not Found",
	    "Location not found, use local.", "location-not-found" },
	[PI_NOT_CURRENT_JOB] = { 404, "Not Current Job",
	    "Given job id does not belong to current job", NULL },
	[PI_PRINTING] = { 409, "Printer is currently printing",
	    "Printer is currently printing.", NULL },
	[PI_NOT_PRINTING] = { 409, "Printer Is Not Printing",
	    "Operation you want can only be done when printer is printing.",
	    NULL },
	[PI_NOT_PAUSED] = { 409, "Printer Is Not Paused",
	    "Operation you want can only be done when printer is paused.",
	    NULL },
	[PI_NOT_ABLE] = { 409, "Not in state to print",
	    "Printer is not in state to print.", "not-state-to-print" },
	[PI_FILE_PRINTED] = { 409, "File is currently printed",
	    "You try to do an operation with the file, which is currently "
	    "printed.",
	    "file-currently-printed" },
	[PI_FILE_EXISTS] = { 409, "File Already Exists", "File already exists.",
	    "file-already-exists" },
	[PI_FOLDER_EXISTS] = { 409, "Folder Already Exists",
	    "Folder already exists.", "folder-already-exists" },
	[PI_NOT_EMPTY] = { 409, "Directory is not empty",
	    "Directory can't be deleted, because it's not empty.",
	    "directory-not-empty" },
	[PI_TRANSFER_CONFLICT] = { 409, "Already in transfer process",
	    "Only one file at time can be transferred.", "transfer-conflict" },
	[PI_CARD_READ_ONLY] = { 409, "SD Card Read Only",
	    "SD Card storage is read only.", "entity-too-large" },
	[PI_REQUEST_TIMEOUT] = { 408, "Request timeout.",
	    "PrusaLink got tired of waiting for your request. cancelled "
	    "upload?",
	    "request-timeout" },
	[PI_NO_THUMBNAIL] = { 410, "Thumbnail Unavailable",
	    "Thumbnail is unavailable.", NULL },
	[PI_LENGTH_REQUIRED] = { 411, "Length Required",
	    "Missing Content-Length header or no content in request.",
	    "length-required" },
	[PI_TOO_LARGE] = { 413, "Request Entity Too Large",
	    "Not enough space in storage.", "entity-too-large" },
	[PI_NOT_SUPPORTED] = { 415, "Not Supported File Type",
	    "Uploaded file type is not supported.", "not-supported-file-type" },
	[PI_UNSUPPORTED] = { 415, "Unsupported Media Type",
	    "Only G-Code for FDM printer can be uploaded.",
	    "unsupported-media-type" },
	[PI_INTERNAL] = { 500, "Internal Server Error",
	    "We're sorry, but there is a error in service. Please try again "
	    "later.",
	    "internal-server-error" },
	[PI_NOT_IN_TREE] = { 500, "Response Timeout",
	    "There is some problem on PrusaLink.", "response-timeout" },
	[PI_UNAVAILABLE] = { 503, "Printer Unavailable.",
	    "PrusaLink not finished initializing or Printer not connected.",
	    "printer-unavailable" },
};

static const char html_type[] = "text/html; charset=utf-8";
static const char json_type[] = "application/json; charset=utf-8";

void
pi_head(struct text *head, int status, const char *type, const char *extra,
    long long len)
{
	char date[32];

	text_date(date, time(NULL));
	reply_line(head, REPLY_PI, 0, status);
	text_printf(head,
	    "Date: %s\r\nServer: PrusaLink\r\n"
	    "Content-Type: %s\r\n%sContent-Length: %lld\r\n\r\n",
	    date, type, extra, len);
}

void
pi_send(struct pi_call *call, int status, const char *type, const char *extra,
    const void *body, size_t len)
{
	struct text head = { 0 };

	pi_head(&head, status, type, extra, (long long)len);
	exchange_answer(call->ex, call->conn, status, &head, body, len);
	text_free(&head);
}

void
pi_empty(struct pi_call *call, int status)
{
	pi_send(call, status, html_type, "", "", 0);
}

void
pi_json(struct pi_call *call, int status, const char *extra,
    const struct text *json)
{
	struct text other = { 0 };

	json = faults_body(call->ex, status, json, &other);
	pi_send(call, status, json_type, extra, text_string(json), json->len);
	text_free(&other);
}

void
pi_json_string(struct pi_call *call, int status, const char *json)
{
	pi_send(call, status, json_type, "", json, strlen(json));
}

void
pi_message(struct pi_call *call, int status, const char *format, ...)
{
	struct text json = { 0 };
	va_list args;

	va_start(args, format);
	reply_message(&json, "{\"message\": ", format, args);
	va_end(args);
	pi_json(call, status, "", &json);
	text_free(&json);
}

void
pi_html(struct pi_call *call, int status, const char *extra)
{
	const char *reason = reply_reason(REPLY_PI, status);
	struct text body = { 0 };

	text_printf(&body,
	    "<!DOCTYPE html>\n<html>\n <head>\n  <title>%d - %s</title>\n"
	    " </head>\n <body>\n  <h1>%d - %s</h1>\n </body>\n</html>\n",
	    status, reason, status, reason);
	pi_send(call, status, html_type, extra, text_string(&body), body.len);
	text_free(&body);
}

static bool
accepts(const struct pi_call *call, const char *type)
{
	return strstr(exchange_header(call->ex, HEADER_ACCEPT), type) != NULL;
}

static void
error_json(struct text *body, const struct error_row *row, const char *url)
{
	text_puts(body, "{\"title\": ");
	text_json(body, row->title);
	text_puts(body, ", \"message\": ");
	text_json(body, row->text);
	if (url[0] != '\0') {
		text_puts(body, ", \"url\": ");
		text_json(body, url);
	}
	text_puts(body, "}");
}

static void
send_error(struct pi_call *call, const struct error_row *row)
{
	struct text url = { 0 }, extra = { 0 }, body = { 0 };
	const char *type = "text/plain; charset=utf-8";

	if (row->id != NULL) {
		text_printf(&url, "http://%s/error/%s",
		    exchange_header(call->ex, HEADER_HOST), row->id);
		text_printf(&extra, "Content-Location: %s\r\n",
		    text_string(&url));
	}
	if (accepts(call, "application/json")) {
		type = json_type;
		error_json(&body, row, text_string(&url));
	} else if (accepts(call, "text/html")) {
		type = html_type;
		text_printf(&body,
		    "<!DOCTYPE html>\n<html><head><title>%s</title></head>"
		    "<body><h1>%s</h1><p>%s</p></body></html>\n",
		    row->title, row->title, row->text);
	} else {
		text_printf(&body, "%s\n%s\n%s%s", row->title, row->text,
		    url.len > 0 ? "\n\nSee: " : "", text_string(&url));
	}
	pi_send(call, row->status, type, text_string(&extra),
	    text_string(&body), body.len);
	text_free(&url);
	text_free(&extra);
	text_free(&body);
}

void
pi_error(struct pi_call *call, enum pi_error error)
{
	send_error(call, &errors[error]);
}

void
pi_error_page(struct pi_call *call)
{
	static const size_t count = sizeof(errors) / sizeof(errors[0]);

	for (size_t i = 0; i < count; i++) {
		if (errors[i].id != NULL &&
		    strcmp(errors[i].id, call->arg[0]) == 0) {
			send_error(call, &errors[i]);
			return;
		}
	}
	pi_nothing(call);
}

/* Do the error pages cover the request's method? */
static bool
has_pages(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	    strcmp(method, "POST") == 0;
}

void
pi_crash(struct pi_call *call)
{
	if (has_pages(call->ex->method))
		pi_error(call, PI_INTERNAL);
	else
		pi_html(call, 500, "");
}

void
pi_nothing(struct pi_call *call)
{
	if (has_pages(call->ex->method))
		pi_error(call, PI_NOT_FOUND);
	else
		pi_html(call, 404, "");
}

bool
pi_json_head(struct sim_exchange *ex, struct text *head, long long len)
{
	(void)ex;
	pi_head(head, 200, json_type, "", len);
	return false;
}

void
pi_fail(struct conn *conn, struct sim_exchange *ex, int status,
    const char *message)
{
	struct pi_call call = { .sim = conn->sim, .conn = conn, .ex = ex };
	struct error_row row = { status, reply_reason(REPLY_PI, status),
		message, NULL };

	send_error(&call, &row);
}
