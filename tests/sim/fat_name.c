/*
 * FAT's rules for names: what may be stored, how the 8.3 form is made and
 * numbered, when two names are the same.  As in FatFs, the file system of the
 * printer's firmware.  No state.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/fat_name.h"
#include "tests/sim/text.h"

enum {
	MOST_UNITS = 255,
	PLAIN_TAILS = 5
};

bool
fat_name_valid(const char *name)
{
	if (name[0] == '\0' || !text_is_utf8(name))
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f ||
		    strchr("\"*:<>?|\\/", *p) != NULL)
			return false;
	}
	return fat_units(name) <= MOST_UNITS;
}

bool
fat_clean_name(char *name)
{
	size_t len = strlen(name);

	while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '.'))
		name[--len] = '\0';
	return fat_name_valid(name);
}

/* Letters whose upper case is so much before them. */
static const struct {
	unsigned first, last, down;
} shifts[] = {
	{ 0xe0, 0xf6, 0x20 },
	{ 0xf8, 0xfe, 0x20 },
	{ 0x3ac, 0x3ac, 0x26 },
	{ 0x3ad, 0x3af, 0x25 },
	{ 0x3b1, 0x3c1, 0x20 },
	{ 0x3c2, 0x3c2, 0x1f },
	{ 0x3c3, 0x3cb, 0x20 },
	{ 0x3cc, 0x3cc, 0x40 },
	{ 0x3cd, 0x3ce, 0x3f },
	{ 0x430, 0x44f, 0x20 },
	{ 0x450, 0x45f, 0x50 },
	{ 0x561, 0x586, 0x30 },
	{ 0x2170, 0x217f, 0x10 },
	{ 0x24d0, 0x24e9, 0x1a },
	{ 0xff41, 0xff5a, 0x20 },
};

/* Where capital and small letters take turns. */
static const struct {
	unsigned first, last;
} pairs[] = {
	{ 0x100, 0x12f },
	{ 0x132, 0x137 },
	{ 0x139, 0x148 },
	{ 0x14a, 0x177 },
	{ 0x179, 0x17e },
	{ 0x1cd, 0x1dc },
	{ 0x1de, 0x1ef },
	{ 0x1f8, 0x21f },
	{ 0x222, 0x233 },
	{ 0x3d8, 0x3ef },
	{ 0x460, 0x481 },
	{ 0x48a, 0x4bf },
	{ 0x4c1, 0x4ce },
	{ 0x4d0, 0x513 },
	{ 0x1e00, 0x1e95 },
	{ 0x1ea0, 0x1ef9 },
};

/* Fold the case of the letters that FatFs knows; a few scripts lack here. */
static unsigned
upper(unsigned c)
{
	if (c < 0x80)
		return (unsigned)toupper((int)c);
	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		if (c >= shifts[i].first && c <= shifts[i].last)
			return c - shifts[i].down;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (c >= pairs[i].first && c <= pairs[i].last)
			return (c - pairs[i].first) % 2 == 1 ? c - 1 : c;
	}
	return c == 0xff ? 0x178 : c == 0x1e9e ? 0xdf : c;
}

bool
fat_same_name(const char *one, const char *two)
{
	unsigned a, b;

	do {
		a = upper(text_character(&one));
		b = upper(text_character(&two));
	} while (a == b && a != 0);
	return a == b;
}

unsigned
fat_units(const char *name)
{
	unsigned units = 0, c;

	while ((c = text_character(&name)) != 0)
		units += c > 0xffff ? 2 : 1;
	return units;
}

/* Put the eleven characters of a short name together. */
static void
assemble(const char body[9], const char extension[4], char out[FAT_SHORT])
{
	snprintf(out, FAT_SHORT, "%s%s%s", body,
	    extension[0] != '\0' ? "." : "", extension);
}

/*
 * A character as a short name has it; *lossy if it had to be replaced.  Code
 * page 850 has the Latin letters, and their upper case is without accents.
 */
static char
short_character(unsigned c, bool *lossy)
{
	static const char plain[] = "AAAAAA_CEEEEIIII__OOOOO_OUUUUY__"
				    "AAAAAA_CEEEEIIII__OOOOO_OUUUUY_Y";
	char made = '_';

	if (c < 0x80 && strchr("+,;=[]", (int)c) == NULL)
		return (char)toupper((int)c);
	if (c >= 0xc0 && c <= 0xff)
		made = plain[c - 0xc0];
	*lossy = *lossy || made == '_';
	return made;
}

/* Body and extension, before any numbering.  Returns whether lossless. */
static bool
split(const char *name, char body[9], char extension[4])
{
	const char *dot = strrchr(name, '.');
	const char *p = name + strspn(name, " ");
	bool lossy = p != name || *p == '.';
	size_t used = 0;
	unsigned c;

	memset(body, 0, 9);
	memset(extension, 0, 4);
	if (dot != NULL && dot < p)
		dot = NULL;
	while (p != dot && (c = text_character(&p)) != 0) {
		char made = short_character(c, &lossy);

		if (c == ' ' || c == '.' || used == 8)
			lossy = true;
		else
			body[used++] = made;
	}
	used = 0;
	while (dot != NULL && (c = text_character(&p)) != 0) {
		char made = short_character(c, &lossy);

		if (p == dot + 1)
			continue;
		if (c == ' ' || used == 3)
			lossy = true;
		else
			extension[used++] = made;
	}
	return !lossy;
}

bool
fat_short_form(const char *name, char out[FAT_SHORT])
{
	char body[9], extension[4];
	bool exact = split(name, body, extension);

	assemble(body, extension, out);
	return exact;
}

/* From the sixth on the number is a checksum of the name. */
static unsigned
tail_number(const char *name, unsigned number)
{
	unsigned c;

	if (number <= PLAIN_TAILS)
		return number;
	while ((c = text_character(&name)) != 0) {
		for (int i = 0; i < 16; i++) {
			number = (number << 1) + (c & 1);
			c >>= 1;
			if ((number & 0x10000) != 0)
				number ^= 0x11021;
		}
	}
	return number;
}

void
fat_numbered(const char *name, unsigned number, char out[FAT_SHORT])
{
	char body[9], extension[4], tail[10];
	size_t keep;

	split(name, body, extension);
	snprintf(tail, sizeof(tail), "~%X",
	    tail_number(name, number) & 0xffffu);
	keep = 8 - strlen(tail);
	body[keep] = '\0';
	strlcat(body, tail, sizeof(body));
	assemble(body, extension, out);
}

/* Does the name fit 8.3 so that letter case can be noted in it? */
static bool
needs_long(const char *name)
{
	char form[FAT_SHORT];
	const char *dot = strrchr(name, '.');
	bool low[2] = { false }, high[2] = { false };

	if (!fat_short_form(name, form))
		return true;
	for (const char *p = name; *p != '\0'; p++) {
		int part = dot != NULL && p > dot;

		if ((unsigned char)*p >= 0x80)
			return true;

		low[part] = low[part] || islower((unsigned char)*p);
		high[part] = high[part] || isupper((unsigned char)*p);
	}
	return (low[0] && high[0]) || (low[1] && high[1]);
}

unsigned
fat_slots(const char *name)
{
	return needs_long(name) ? (fat_units(name) + 12) / 13 + 1 : 1;
}
