/*
 * The values of options.  No state.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/backends.h"
#include "client/camera/camera.h"
#include "fs/setup/option_read.h"
#include "fs/setup/options.h"

int
options_read_text(const char *text, void *out)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return -ENOMEM;
	free(*(char **)out);
	*(char **)out = copy;
	return 0;
}

/* Seconds with decimals, as milliseconds. */
int
option_read_seconds(const char *text, void *out)
{
	char *end;
	double seconds;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return -EINVAL;
	seconds = strtod(text, &end);
	if (*end != '\0' || !(seconds >= 0 && seconds <= 86400))
		return -EINVAL;
	*(int64_t *)out = (int64_t)(seconds * 1000 + 0.5);
	return 0;
}

/* A time limit; there is always one. */
int
option_read_limit(const char *text, void *out)
{
	int64_t limit_ms;
	int error = option_read_seconds(text, &limit_ms);

	if (error == 0 && limit_ms == 0)
		error = -EINVAL;
	if (error == 0)
		*(int64_t *)out = limit_ms;
	return error;
}

/* Bytes, perhaps with K, M, G or T behind. */
int
option_read_bytes(const char *text, void *out)
{
	static const char units[] = "KMGT";
	const char *unit, *error;
	char digits[32];
	size_t len = strlen(text);
	int64_t value;
	int shift = 0;

	if (len == 0 || len >= sizeof(digits))
		return -EINVAL;
	strlcpy(digits, text, sizeof(digits));
	unit = strchr(units, toupper((unsigned char)text[len - 1]));
	if (unit != NULL && *unit != '\0') {
		digits[len - 1] = '\0';
		shift = 10 * (int)(unit - units + 1);
	}
	value = strtonum(digits, 0, INT64_MAX >> shift, &error);
	if (error != NULL)
		return -EINVAL;
	*(int64_t *)out = value << shift;
	return 0;
}

int
option_read_id(const char *text, void *out)
{
	const char *error;
	int64_t value = strtonum(text, 0, UINT32_MAX - 1, &error);

	if (error != NULL)
		return -EINVAL;
	*(int64_t *)out = value;
	return 0;
}

int
option_read_mode(const char *text, void *out)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	value = strtoul(text, &end, 8);
	if (*end != '\0' || value > 0777)
		return -EINVAL;
	*(int64_t *)out = (int64_t)value;
	return 0;
}

/* The address of a picture; a user in it could be read by everybody. */
int
option_read_camera(const char *text, void *out)
{
	return camera_check_url(text) != 0 ? -EINVAL :
					     options_read_text(text, out);
}

/* Is the text one of these words, the last of which is NULL? */
static int
read_word(const char *text, const char *const *words, void *out)
{
	int i;

	for (i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*(int *)out = i;
			return 0;
		}
	}
	return -EINVAL;
}

int
option_read_verify(const char *text, void *out)
{
	static const char *const words[] = {
		[VERIFY_SIZE] = "size",
		[VERIFY_FULL] = "full",
		[VERIFY_NONE] = "none",
		NULL,
	};

	return read_word(text, words, out);
}

int
option_read_flag(const char *text, void *out)
{
	if (*text != '\0')
		return -EINVAL;
	*(bool *)out = true;
	return 0;
}

int
option_read_type(const char *text, void *out)
{
	const struct backend *const *backend = backends;

	while (*backend != NULL && strcmp((*backend)->type, text) != 0)
		backend++;
	if (*backend == NULL)
		return -EINVAL;
	*(const struct backend **)out = *backend;
	return 0;
}

/* The number of something; 0 is none. */
int
option_read_number(const char *text, void *out)
{
	const char *error;
	int64_t value = strtonum(text, 1, INT64_MAX, &error);

	if (error != NULL)
		return -EINVAL;
	*(int64_t *)out = value;
	return 0;
}
