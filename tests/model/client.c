/*
 * The second client of the printer: HTTP, as a slicer speaks it.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/model/second.h"

#define TRIES 200

struct body {
	const unsigned char *bytes;
	size_t left;
};

static size_t
give(char *out, size_t size, size_t count, void *arg)
{
	struct body *body = arg;
	size_t len = size * count < body->left ? size * count : body->left;

	memcpy(out, body->bytes, len);
	body->bytes += len;
	body->left -= len;
	return len;
}

static size_t
ignore(char *data, size_t size, size_t count, void *arg)
{
	(void)data, (void)arg;
	return size * count;
}

void
client_open(struct second *second)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	second->curl = curl_easy_init();
	if (second->curl == NULL)
		model_fail(second->model, "no curl");
}

void
client_close(struct second *second)
{
	curl_easy_cleanup(second->curl);
	curl_global_cleanup();
}

static void
set_url(struct second *second, const struct place *place)
{
	const struct options *options = second->model->options;
	char url[2 * PATH_SIZE];

	snprintf(url, sizeof(url), "%s/api/v1/files/%s/%s", options->url,
	    options->storage, place->path);
	curl_easy_setopt(second->curl, CURLOPT_URL, url);
}

/* Ask once; returns the status. */
static long
ask(struct second *second, const struct place *place, const char *method,
    const char *header, struct body *body)
{
	const char *const lines[] = { second->model->options->key,
		"Expect:", "Content-Type: text/x.gcode", header };
	struct curl_slist *list = NULL;
	CURL *curl = second->curl;
	CURLcode code;
	long status = 0;
	size_t i;

	curl_easy_reset(curl);
	set_url(second, place);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		list = curl_slist_append(list, lines[i]);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (body != NULL) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)body->left);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
		curl_easy_setopt(curl, CURLOPT_READDATA, body);
	}
	code = curl_easy_perform(curl);
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(list);
	return status;
}

/* As often as the printer is busy. */
static void
insist(struct second *second, const struct place *place, const char *method,
    const char *header, const unsigned char *bytes, size_t size)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	long status = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		struct body body = { bytes, size };

		status = ask(second, place, method, header,
		    bytes != NULL ? &body : NULL);
		if (status >= 200 && status < 300)
			return;
		nanosleep(&pause, NULL);
	}
	model_fail(second->model, "the second client: %s %s is %ld", method,
	    place->path, status);
}

/* A Raspberry Pi's tree follows its disk a moment later. */
static void
await(struct second *second, const struct place *place)
{
	insist(second, place, "GET", "Accept: */*", NULL, 0);
}

void
client_put(struct second *second, const struct place *place,
    const unsigned char *bytes, size_t size)
{
	insist(second, place, "PUT", "Overwrite: ?1", bytes, size);
	await(second, place);
}

void
client_delete(struct second *second, const struct place *place)
{
	insist(second, place, "DELETE", "Accept: */*", NULL, 0);
}

void
client_mkdir(struct second *second, const struct place *place)
{
	insist(second, place, "PUT", "Create-Folder: ?1", NULL, 0);
	await(second, place);
}
