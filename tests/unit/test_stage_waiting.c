/*
 * cache/stage: who has a file open, and who waits for it.
 */
#include <pthread.h>

#include "tests/unit/stage_rig.h"

static void
test_closing(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a.tmp", true), *found;
	struct stage_place final = place("usb/a", "usb/a");

	staged_open(staged);
	staged_open(staged);
	write_text(rig, staged, "x", 0);
	CHECK(check, stage_find_forgotten(rig->stage, 0) == NULL,
	    "a file that is open is not forgotten");
	CHECK(check,
	    staged_close(staged, 42) == 1 &&
		!stage_was_closed_by(rig->stage, "usb/a.tmp", 42, 60000),
	    "while one has it open it is not closed");
	CHECK(check,
	    staged_close(staged, 42) == 0 &&
		stage_was_closed_by(rig->stage, "usb/a.tmp", 42, 60000),
	    "who closed it last is known");
	CHECK(check,
	    !stage_was_closed_by(rig->stage, "usb/a.tmp", 43, 60000) &&
		!stage_was_closed_by(rig->stage, "usb/b.tmp", 42, 60000),
	    "nobody else closed it, and nothing else");
	check_nap();
	check_nap();
	CHECK(check, !stage_was_closed_by(rig->stage, "usb/a.tmp", 42, 0),
	    "what was closed long ago does not count");
	found = stage_find_forgotten(rig->stage, 0);
	CHECK(check, found == staged, "a closed temporary file is forgotten");
	staged_release(found);
	staged_spoil(staged, -ENOSPC);
	CHECK(check, stage_find_forgotten(rig->stage, 0) == NULL,
	    "one that lacks a write is not worth remembering");
	staged_spoil(staged, 0);
	CHECK(check, stage_find_forgotten(rig->stage, 3600000) == NULL,
	    "it is not forgotten before its time");
	staged_open(staged);
	staged_close(staged, 0);
	CHECK(check, !stage_was_closed_by(rig->stage, "usb/a.tmp", 0, 60000),
	    "one of another pid namespace cannot be known again");
	staged_truncate(staged, rig->dir, 0);
	CHECK(check, stage_find_forgotten(rig->stage, 0) == NULL,
	    "an empty file is not worth remembering");
	write_text(rig, staged, "x", 0);
	stage_move(staged, &final, false);
	staged_close(staged, 42);
	CHECK(check,
	    stage_find_forgotten(rig->stage, 0) == NULL &&
		!stage_was_closed_by(rig->stage, "usb/a", 42, 60000),
	    "a file of a final name is neither forgotten nor about to move");
	stage_unlist(staged);
	staged_release(staged);
}

struct settling {
	struct stage *stage;
	struct waiter waiter;
	int error;
	pthread_t thread;
};

static void *
settle(void *arg)
{
	struct settling *settling = arg;
	struct wait wait = waiter_wait(&settling->waiter);

	settling->error = stage_settle(settling->stage, &wait, "usb/a");
	return NULL;
}

/* Somebody waits until usb/a is settled.  Returns whether he has to. */
static bool
start(struct settling *settling, struct rig *rig)
{
	memset(settling, 0, sizeof(*settling));
	settling->stage = rig->stage;
	settling->error = 1;
	pthread_create(&settling->thread, NULL, settle, settling);
	return waiter_await(&settling->waiter);
}

static int
finish(struct settling *settling)
{
	pthread_join(settling->thread, NULL);
	return settling->error;
}

static void
test_settle(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a", false);
	struct stage_place other = place("usb/b", "usb/b");
	struct stage_place here = place("usb/a", "usb/a");
	struct waiter gone = { .left = true };
	struct wait wait = waiter_wait(&gone);
	struct settling settling;

	CHECK(check,
	    stage_settle(rig->stage, &forever, "usb/a") == 0 &&
		stage_settle(rig->stage, &forever, "usb/x") == 0,
	    "what has nothing to be uploaded is settled");
	write_text(rig, staged, "x", 0);
	CHECK(check, start(&settling, rig), "what is to be uploaded is not");
	settling.waiter.left = true;
	CHECK(check, finish(&settling) == -EINTR, "who waits for it can leave");
	start(&settling, rig);
	staged_clean(staged);
	CHECK(check, finish(&settling) == 0, "what was uploaded is settled");
	write_text(rig, staged, "y", 0);
	staged_truncate(staged, rig->dir, 0);
	CHECK(check, stage_settle(rig->stage, &wait, "usb/a") == 0,
	    "what was cut to nothing is settled, for nothing is sent");
	write_text(rig, staged, "y", 0);
	start(&settling, rig);
	stage_unlist(staged);
	CHECK(check, finish(&settling) == 0, "what was refused is settled");
	write_text(rig, staged, "z", 0);
	start(&settling, rig);
	stage_move(staged, &other, false);
	CHECK(check, finish(&settling) == 0, "what has moved is settled");
	stage_move(staged, &here, true);
	CHECK(check, stage_settle(rig->stage, &forever, "usb/a") == 0,
	    "a temporary file is not waited for");
	stage_unlist(staged);
	staged_release(staged);
}

static void
test_gate(struct check *check, struct rig *rig)
{
	struct staged *staged = add(rig, "usb/a", false);
	struct waiter gone = { .left = true };
	struct wait wait = waiter_wait(&gone);

	CHECK(check,
	    staged_lock(staged, &forever) == 0 &&
		staged_lock(staged, &wait) == -EINTR,
	    "one at a time goes through the gate");
	staged_unlock(staged);
	CHECK(check, staged_lock(staged, &wait) == 0, "then the next one does");
	staged_unlock(staged);
	staged_release(staged);
}

int
main(void)
{
	struct check check;
	struct rig rig;

	check_begin(&check);
	set_up(&rig, &check);
	test_closing(&check, &rig);
	test_settle(&check, &rig);
	test_gate(&check, &rig);
	stage_free(rig.stage);
	return check_end(&check);
}
