/*
 * The history of prints.
 */
#include <cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/obico.h"
#include "tests/sim/obico_route.h"

#define DAY (86400LL * 1000000)

/* A list may be narrowed to these. */
struct filter {
	bool with_deleted;
	bool cancelled, finished;
	bool nothing;  /* no simulated print needs any answer */
	bool printers; /* some are named */
	date from, to; /* 0: any */
};

/* A zone's own hours are not looked at: all are taken for UTC. */
static bool
is_zone(const char *name)
{
	char path[128];

	if (name == NULL || name[0] == '\0' || name[0] == '/' ||
	    strstr(name, "..") != NULL || strchr(name, ' ') != NULL)
		return false;
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	return strcmp(name, "UTC") == 0 ||
	    access("/usr/share/zoneinfo", F_OK) != 0 || access(path, F_OK) == 0;
}

/* A day of the query.  false: it is none. */
static bool
read_day(const struct obico_call *call, const char *name, date *when)
{
	const char *text = obico_param(call, name);

	return text != NULL && strlen(text) == 10 &&
	    obico_parse_date(text, when) == 0;
}

/* false: it has been answered. */
static bool
read_filter(struct obico_call *call, struct filter *filter)
{
	static const char ids[] = "filter_by_printer_ids[]";
	const char *word = obico_param(call, "filter");
	const char *needed = obico_param(call, "feedback_needed");
	bool right = true;
	long id;

	memset(filter, 0, sizeof(*filter));
	if (word == NULL)
		word = "none";
	filter->with_deleted = obico_param(call, "with_deleted") != NULL;
	filter->cancelled = strcmp(word, "cancelled") == 0;
	filter->finished = strcmp(word, "finished") == 0;
	filter->nothing = strncmp(word, "need_", 5) == 0 ||
	    (needed != NULL && strncmp(needed, "need_", 5) == 0);
	filter->printers = obico_param_has(call, ids, NULL);
	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, ids) == 0 &&
		    obico_int(call->params[i].value, &id) != 0)
			right = false;
	}
	if (obico_param(call, "from_date") != NULL) {
		right = right && is_zone(obico_param(call, "timezone")) &&
		    read_day(call, "from_date", &filter->from) &&
		    read_day(call, "to_date", &filter->to);
		filter->to += DAY;
	}
	if (!right)
		obico_page(call, 500);
	return right;
}

static bool
names_printer(const struct obico_call *call, long wanted)
{
	long id;

	for (size_t i = 0; i < call->param_count; i++) {
		if (strcmp(call->params[i].name, "filter_by_printer_ids[]") ==
			0 &&
		    obico_int(call->params[i].value, &id) == 0 && id == wanted)
			return true;
	}
	return false;
}

static bool
fits(const struct obico_call *call, const struct filter *filter,
    const struct obico_print *print)
{
	if (print->user_id != call->account->id || filter->nothing ||
	    (print->deleted != 0 && !filter->with_deleted) ||
	    (filter->cancelled && print->cancelled_at == 0) ||
	    (filter->finished && print->finished_at == 0))
		return false;
	if (filter->from != 0 &&
	    (print->started_at < filter->from ||
		print->started_at >= filter->to))
		return false;
	return !filter->printers || names_printer(call, print->printer->id);
}

static void
put_print(struct obico_call *call, const struct obico_print *print)
{
	if (call->out.len > 1)
		text_puts(&call->out, ",");
	obico_render_print(call, &call->out, print, true);
}

void
obico_prints_list(struct obico_call *call)
{
	const char *sorting = obico_param(call, "sorting");
	bool oldest = sorting != NULL && strcmp(sorting, "date_asc") == 0;
	long count = 0, position = 0, start, limit;
	const struct obico_print *print;
	struct filter filter;

	if (!read_filter(call, &filter) || !obico_slice(call, &start, &limit))
		return;
	TAILQ_FOREACH (print, &call->obico->prints, entry)
		count += fits(call, &filter, print);
	text_puts(&call->out, "[");
	print = oldest ? TAILQ_LAST(&call->obico->prints, obico_prints) :
			 TAILQ_FIRST(&call->obico->prints);
	while (print != NULL) {
		if (fits(call, &filter, print) &&
		    obico_in_slice(position++, count, start, limit))
			put_print(call, print);
		print = oldest ? TAILQ_PREV(print, obico_prints, entry) :
				 TAILQ_NEXT(print, entry);
	}
	text_puts(&call->out, "]");
}

/* The print that the path names, or NULL: it has been answered. */
static struct obico_print *
find(struct obico_call *call)
{
	struct obico_print *print;
	struct filter filter;
	long id;

	if (!read_filter(call, &filter) || !obico_read_id(call, &id, "Print"))
		return NULL;
	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (print->id == id && fits(call, &filter, print))
			return print;
	}
	obico_missing(call, "Print");
	return NULL;
}

void
obico_print_get(struct obico_call *call)
{
	const struct obico_print *print = find(call);

	if (print != NULL)
		obico_render_print(call, &call->out, print, true);
}

void
obico_print_change(struct obico_call *call)
{
	bool partial = strcmp(call->ex->method, "PATCH") == 0;
	struct obico_print *print = find(call);
	struct text wrong = { 0 };

	if (print == NULL)
		return;
	table_accept(&obico_print_table, print, call->data, call->is_form,
	    partial, &wrong);
	if (obico_refused(call, &wrong))
		return;
	print->deleted = 0; /* saving brings it back */
	obico_render_print(call, &call->out, print, true);
}

