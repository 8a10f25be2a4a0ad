/*
 * fs/list of uploads: the story of each upload, as uploads.json tells it.
 */
#include <errno.h>
#include <pthread.h>

#include <cjson/cJSON.h>

#include "client/base/buf.h"
#include "client/base/json.h"
#include "fs/core/upload_list.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define REMEMBERED 50

/* The story as a tree (caller: cJSON_Delete), or NULL. */
static cJSON *
read_story(struct upload_list *uploads)
{
	struct buf text = { 0 };
	cJSON *tree = NULL;

	if (upload_list_text(uploads, NULL, &text) != 0 ||
	    json_parse(buf_text(&text), text.len, &tree) != 0)
		tree = NULL;
	buf_free(&text);
	return tree;
}

static const cJSON *
uploads_of(const cJSON *story)
{
	return cJSON_GetObjectItemCaseSensitive(story, "uploads");
}

/* The entry with that number; negative ones count from the end. */
static const cJSON *
entry_at(const cJSON *story, int number)
{
	int count = cJSON_GetArraySize(uploads_of(story));

	return cJSON_GetArrayItem(uploads_of(story),
	    number < 0 ? count + number : number);
}

static bool
says(const cJSON *entry, const char *name, const char *value)
{
	const char *text = json_string(entry, name);

	return value == NULL ? text == NULL :
			       text != NULL && strcmp(text, value) == 0;
}

static bool
is_number(const cJSON *entry, const char *name, double value)
{
	double number;

	return json_number(entry, name, &number) && number > value - 0.001 &&
	    number < value + 0.001;
}

static bool
has(const cJSON *entry, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(entry, name) != NULL;
}

static void
test_empty(struct check *check, struct upload_list *uploads)
{
	struct buf text = { 0 };

	CHECK(check,
	    upload_list_text(uploads, NULL, &text) == 0 &&
		strcmp(buf_text(&text), "{\"uploads\":[]}\n") == 0,
	    "a new ledger has no uploads");
	buf_free(&text);
	upload_list_settle(uploads, AWAIT_MS);
	CHECK(check, true, "where nothing is under way all is settled");
}

static void
test_course(struct check *check, struct upload_list *uploads)
{
	struct upload_list_entry *entry = upload_list_begin(uploads,
	    "usb/a.gcode", 1000);
	cJSON *story = read_story(uploads);
	const cJSON *told = entry_at(story, 0);
	double begun;

	CHECK(check,
	    says(told, "path", "usb/a.gcode") && says(told, "state", "waiting"),
	    "a new upload waits");
	CHECK(check,
	    is_number(told, "size", 1000) && is_number(told, "bytes", 0) &&
		is_number(told, "percent", 0),
	    "nothing of it has been sent");
	CHECK(check,
	    json_number(told, "started", &begun) &&
		begun <= (double)time(NULL) && begun > (double)time(NULL) - 60,
	    "it began just now");
	CHECK(check,
	    !has(told, "rate") && !has(told, "seconds_left") &&
		!has(told, "verdict") && !has(told, "message"),
	    "what is not known is left out");
	cJSON_Delete(story);
	upload_list_sent(entry, 0);
	upload_list_sent(entry, 250);
	story = read_story(uploads);
	told = entry_at(story, 0);
	CHECK(check,
	    says(told, "state", "sending") && is_number(told, "bytes", 250) &&
		is_number(told, "percent", 25),
	    "a quarter of it has been sent");
	cJSON_Delete(story);
	upload_list_end(entry, 0, "");
	story = read_story(uploads);
	told = entry_at(story, 0);
	CHECK(check,
	    cJSON_GetArraySize(uploads_of(story)) == 1 &&
		says(told, "state", "stored") && !has(told, "verdict") &&
		!has(told, "message") && !has(told, "seconds_left"),
	    "it has been stored, without a word");
	cJSON_Delete(story);
}

static void
test_rate(struct check *check, struct upload_list *uploads)
{
	struct upload_list_entry *entry = upload_list_begin(uploads,
	    "usb/r.gcode", 4000000);
	cJSON *story = NULL;
	const cJSON *told = NULL;
	double rate = 0, left = -1;
	int i;

	upload_list_sent(entry, 0);
	for (i = 0; i < 1000 && rate <= 0; i++) {
		check_nap();
		upload_list_sent(entry, 1000000);
		cJSON_Delete(story);
		story = read_story(uploads);
		told = entry_at(story, -1);
		json_number(told, "rate", &rate);
	}
	CHECK(check,
	    rate > 0 && json_number(told, "seconds_left", &left) && left >= 0 &&
		left <= 3000000 / rate,
	    "while it is sent its rate and the time that is left are told");
	cJSON_Delete(story);
	upload_list_end(entry, 0, "");
	story = read_story(uploads);
	told = entry_at(story, -1);
	CHECK(check, has(told, "rate") && !has(told, "seconds_left"),
	    "when it is stored no time is left");
	cJSON_Delete(story);
}

