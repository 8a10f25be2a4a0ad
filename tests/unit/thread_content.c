/*
 * cache/content under many readers who come and leave while files are
 * downloaded, given up and forgotten.
 */
#include <pthread.h>

#include "tests/unit/content_rig.h"

#define THREADS 6
#define ROUNDS	200
#define FILES	4

struct guest {
	struct rig *rig;
	const char *dir;
	int number;
	struct waiter waiter;
	int wrong;
	int harmed;
	pthread_t thread;
};

static void
keep(struct guest *guest, const struct entry *entry)
{
	unsigned char bytes[SIZE];
	struct spool *spool;
	off_t i;

	for (i = 0; i < SIZE; i++)
		bytes[i] = fake_byte(i);
	if (spool_new(guest->dir, &spool) != 0)
		return;
	spool_write(spool, bytes, SIZE, 0);
	content_keep(guest->rig->content, "usb", entry, spool);
	spool_release(spool);
}

static void
read_some(struct guest *guest, const struct entry *entry, int round)
{
	struct wait wait = waiter_wait(&guest->waiter);
	bool hasty = guest->number % 2 == 1 && round % 3 == 0;
	struct content_file *file;
	char bytes[3000];
	off_t offset;
	ssize_t count;

	atomic_store(&guest->waiter.left, hasty);
	if (content_open(guest->rig->content, "usb", entry, SIZE, &file) != 0)
		return;
	for (offset = 0; offset < SIZE; offset += count) {
		count = content_read(file, &wait, bytes, sizeof(bytes), offset);
		if (count <= 0) {
			guest->harmed += !hasty;
			break;
		}
		guest->wrong += !fake_is_right(bytes, (size_t)count, offset);
	}
	content_close(file);
}

static void *
play(void *arg)
{
	struct guest *guest = arg;
	char name[] = "a.gcode";
	struct entry entry = fake_entry(name, SIZE);
	int i;

	for (i = 0; i < ROUNDS; i++) {
		name[0] = (char)('a' + (i + guest->number / 2) % FILES);
		read_some(guest, &entry, i);
		if (i % 16 == 0)
			keep(guest, &entry);
		if (i % 8 == 1)
			content_forget(guest->rig->content);
		spool_release(content_have(guest->rig->content, "usb", &entry,
		    SIZE));
	}
	return NULL;
}

int
main(void)
{
	struct guest guests[THREADS] = { { 0 } };
	struct check check;
	struct rig rig;
	int i, wrong = 0, harmed = 0;

	check_begin(&check);
	set_up(&rig, &check);
	for (i = 0; i < THREADS; i++) {
		guests[i].rig = &rig;
		guests[i].dir = check_dir(&check);
		guests[i].number = i;
		pthread_create(&guests[i].thread, NULL, play, &guests[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(guests[i].thread, NULL);
		wrong += guests[i].wrong;
		harmed += guests[i].harmed;
	}
	CHECK(&check, wrong == 0, "readers get the right bytes");
	CHECK(&check, harmed == 0, "those who leave harm no others");
	tear_down(&rig);
	return check_end(&check);
}
