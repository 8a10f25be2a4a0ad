/*
 * The contents of a print file: estimates, how long the simulated print of it
 * takes, its thumbnails.  Reads a bounded part from both ends of the file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/gcode.h"
#include "tests/sim/text.h"

enum {
	HEAD_SIZE = 1 << 18,
	TAIL_SIZE = 1 << 16,
	SMALLEST = 50
};

#define DEFAULT_SECONDS 300.0
#define TEXT_SECONDS	60.0

/* Read the ends of the file, one after the other. */
static void
read_ends(const char *file, struct text *out, off_t *size)
{
	struct stat st;
	char *buffer;
	ssize_t got;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	*size = 0;
	if (fd < 0)
		return;
	buffer = malloc(HEAD_SIZE);
	if (buffer != NULL && fstat(fd, &st) == 0) {
		*size = st.st_size;
		got = pread(fd, buffer, HEAD_SIZE, 0);
		if (got > 0)
			text_add(out, buffer, (size_t)got);
		if (st.st_size > HEAD_SIZE) {
			off_t at = st.st_size - TAIL_SIZE;

			got = pread(fd, buffer, TAIL_SIZE,
			    at > HEAD_SIZE ? at : HEAD_SIZE);
			if (got > 0)
				text_add(out, buffer, (size_t)got);
		}
	}
	free(buffer);
	close(fd);
}

/* The text after a key, or NULL.  The ends may hold NULs. */
static const char *
find(const struct text *in, const char *key)
{
	const char *found;

	if (in->len == 0)
		return NULL;
	found = memmem(in->data, in->len, key, strlen(key));
	return found == NULL ? NULL : found + strlen(key);
}

/* "1d 2h 3m 4s" in seconds. */
static double
parse_span(const char *at)
{
	static const char units[] = "dhms";
	static const double seconds[] = { 86400, 3600, 60, 1 };
	double total = 0;

	for (int parts = 0; parts < 4; parts++) {
		char *end;
		long value = strtol(at, &end, 10);
		const char *unit = *end == '\0' ? NULL : strchr(units, *end);

		if (end == at || unit == NULL)
			break;
		if (value > 0 && value < 1000000)
			total += (double)value * seconds[unit - units];
		at = end + 1;
		while (*at == ' ')
			at++;
	}
	return total;
}

static double
parse_number(const struct text *in, const char *key)
{
	const char *at = find(in, key);

	return at == NULL ? -1 : strtod(at, NULL);
}

/* Seconds of all the pauses that the commands ask for. */
static double
sum_dwells(const struct text *in)
{
	const char *at = in->data, *end = in->data + in->len;
	double total = 0;

	while (at < end) {
		long ms;

		at = memmem(at, (size_t)(end - at), "\nG4 P", 5);
		if (at == NULL)
			break;
		at += 5;
		ms = strtol(at, NULL, 10);
		if (ms > 0 && ms < 100000000)
			total += (double)ms / 1000;
	}
	return total;
}

static double
print_duration(const struct text *in, const char *file, double estimate)
{
	double minutes;

	if (estimate > 0)
		return estimate;
	estimate = sum_dwells(in);
	if (estimate > 0)
		return estimate;
	minutes = parse_number(in, "M73 P0 R");
	if (minutes > 0)
		return minutes * 60;
	if (text_ends_with(file, ".bgcode") || text_ends_with(file, ".bgc"))
		return DEFAULT_SECONDS;
	return TEXT_SECONDS + (double)in->len / 10000;
}

void
gcode_read(const char *file, struct gcode *gcode)
{
	struct text in = { 0 };
	const char *at;
	off_t size;

	memset(gcode, 0, sizeof(*gcode));
	read_ends(file, &in, &size);
	at = find(&in, "estimated printing time (normal mode)");
	gcode->estimate_s = at == NULL ? -1 : parse_span(at + strspn(at, " ="));
	gcode->duration_s = print_duration(&in, file, gcode->estimate_s);
	gcode->nozzle = parse_number(&in, "; nozzle_diameter = ");
	gcode->layer_height = parse_number(&in, "; layer_height = ");
	at = find(&in, "; filament_type = ");
	if (at != NULL)
		strlcpy(gcode->filament, at,
		    strcspn(at, "\r\n;") + 1 < sizeof(gcode->filament) ?
			strcspn(at, "\r\n;") + 1 :
			sizeof(gcode->filament));
	text_free(&in);
	if (size > 0) {
		struct text png = { 0 };
		bool padded;

		gcode->has_png = gcode_thumbnail(file, THUMBNAIL_LARGEST, &png,
		    &padded);
		text_free(&png);
	}
}

static int
base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const char *found = c == '\0' ? NULL : strchr(digits, c);

	return found == NULL ? -1 : (int)(found - digits);
}

const char *
gcode_end_mark(const char *at, const char *end)
{
	return memmem(at, (size_t)(end - at), "thumbnail end", 13);
}

void
gcode_decode(const char *at, const char *end, struct text *out)
{
	unsigned bits = 0;
	int count = 0;

	for (; at < end; at++) {
		int digit = base64_digit(*at);
		char byte;

		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		byte = (char)(bits >> count);
		text_add(out, &byte, 1);
	}
}

/* How good a thumbnail is for what is wanted; 0: not at all. */
static long
rate(enum thumbnail wanted, long width, long height, long best)
{
	if (wanted == THUMBNAIL_ICON)
		return width == 16 && height == 16 && best == 0;
	if (wanted == THUMBNAIL_LARGER)
		return width >= 17 && height >= 17 && best == 0;
	if (width < SMALLEST || height < SMALLEST || width > 10000 ||
	    height > 10000)
		return 0;
	return width * height;
}

bool
gcode_thumbnail(const char *file, enum thumbnail wanted, struct text *png,
    bool *padded)
{
	static const char mark[] = "; thumbnail begin ";
	struct text in = { 0 };
	const char *at, *end, *chosen = NULL;
	long best = 0;
	off_t size;

	*padded = false;
	read_ends(file, &in, &size);
	at = in.data;
	end = in.data + in.len;
	while (in.len > 0 &&
	    (at = memmem(at, (size_t)(end - at), mark, strlen(mark))) != NULL) {
		char *next;
		long width, height, value;

		at += strlen(mark);
		width = strtol(at, &next, 10);
		height = *next == 'x' ? strtol(next + 1, NULL, 10) : 0;
		value = rate(wanted, width, height, best);
		if (value > best) {
			best = value;
			chosen = memchr(at, '\n', (size_t)(end - at));
		}
	}
	if (chosen != NULL) {
		at = gcode_end_mark(chosen, end);
		end = at == NULL ? end : at;
		gcode_decode(chosen, end, png);
		*padded = memchr(chosen, '=', (size_t)(end - chosen)) != NULL;
	}
	text_free(&in);
	return chosen != NULL && png->len > 0;
}
