/*
 * cache/spool: readers of a spool that is being filled, and writers who look
 * at one another's numbers.
 */
#include <errno.h>
#include <pthread.h>

#include "cache/spool.h"
#include "tests/unit/check.h"
#include "tests/unit/fake.h"
#include "tests/unit/waiter.h"

#define SIZE	200000
#define CHUNK	777
#define READERS 4
#define FILLS	5

static const struct wait forever = { 0 };

struct reader {
	struct spool *spool; /* held */
	const char *dir;
	off_t step;
	bool right;
	pthread_t thread;
};

static void *
fill(void *arg)
{
	struct spool *spool = arg;
	struct sink sink = spool_fill(spool, SIZE);
	unsigned char bytes[CHUNK];
	off_t offset, i, len;
	int error = sink.begin(sink.arg, SIZE);

	for (offset = 0; offset < SIZE && error == 0; offset += len) {
		len = SIZE - offset < CHUNK ? SIZE - offset : CHUNK;
		for (i = 0; i < len; i++)
			bytes[i] = fake_byte(offset + i);
		error = sink.write(sink.arg, bytes, (size_t)len);
	}
	spool_filled(spool, error);
	return NULL;
}

static void *
read_all(void *arg)
{
	struct reader *reader = arg;
	char bytes[5000];
	struct spool *copy;
	off_t offset = 0, have = 0;
	ssize_t count;

	reader->right = true;
	while (offset < SIZE) {
		count = spool_read(reader->spool, &forever, bytes,
		    (size_t)reader->step, offset);
		if (count <= 0 || spool_have(reader->spool) < have ||
		    !fake_is_right(bytes, (size_t)count, offset)) {
			reader->right = false;
			break;
		}
		have = spool_have(reader->spool);
		offset += count;
	}
	if (spool_size(reader->spool) != SIZE ||
	    spool_clone(reader->spool, reader->dir, &copy) != 0 ||
	    spool_size(copy) != SIZE)
		reader->right = false;
	else
		spool_release(copy);
	spool_release(reader->spool);
	return NULL;
}

static void
test_filling(struct check *check)
{
	struct reader readers[READERS];
	struct spool *spool;
	pthread_t filler;
	int i, right = 0, round;

	for (round = 0; round < FILLS; round++) {
		spool_new(check_dir(check), &spool);
		(void)spool_fill(spool, SIZE);
		for (i = 0; i < READERS; i++) {
			readers[i].spool = spool_hold(spool);
			readers[i].dir = check_dir(check);
			readers[i].step = 1000 + 1300 * i;
			pthread_create(&readers[i].thread, NULL, read_all,
			    &readers[i]);
		}
		pthread_create(&filler, NULL, fill, spool);
		for (i = 0; i < READERS; i++)
			pthread_join(readers[i].thread, NULL);
		pthread_join(filler, NULL);
		for (i = 0; i < READERS; i++)
			right += readers[i].right;
		spool_release(spool);
	}
	CHECK(check, right == FILLS * READERS,
	    "readers of a download get the right bytes");
}

struct writer {
	struct spool *spool;
	int number;
	pthread_t thread;
};

static void *
write_part(void *arg)
{
	struct writer *writer = arg;
	struct source source;
	char bytes[64], back[64];
	int i;

	memset(bytes, 'a' + writer->number, sizeof(bytes));
	for (i = 0; i < 500; i++) {
		off_t offset = ((off_t)i * READERS + writer->number) * 64;

		spool_write(writer->spool, bytes, sizeof(bytes), offset);
		spool_read(writer->spool, &forever, back, sizeof(back), offset);
		source = spool_source(writer->spool);
		source.read(source.arg, back, sizeof(back), offset);
		if (i % 100 == 0)
			spool_sync(writer->spool);
	}
	return NULL;
}

static void
test_writing(struct check *check)
{
	struct writer writers[READERS];
	struct spool *spool;
	char bytes[64 * READERS];
	bool right = true;
	size_t j;
	int i;

	spool_new(check_dir(check), &spool);
	for (i = 0; i < READERS; i++) {
		writers[i].spool = spool;
		writers[i].number = i;
		pthread_create(&writers[i].thread, NULL, write_part,
		    &writers[i]);
	}
	for (i = 0; i < READERS; i++)
		pthread_join(writers[i].thread, NULL);
	CHECK(check, spool_size(spool) == (off_t)64 * READERS * 500,
	    "a spool has the size of what was written farthest");
	for (i = 0; i < 500; i++) {
		spool_read(spool, &forever, bytes, sizeof(bytes),
		    (off_t)i * (off_t)sizeof(bytes));
		for (j = 0; j < sizeof(bytes); j++)
			right = right && bytes[j] == (char)('a' + j / 64);
	}
	CHECK(check, right, "writers of different parts do not disturb");
	spool_release(spool);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_filling(&check);
	test_writing(&check);
	return check_end(&check);
}
