/*
 * cache/content: readers of a download that is under way.
 */
#include <pthread.h>

#include "tests/unit/content_rig.h"

/* One who reads a part in a thread of his own. */
struct guest {
	struct content_file *file;
	struct waiter waiter;
	off_t offset;
	ssize_t count;
	char bytes[100];
	pthread_t thread;
};

static void *
read_part(void *arg)
{
	struct guest *guest = arg;
	struct wait wait = waiter_wait(&guest->waiter);

	guest->count = content_read(guest->file, &wait, guest->bytes,
	    sizeof(guest->bytes), guest->offset);
	return NULL;
}

static void
start(struct guest *guest, struct content_file *file, off_t offset)
{
	memset(guest, 0, sizeof(*guest));
	guest->file = file;
	guest->offset = offset;
	pthread_create(&guest->thread, NULL, read_part, guest);
}

static ssize_t
finish(struct guest *guest)
{
	pthread_join(guest->thread, NULL);
	return guest->count;
}

static void
test_head(struct check *check)
{
	struct guest far, end, leaver;
	struct content_file *file;
	struct rig rig;

	set_up(&rig, check);
	fake_allow(&rig.fake, 3000);
	file = open_file(&rig);
	CHECK(check, reads(file, 3000, 0),
	    "what the download has brought can be read");
	CHECK(check, !has(&rig), "a part of the bytes is not all of them");
	start(&far, file, 5000);
	start(&end, file, SIZE - 50);
	start(&leaver, file, 6000);
	CHECK(check,
	    waiter_await(&far.waiter) && waiter_await(&end.waiter) &&
		waiter_await(&leaver.waiter),
	    "what is to come is waited for");
	leaver.waiter.left = true;
	CHECK(check, finish(&leaver) == -EINTR, "a reader can give up");
	CHECK(check, reads(file, 100, 1000),
	    "what is there is read while others wait");
	fake_allow(&rig.fake, 5100);
	CHECK(check, finish(&far) == 100 && fake_is_right(far.bytes, 100, 5000),
	    "one who waited gets his bytes as soon as they are there");
	fake_allow(&rig.fake, SIZE);
	CHECK(check,
	    finish(&end) == 50 && fake_is_right(end.bytes, 50, SIZE - 50),
	    "at the end of the file there are fewer");
	CHECK(check, fetches(&rig) == 1,
	    "that one reader gave up has harmed no others");
	content_close(file);
	tear_down(&rig);
}

static void
test_leaving(struct check *check)
{
	struct content_file *file, *second;
	struct rig rig;

	set_up(&rig, check);
	fake_allow(&rig.fake, 3000);
	file = open_file(&rig);
	second = open_file(&rig);
	reads(file, 10, 0);
	content_close(file);
	CHECK(check,
	    reads(second, 3000, 0) && fake_ended(&rig.fake, FAKE_FETCH) == 0,
	    "a download goes on while one reader stays");
	content_close(second);
	CHECK(check, fake_await_ended(&rig.fake, FAKE_FETCH, 1),
	    "a download ends when the last reader has left");
	fake_allow(&rig.fake, SIZE);
	file = open_file(&rig);
	CHECK(check, reads(file, SIZE, 0) && fetches(&rig) == 2,
	    "the next reader begins anew");
	content_close(file);
	tear_down(&rig);
}

/* The last reader has left, but the download has not ended yet. */
static void
test_coming_back(struct check *check)
{
	struct content_file *file;
	struct guest guest;
	struct rig rig;

	set_up(&rig, check);
	fake_hold(&rig.fake, FAKE_FETCH);
	fake_set_deaf(&rig.fake, true);
	file = open_file(&rig);
	start(&guest, file, 0);
	fake_await_begun(&rig.fake, FAKE_FETCH, 1);
	waiter_await(&guest.waiter);
	guest.waiter.left = true;
	CHECK(check, finish(&guest) == -EINTR, "the only reader gives up");
	content_close(file);
	CHECK(check, fake_await_refused(&rig.fake),
	    "the download is told that nobody wants it");
	file = open_file(&rig);
	start(&guest, file, 0);
	fake_let_go(&rig.fake);
	CHECK(check,
	    finish(&guest) == 100 && fake_is_right(guest.bytes, 100, 0),
	    "a reader who comes before it has ended is not harmed");
	content_close(file);
	tear_down(&rig);
}

static void
test_failure(struct check *check)
{
	struct content_file *file, *other;
	struct guest guest;
	struct rig rig;

	set_up(&rig, check);
	fake_cut(&rig.fake, 5000);
	fake_allow(&rig.fake, 3000);
	file = open_file(&rig);
	other = open_file(&rig);
	start(&guest, other, 8000);
	waiter_await(&guest.waiter);
	fake_allow(&rig.fake, SIZE);
	CHECK(check, finish(&guest) == -EIO,
	    "a download that fails fails those who wait");
	fake_cut(&rig.fake, -1);
	CHECK(check, content_read(file, &forever, guest.bytes, 1, 9000) == -EIO,
	    "it has failed for all who had the file open");
	content_close(file);
	file = open_file(&rig);
	CHECK(check, reads(file, SIZE, 0) && fetches(&rig) == 2,
	    "who opens the file then begins anew");
	content_close(file);
	content_close(other);
	rig.entry.mtime_s = 2;
	fake_set_error(&rig.fake, -ENOENT);
	file = open_file(&rig);
	CHECK(check, content_read(file, &forever, guest.bytes, 1, 0) == -ENOENT,
	    "the printer's refusal is told");
	content_close(file);
	tear_down(&rig);
}

static void
test_stop(struct check *check)
{
	struct content_file *file;
	struct guest guest;
	struct rig rig;

	set_up(&rig, check);
	fake_allow(&rig.fake, 100);
	file = open_file(&rig);
	start(&guest, file, 5000);
	waiter_await(&guest.waiter);
	content_stop(rig.content);
	CHECK(check, finish(&guest) < 0, "the end of the mount ends downloads");
	content_close(file);
	tear_down(&rig);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_head(&check);
	test_leaving(&check);
	test_coming_back(&check);
	test_failure(&check);
	test_stop(&check);
	return check_end(&check);
}