static void
test_failure(struct check *check, struct upload_list *uploads)
{
	struct upload_list_entry *entry = upload_list_begin(uploads,
	    "usb/f.gcode", 10);
	cJSON *story;

	upload_list_sent(entry, 10);
	upload_list_end(entry, -ENOSPC, "USB drive is full");
	story = read_story(uploads);
	CHECK(check,
	    says(entry_at(story, -1), "state", "failed") &&
		says(entry_at(story, -1), "verdict", strerror(ENOSPC)) &&
		says(entry_at(story, -1), "message", "USB drive is full"),
	    "a failure is told with its reason and the printer's words");
	cJSON_Delete(story);
	entry = upload_list_begin(uploads, "usb/w.gcode", 10);
	upload_list_end(entry, -EINTR, "");
	story = read_story(uploads);
	CHECK(check,
	    says(entry_at(story, -1), "state", "failed") &&
		is_number(entry_at(story, -1), "bytes", 0) &&
		!has(entry_at(story, -1), "message"),
	    "an upload can fail before its first byte");
	cJSON_Delete(story);
	entry = upload_list_begin(uploads, "usb/e.gcode", 0);
	story = read_story(uploads);
	CHECK(check, is_number(entry_at(story, -1), "percent", 0),
	    "of nothing no part is sent");
	cJSON_Delete(story);
	upload_list_end(entry, 0, "Saved with another name");
	story = read_story(uploads);
	CHECK(check,
	    says(entry_at(story, -1), "state", "stored") &&
		says(entry_at(story, -1), "message", "Saved with another name"),
	    "the printer may say something about a success");
	cJSON_Delete(story);
}

static void
test_names(struct check *check, struct upload_list *uploads)
{
	const char *path = "usb/\"quoted\" \\ Größe 漢字 {}.gcode";
	struct upload_list_entry *entry = upload_list_begin(uploads, path, 1);
	cJSON *story;

	upload_list_end(entry, -EIO, "line one\nline \"two\"\x01");
	story = read_story(uploads);
	CHECK(check, says(entry_at(story, -1), "path", path),
	    "any name is told as it is");
	CHECK(check,
	    says(entry_at(story, -1), "message", "line one\nline \"two\"\x01"),
	    "any words are told as they are");
	cJSON_Delete(story);
}

/* Words end at a limit, but not within a character. */
static void
test_long_words(struct check *check, struct upload_list *uploads,
    const char *beginning)
{
	struct upload_list_entry *entry = upload_list_begin(uploads,
	    "usb/l.gcode", 1);
	char words[1000] = "";
	const char *told;
	cJSON *story;
	int i;

	strlcat(words, beginning, sizeof(words));
	for (i = 0; i < 300; i++)
		strlcat(words, "é", sizeof(words));
	upload_list_end(entry, -EIO, words);
	story = read_story(uploads);
	told = json_string(entry_at(story, -1), "message");
	CHECK(check,
	    told != NULL && strlen(told) > 100 &&
		strncmp(told, words, strlen(told)) == 0,
	    "of many words the first are told");
	CHECK(check, told != NULL && mbstowcs(NULL, told, 0) != (size_t)-1,
	    "words do not end in the middle of a character");
	cJSON_Delete(story);
}

static void
test_limit(struct check *check)
{
	struct upload_list *uploads;
	struct upload_list_entry *running;
	const cJSON *first, *last;
	cJSON *story;
	char path[64];
	int i;

	if (upload_list_new(&uploads) != 0)
		return;
	running = upload_list_begin(uploads, "usb/running.gcode", 1);
	for (i = 0; i < REMEMBERED + 10; i++) {
		snprintf(path, sizeof(path), "usb/%d.gcode", i);
		upload_list_end(upload_list_begin(uploads, path, 1), 0, "");
	}
	story = read_story(uploads);
	CHECK(check, cJSON_GetArraySize(uploads_of(story)) == REMEMBERED + 1,
	    "the last %d uploads that ended are remembered", REMEMBERED);
	first = entry_at(story, 0);
	CHECK(check, says(first, "path", "usb/running.gcode"),
	    "an upload that is under way is never forgotten");
	first = entry_at(story, 1);
	last = entry_at(story, -1);
	CHECK(check,
	    says(first, "path", "usb/10.gcode") &&
		says(last, "path", "usb/59.gcode"),
	    "the oldest comes first and is forgotten first");
	cJSON_Delete(story);
	upload_list_end(running, 0, "");
	story = read_story(uploads);
	CHECK(check, cJSON_GetArraySize(uploads_of(story)) == REMEMBERED,
	    "when the running one ends too the limit holds");
	cJSON_Delete(story);
	upload_list_free(uploads);
}

struct settling {
	struct upload_list *uploads;
	atomic_bool settled;
};

static void *
settle(void *arg)
{
	struct settling *settling = arg;

	upload_list_settle(settling->uploads, 3 * AWAIT_MS);
	atomic_store(&settling->settled, true);
	return NULL;
}

static void
test_settle(struct check *check, struct upload_list *uploads)
{
	struct settling settling = { .uploads = uploads };
	struct upload_list_entry *first = upload_list_begin(uploads,
	    "usb/1.gcode", 1);
	struct upload_list_entry *second = upload_list_begin(uploads,
	    "usb/2.gcode", 1);
	pthread_t thread;

	upload_list_settle(uploads, 5);
	CHECK(check, true, "one can wait for a limited time");
	pthread_create(&thread, NULL, settle, &settling);
	upload_list_end(second, 0, "");
	check_nap();
	CHECK(check, !settling.settled,
	    "while an upload is under way all is not settled");
	upload_list_end(first, -EIO, "");
	AWAIT(settling.settled);
	CHECK(check, settling.settled, "when the last one ends all is settled");
	pthread_join(thread, NULL);
}

int
main(void)
{
	struct check check;
	struct upload_list *uploads;

	check_begin(&check);
	if (upload_list_new(&uploads) != 0)
		return 1;
	test_empty(&check, uploads);
	test_course(&check, uploads);
	test_rate(&check, uploads);
	test_failure(&check, uploads);
	test_names(&check, uploads);
	test_long_words(&check, uploads, "");
	test_long_words(&check, uploads, "x");
	test_settle(&check, uploads);
	upload_list_sent(NULL, 1);
	upload_list_end(NULL, 0, "");
	CHECK(&check, true, "an upload without an entry can go on");
	upload_list_free(uploads);
	upload_list_free(NULL);
	test_limit(&check);
	return check_end(&check);
}
