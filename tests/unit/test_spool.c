/*
 * cache/spool: the bytes of one file.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "cache/spool.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

#define SIZE 5000

static const struct wait forever = { 0 };

static struct spool *
make(const char *dir, const char *text)
{
	struct spool *spool;

	if (spool_new(dir, &spool) != 0 ||
	    spool_write(spool, text, strlen(text), 0) !=
		(ssize_t)strlen(text)) {
		printf("Bail out! no spool\n");
		exit(1);
	}
	return spool;
}

static bool
says(struct spool *spool, const char *text)
{
	char bytes[64];

	return spool_size(spool) == (off_t)strlen(text) &&
	    spool_read(spool, &forever, bytes, sizeof(bytes), 0) ==
	    (ssize_t)strlen(text) &&
	    memcmp(bytes, text, strlen(text)) == 0;
}

static int
count_files(const char *dir)
{
	const struct dirent *entry;
	DIR *broadcast = opendir(dir);
	int count = 0;

	if (broadcast == NULL)
		return -1;
	while ((entry = readdir(broadcast)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(broadcast);
	return count;
}

static void
test_writing(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, ""), *none = NULL;
	char bytes[8] = "";

	CHECK(check, says(spool, "") && spool_have(spool) == 0,
	    "a new spool is empty");
	CHECK(check, count_files(dir) == 0, "a spool has no name");
	spool_write(spool, "hello", 5, 0);
	CHECK(check, says(spool, "hello"), "what was written is read");
	spool_write(spool, "J", 1, 0);
	CHECK(check, says(spool, "Jello"), "bytes can be written over");
	CHECK(check,
	    spool_read(spool, &forever, bytes, 8, 3) == 2 &&
		memcmp(bytes, "lo", 2) == 0,
	    "at the end there are fewer bytes");
	CHECK(check,
	    spool_read(spool, &forever, bytes, 8, 5) == 0 &&
		spool_read(spool, &forever, bytes, 8, 500) == 0,
	    "there is nothing behind the end");
	spool_write(spool, "!", 1, 7);
	CHECK(check,
	    spool_size(spool) == 8 &&
		spool_read(spool, &forever, bytes, 8, 0) == 8 &&
		memcmp(bytes, "Jello\0\0!", 8) == 0,
	    "gaps are full of zeros");
	CHECK(check,
	    spool_write(spool, "", 0, 100) == 0 && spool_size(spool) == 8,
	    "writing nothing changes nothing");
	CHECK(check, spool_truncate(spool, 3) == 0 && says(spool, "Jel"),
	    "a spool can be shortened");
	CHECK(check,
	    spool_truncate(spool, 5) == 0 && spool_size(spool) == 5 &&
		spool_read(spool, &forever, bytes, 8, 0) == 5 &&
		memcmp(bytes, "Jel\0\0", 5) == 0,
	    "a spool can be lengthened with zeros");
	CHECK(check, spool_sync(spool) == 0, "a spool can be made durable");
	spool_release(spool);
	spool_release(NULL);
	CHECK(check,
	    spool_new("/nowhere/at/all", &none) == -ENOENT && none == NULL,
	    "without a directory there is no spool");
}

static void
test_huge(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "a");
	off_t far = (off_t)5 << 30;
	char byte = 0;

	CHECK(check,
	    spool_write(spool, "z", 1, far) == 1 &&
		spool_size(spool) == far + 1 &&
		spool_read(spool, &forever, &byte, 1, far) == 1 && byte == 'z',
	    "a spool can have more than 4 GiB");
	spool_release(spool);
}

static void
test_sharing(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "hello"), *copy;
	struct source source = spool_source(spool);
	char bytes[8];

	CHECK(check,
	    source.len == 5 && source.read(source.arg, bytes, 3, 2) == 3 &&
		memcmp(bytes, "llo", 3) == 0 &&
		source.read(source.arg, bytes, 3, 0) == 3 &&
		memcmp(bytes, "hel", 3) == 0,
	    "a spool can be sent, and be sent again");
	CHECK(check, spool_clone(spool, dir, &copy) == 0 && says(copy, "hello"),
	    "a copy has the same bytes");
	spool_write(copy, "J", 1, 0);
	CHECK(check, says(spool, "hello") && says(copy, "Jello"),
	    "a copy has bytes of its own");
	spool_release(copy);
	CHECK(check, spool_clone(spool, "/nowhere/at/all", &copy) == -ENOENT,
	    "a copy that cannot be made is an error");
	spool_hold(spool);
	spool_release(spool);
	CHECK(check, says(spool, "hello"),
	    "a spool lives until its last holder has left");
	spool_release(spool);
}

static void
test_names(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "hello"), *other = make(dir, "other");
	char path[8192];
	struct stat info;

	snprintf(path, sizeof(path), "%s/named", dir);
	CHECK(check,
	    spool_named(spool) == NULL && spool_give_name(spool, path) == 0 &&
		stat(path, &info) == 0 && info.st_size == 5 &&
		(info.st_mode & 077) == 0,
	    "a spool can have a name, for its owner only");
	CHECK(check,
	    spool_give_name(other, path) == -EEXIST &&
		spool_named(other) == NULL && access(path, F_OK) == 0,
	    "a name is given once");
	spool_release(other);
	spool_release(spool);
	CHECK(check, access(path, F_OK) != 0, "a name goes with its spool");
}

static void
test_open(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "hello"), *opened = NULL;
	struct disk_name *disk_name;
	char path[8192], link[8192];

	snprintf(path, sizeof(path), "%s/named", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	spool_give_name(spool, path);
	disk_name = disk_name_hold(spool_named(spool));
	spool_release(spool);
	CHECK(check,
	    access(path, F_OK) == 0 && spool_open(disk_name, &opened) == 0,
	    "a name that somebody holds stays, and can be opened");
	CHECK(check,
	    says(opened, "hello") && spool_named(opened) == disk_name &&
		spool_write(opened, "J", 1, 0) < 0,
	    "what was opened is for reading");
	disk_name_release(disk_name);
	CHECK(check, access(path, F_OK) == 0, "who has it open holds it");
	disk_name_keep(spool_named(opened), true);
	spool_release(opened);
	CHECK(check, access(path, F_OK) == 0, "a name that is kept stays");
	if (symlink("named", link) != 0)
		exit(1);
	disk_name = disk_name_new(link);
	CHECK(check, spool_open(disk_name, &opened) == -ELOOP,
	    "a link is not opened");
	disk_name_release(disk_name);
	disk_name = disk_name_new(dir);
	disk_name_keep(disk_name, true);
	CHECK(check, spool_open(disk_name, &opened) == -EINVAL,
	    "a folder is not opened");
	disk_name_release(disk_name);
	disk_name = disk_name_new(path);
	unlink(path);
	CHECK(check, spool_open(disk_name, &opened) == -ENOENT,
	    "what is not there is not opened");
	disk_name_release(disk_name);
}

struct reader {
	struct spool *spool;
	struct waiter waiter;
	ssize_t count;
	off_t offset;
	char bytes[100];
	pthread_t thread;
};

static void *
read_part(void *arg)
{
	struct reader *reader = arg;
	struct wait wait = waiter_wait(&reader->waiter);

	reader->count = spool_read(reader->spool, &wait, reader->bytes,
	    sizeof(reader->bytes), reader->offset);
	return NULL;
}

/* Returns when the reader waits. */
static void
start(struct reader *reader, struct spool *spool, off_t offset)
{
	memset(reader, 0, sizeof(*reader));
	reader->spool = spool;
	reader->offset = offset;
	pthread_create(&reader->thread, NULL, read_part, reader);
	waiter_await(&reader->waiter);
}