void
obico_print_delete(struct obico_call *call)
{
	struct obico_print *print = find(call);

	if (print == NULL)
		return;
	print->deleted = obico_now();
	obico_nothing(call);
}

void
obico_prints_delete(struct obico_call *call)
{
	struct obico_print *print;
	struct filter filter;

	if (!read_filter(call, &filter))
		return;
	if (!obico_check_ids(call, "print_ids")) {
		obico_page(call, 500);
		return;
	}
	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (fits(call, &filter, print) &&
		    obico_has_id(call, "print_ids", print->id))
			print->deleted = obico_now();
	}
	obico_nothing(call);
}

void
obico_print_prediction(struct obico_call *call)
{
	long id;

	if (obico_int(call->arg, &id) != 0)
		obico_page(call, 500);
	else if (find(call) != NULL)
		text_puts(&call->out, "[]");
}

/* The beginning of the next day, week, month or year. */
static date
next_period(date from, const char *period)
{
	time_t seconds = (time_t)(from / 1000000);
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&seconds, &tm);
	if (strcasecmp(period, "week") == 0) {
		tm.tm_mday += tm.tm_wday == 0 ? 7 : 7 - tm.tm_wday;
	} else if (strcasecmp(period, "month") == 0) {
		tm.tm_mday = 1;
		tm.tm_mon++;
	} else if (strcasecmp(period, "year") == 0) {
		tm.tm_mday = 1;
		tm.tm_mon = 0;
		tm.tm_year++;
	} else {
		tm.tm_mday++;
	}
	return (date)timegm(&tm) * 1000000;
}

/* Sums of what began in a period. */
struct sums {
	long prints, cancelled;
	double time, filament, longest;
};

static void
add_up(const struct obico_call *call, date from, date to, struct sums *sums)
{
	const struct obico_print *print;

	memset(sums, 0, sizeof(*sums));
	TAILQ_FOREACH (print, &call->obico->prints, entry) {
		if (print->user_id != call->account->id ||
		    print->deleted != 0 || print->started_at < from ||
		    print->started_at >= to)
			continue;
		sums->prints++;
		sums->cancelled += print->cancelled_at != 0;
		if (print->print_time > 0)
			sums->time += print->print_time;
		if (print->filament_used > 0)
			sums->filament += print->filament_used;
		if (print->print_time > sums->longest)
			sums->longest = print->print_time;
	}
}

enum group {
	GROUP_COUNT,
	GROUP_TIME,
	GROUP_FILAMENT,
	GROUP_CANCELLED
};

static double
value_of(const struct sums *sums, enum group group)
{
	const double values[] = {
		[GROUP_COUNT] = (double)sums->prints,
		[GROUP_TIME] = sums->time,
		[GROUP_FILAMENT] = sums->filament,
		[GROUP_CANCELLED] = (double)sums->cancelled,
	};

	return values[group];
}

static void
put_groups(struct obico_call *call, const char *name, enum group group,
    date from, date to)
{
	const char *period = obico_param(call, "group_by");
	const char *comma = "";

	obico_key(&call->out, name);
	text_puts(&call->out, "[");
	while (from < to) {
		date next = next_period(from, period);
		time_t seconds = (time_t)(from / 1000000);
		struct sums sums;
		char day[16];
		struct tm tm;

		memset(&tm, 0, sizeof(tm));
		gmtime_r(&seconds, &tm);
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		add_up(call, from, next, &sums);
		text_printf(&call->out,
		    "%s{\"key\":\"%sT00:00:00+00:00\",\"value\":%.10g}", comma,
		    day, value_of(&sums, group));
		comma = ",";
		from = next;
	}
	text_puts(&call->out, "],");
}

void
obico_prints_stats(struct obico_call *call)
{
	static const char *const periods[] = { "day", "week", "month", "year" };
	const char *period = obico_param(call, "group_by");
	struct sums sums, ever;
	bool right = false;
	date from, to, end;

	for (size_t i = 0; i < 4 && period != NULL; i++)
		right = right || strcasecmp(periods[i], period) == 0;
	if (!right || !is_zone(obico_param(call, "timezone")) ||
	    !read_day(call, "from_date", &from) ||
	    !read_day(call, "to_date", &to) || to - from > 4000 * DAY) {
		obico_page(call, 500);
		return;
	}
	to += DAY;
	text_puts(&call->out, "{");
	put_groups(call, "print_count_groups", GROUP_COUNT, from, to);
	put_groups(call, "print_time_groups", GROUP_TIME, from, to);
	put_groups(call, "filament_used_groups", GROUP_FILAMENT, from, to);
	put_groups(call, "cancelled_print_count_groups", GROUP_CANCELLED, from,
	    to);
	for (end = from; end < to;)
		end = next_period(end, period);
	add_up(call, from, end, &sums); /* the last group may go on longer */
	add_up(call, 0, LLONG_MAX, &ever);
	text_printf(&call->out,
	    "\"total_print_count\":%ld,\"total_print_time\":%.10g,"
	    "\"total_filament_used\":%.10g,"
	    "\"total_cancelled_print_count\":%ld,"
	    "\"longest_print_time\":%.10g,\"average_print_time\":%.10g,"
	    "\"total_succeeded_print_count\":%ld}",
	    sums.prints, sums.time, sums.filament, sums.cancelled, ever.longest,
	    sums.prints > 0 ? sums.time / (double)sums.prints : 0,
	    sums.prints - sums.cancelled);
}
