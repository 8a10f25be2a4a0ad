/*
 * client/away: does a server answer?
 */
#include <errno.h>
#include <pthread.h>

#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/http/away.h"
#include "tests/unit/check.h"
#include "tests/unit/waiter.h"

#define THREADS 8

/* As if the last attempt had been so long ago. */
static void
pass_time(struct away *away, int64_t ms)
{
	pthread_mutex_lock(&away->lock);
	away->attempt_ms -= ms;
	pthread_mutex_unlock(&away->lock);
}

static int
occurrences(const char *words)
{
	struct buf text = { 0 };
	const char *at;
	int count = 0;

	if (log_text(NULL, &text) != 0)
		return -1;
	for (at = buf_text(&text); (at = strstr(at, words)) != NULL; at++)
		count++;
	buf_free(&text);
	return count;
}

static void
test_errors(struct check *check)
{
	static const struct {
		int error;
		bool answered;
		bool away;
	} rows[] = {
		{ -EHOSTDOWN, false, true },
		{ -EHOSTUNREACH, false, true },
		{ -ETIMEDOUT, false, true },
		{ -ETIMEDOUT, true, false },
		{ -EINTR, false, false },
		{ -EACCES, true, false },
		{ -ENOENT, true, false },
		{ -EIO, false, false },
		{ -EPROTO, true, false },
		{ 0, true, false },
	};
	struct away away;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		away_init(&away, "mk4", false);
		away_note(&away, false, rows[i].answered, rows[i].error);
		CHECK(check, away_is(&away) == rows[i].away,
		    "a request that ends with \"%s\" %s answer %s",
		    strerror(-rows[i].error),
		    rows[i].answered ? "after an" : "without an",
		    rows[i].away ? "means away" : "does not mean away");
		away_destroy(&away);
	}
}

static void
test_course(struct check *check, struct away *away)
{
	bool attempt = true, second = true;

	CHECK(check,
	    !away_is(away) && away_enter(away, &attempt) == 0 && !attempt,
	    "at first every request goes out");
	away_note(away, false, false, -ETIMEDOUT);
	CHECK(check,
	    away_is(away) && away_enter(away, &attempt) == -EHOSTDOWN &&
		!attempt,
	    "when a printer is away requests are refused");
	pass_time(away, AWAY_MS - 1000);
	CHECK(check, away_enter(away, &attempt) == -EHOSTDOWN,
	    "they are refused until some time has passed");
	pass_time(away, 1000);
	CHECK(check,
	    !away_refuses(away) && away_enter(away, &attempt) == 0 && attempt,
	    "then one request is let through as an attempt");
	CHECK(check,
	    away_refuses(away) && away_enter(away, &second) == -EHOSTDOWN &&
		!second,
	    "others are refused meanwhile");
	away_note(away, true, false, -EHOSTDOWN);
	CHECK(check, away_enter(away, &attempt) == -EHOSTDOWN,
	    "after an attempt in vain they are refused again");
	pass_time(away, AWAY_MS);
	CHECK(check, away_enter(away, &attempt) == 0 && attempt,
	    "then there is another attempt");
	away_note(away, true, false, -EINTR);
	CHECK(check,
	    away_is(away) && away_enter(away, &attempt) == 0 && attempt,
	    "an attempt that was given up can be made again at once");
	away_note(away, true, true, -ENOENT);
	CHECK(check,
	    !away_is(away) && away_enter(away, &attempt) == 0 && !attempt &&
		away_enter(away, &attempt) == 0 && !attempt,
	    "any answer brings it back");
}

static void
test_late_answer(struct check *check, struct away *away)
{
	bool attempt;

	away_note(away, false, false, -EHOSTUNREACH);
	away_note(away, false, true, 0);
	CHECK(check,
	    !away_is(away) && away_enter(away, &attempt) == 0 && !attempt,
	    "the answer to an earlier request brings it back too");
}

static void
test_log(struct check *check)
{
	struct away away;
	bool attempt;

	away_init(&away, "chatty", false);
	away_note(&away, false, true, 0);
	CHECK(check, occurrences("chatty") == 0,
	    "a printer that answers is not worth a line");
	away_note(&away, false, false, -EHOSTDOWN);
	away_note(&away, false, false, -ETIMEDOUT);
	CHECK(check,
	    occurrences("chatty is away: Host is down") == 1 &&
		occurrences("chatty is away") == 1,
	    "going away is told once, with the reason");
	pass_time(&away, AWAY_MS);
	away_enter(&away, &attempt);
	away_note(&away, attempt, false, -EHOSTDOWN);
	CHECK(check, occurrences("chatty") == 1,
	    "an attempt in vain is not told");
	away_note(&away, false, true, 0);
	away_note(&away, false, true, 0);
	CHECK(check, occurrences("chatty is back") == 1,
	    "coming back is told once");
	away_destroy(&away);
}

struct crowd {
	struct away *away;
	pthread_barrier_t door;
	atomic_int let_in;
	atomic_int attempts;
};

static void *
enter(void *arg)
{
	struct crowd *crowd = arg;
	bool attempt;

	pthread_barrier_wait(&crowd->door);
	if (away_enter(crowd->away, &attempt) == 0)
		atomic_fetch_add(&crowd->let_in, 1);
	if (attempt)
		atomic_fetch_add(&crowd->attempts, 1);
	return NULL;
}

static void
test_crowd(struct check *check, struct away *away)
{
	struct crowd crowd = { .away = away };
	pthread_t threads[THREADS];
	int i;

	away_note(away, false, false, -ETIMEDOUT);
	pass_time(away, AWAY_MS);
	pthread_barrier_init(&crowd.door, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, enter, &crowd);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&crowd.door);
	CHECK(check, crowd.let_in == 1 && crowd.attempts == 1,
	    "of many requests at the same time one is the attempt");
	away_note(away, true, true, 0);
}

int
main(void)
{
	struct check check;
	struct away away;

	check_begin(&check);
	away_init(&away, "mk4", false);
	test_errors(&check);
	test_course(&check, &away);
	test_late_answer(&check, &away);
	test_crowd(&check, &away);
	away_destroy(&away);
	test_log(&check);
	return check_end(&check);
}