static ssize_t
finish(struct reader *reader)
{
	pthread_join(reader->thread, NULL);
	return reader->count;
}

static int
bring(const struct sink *sink, off_t offset, size_t len)
{
	unsigned char bytes[SIZE];
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = fake_byte(offset + (off_t)i);
	return sink->write(sink->arg, bytes, len);
}

static void
test_filling(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "");
	struct sink sink = spool_fill(spool, SIZE);
	struct waiter gone = { .left = true };
	struct wait wait = waiter_wait(&gone);
	struct reader first, second, last;
	char bytes[SIZE];

	CHECK(check, spool_size(spool) == SIZE && spool_have(spool) == 0,
	    "a filling spool has the size that it will have");
	CHECK(check,
	    sink.begin(sink.arg, -1) == 0 && sink.begin(sink.arg, SIZE) == 0,
	    "a length need not be announced");
	start(&first, spool, 0);
	start(&second, spool, 1000);
	start(&last, spool, SIZE - 10);
	bring(&sink, 0, 500);
	CHECK(check,
	    finish(&first) == 100 && fake_is_right(first.bytes, 100, 0),
	    "who waits gets his bytes when they come");
	second.waiter.left = true;
	CHECK(check, finish(&second) == -EINTR, "who waits can leave");
	CHECK(check, spool_read(spool, &wait, bytes, 500, 0) == 500,
	    "what is there is read without waiting");
	bring(&sink, 500, SIZE - 500);
	CHECK(check,
	    finish(&last) == 10 && fake_is_right(last.bytes, 10, SIZE - 10),
	    "who reads the end need not wait for more");
	spool_filled(spool, 0);
	CHECK(check,
	    spool_read(spool, &forever, bytes, SIZE, 0) == SIZE &&
		fake_is_right(bytes, SIZE, 0) && spool_size(spool) == SIZE,
	    "when it is full all bytes are right");
	spool_release(spool);
}

static void
test_failing(struct check *check, const char *dir)
{
	struct spool *spool = make(dir, "");
	struct sink sink = spool_fill(spool, SIZE);
	struct reader reader;
	char byte;

	CHECK(check,
	    sink.begin(sink.arg, SIZE - 1) == -EIO &&
		sink.begin(sink.arg, SIZE + 1) == -EIO,
	    "a body of another length is an error");
	bring(&sink, 0, SIZE - 10);
	CHECK(check,
	    bring(&sink, SIZE - 10, 11) == -EIO &&
		spool_have(spool) == SIZE - 10,
	    "more bytes than expected are an error");
	start(&reader, spool, SIZE - 20);
	spool_filled(spool, 0);
	CHECK(check, finish(&reader) == -EIO,
	    "fewer bytes than expected are an error");
	spool_release(spool);
	spool = make(dir, "");
	(void)spool_fill(spool, SIZE);
	start(&reader, spool, 0);
	spool_filled(spool, -EHOSTDOWN);
	CHECK(check,
	    finish(&reader) == -EHOSTDOWN &&
		spool_read(spool, &forever, &byte, 1, 0) == -EHOSTDOWN,
	    "the download's error is told to all readers");
	spool_release(spool);
}

int
main(void)
{
	struct check check;
	const char *dir;

	check_begin(&check);
	dir = check_dir(&check);
	test_writing(&check, dir);
	test_huge(&check, dir);
	test_sharing(&check, dir);
	test_names(&check, dir);
	test_open(&check, dir);
	test_filling(&check, dir);
	test_failing(&check, dir);
	return check_end(&check);
}
