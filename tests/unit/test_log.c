/*
 * client/log: what threads say, and about which printer.
 */
#include <pthread.h>

#include "client/base/buf.h"
#include "client/base/log.h"
#include "client/base/workers.h"
#include "tests/unit/check.h"

static bool
is_in(const struct log_subject *subject, const char *words)
{
	struct buf text = { 0 };
	bool is;

	if (log_text(subject, &text) != 0)
		exit(1);
	is = strstr(buf_text(&text), words) != NULL;
	buf_free(&text);
	return is;
}

static size_t
count_lines(const struct log_subject *subject)
{
	struct buf text = { 0 };
	size_t i, count = 0;

	if (log_text(subject, &text) != 0)
		exit(1);
	for (i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	buf_free(&text);
	return count;
}

static void
speak(void *arg)
{
	log_say(LOG_LEVEL_DETAIL, "said by %s", (const char *)arg);
}

static void
test_rings(struct check *check)
{
	struct log_subject *mk4, *mini;
	int i;

	for (i = 0; i < 250; i++)
		log_say(LOG_LEVEL_DETAIL, "early %d", i);
	CHECK(check, count_lines(NULL) == 200, "the log has 200 lines");
	if (log_subject_new("mk4", &mk4) != 0 ||
	    log_subject_new("mini", &mini) != 0)
		exit(1);
	CHECK(check, log_about(mk4) == NULL, "nothing was spoken about");
	log_say(LOG_LEVEL_DETAIL, "one");
	CHECK(check, log_about(mini) == mk4, "the former subject is told");
	log_say(LOG_LEVEL_DETAIL, "two\a");
	CHECK(check, log_about(NULL) == mini, "it can be left");
	log_say(LOG_LEVEL_DETAIL, "three");
	CHECK(check, is_in(mk4, " one\n") && !is_in(mk4, "two"),
	    "a subject has its own lines only");
	CHECK(check,
	    is_in(NULL, " mk4: one\n") && is_in(NULL, " mini: two?\n") &&
		is_in(NULL, " three\n"),
	    "the common log has all, with names");
	CHECK(check, !is_in(mk4, "three") && !is_in(mini, "three"),
	    "what is about nobody is nobody's");
	(void)log_about(mk4);
	for (i = 0; i < 1200; i++)
		log_say(LOG_LEVEL_DETAIL, "late %d", i);
	(void)log_about(NULL);
	CHECK(check,
	    count_lines(mk4) == 200 && is_in(mk4, "late 1199\n") &&
		!is_in(mk4, "late 999\n") && count_lines(mini) == 1,
	    "one that says much does not flush another's log");
	CHECK(check, count_lines(NULL) == 1000,
	    "the common log is longer then");
	log_subject_free(mk4);
	log_subject_free(mini);
	CHECK(check, is_in(NULL, "mk4: late"), "and keeps what was said");
}

static void
test_crew(struct check *check)
{
	char ours[] = "a crew", others[] = "nobody";
	struct log_subject *mk4;
	struct workers *workers;

	if (log_subject_new("mk4", &mk4) != 0 || workers_new(&workers) != 0)
		exit(1);
	(void)log_about(mk4);
	(void)workers_start(workers, speak, ours);
	(void)log_about(NULL);
	(void)workers_start(workers, speak, others);
	workers_free(workers);
	CHECK(check, is_in(mk4, "a crew") && !is_in(mk4, "nobody"),
	    "a thread speaks about what its starter did");
	log_subject_free(mk4);
}

int
main(void)
{
	struct check check;

	check_begin(&check);
	test_rings(&check);
	test_crew(&check);
	return check_end(&check);
}
