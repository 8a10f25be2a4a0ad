/*
 * Points in time as text.  No state, any thread.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "client/base/date.h"

#define SECOND INT64_C(1000000)

/* So many digits, as a number no greater than most. */
static bool
read_digits(const char **at, int count, int least, int most, int *out)
{
	int value = 0;

	for (; count > 0; count--, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return false;
		value = value * 10 + (**at - '0');
	}
	*out = value;
	return value >= least && value <= most;
}

static bool
skip(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* Digits behind the point, of which six count. */
static bool
read_fraction(const char **at, int64_t *us)
{
	int64_t unit = SECOND / 10;

	*us = 0;
	if (!skip(at, '.'))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
		*us += (**at - '0') * unit;
	return true;
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool
date_read(const char *text, int64_t *out)
{
	const char *at = text;
	struct tm tm = { 0 };
	int year, month;
	int64_t us;

	if (!read_digits(&at, 4, 1, 9999, &year) || !skip(&at, '-') ||
	    !read_digits(&at, 2, 1, 12, &month) || !skip(&at, '-') ||
	    !read_digits(&at, 2, 1, days_of(year, month), &tm.tm_mday) ||
	    !skip(&at, 'T') || !read_digits(&at, 2, 0, 23, &tm.tm_hour) ||
	    !skip(&at, ':') || !read_digits(&at, 2, 0, 59, &tm.tm_min) ||
	    !skip(&at, ':') || !read_digits(&at, 2, 0, 60, &tm.tm_sec) ||
	    !read_fraction(&at, &us))
		return false;
	if (strcmp(at, "Z") != 0 && strcmp(at, "+00:00") != 0)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	*out = (int64_t)timegm(&tm) * SECOND + us;
	return true;
}
