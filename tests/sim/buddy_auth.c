/*
 * The firmware's login: digest without qop in the manner of RFC 2069, or the
 * password as X-Api-Key.  Of two header fields the later one counts.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/buddy.h"

#define REALM	      "Printer API"
#define NONCE_SECONDS 300

/*
 * The parser goes on where it was: numbers and keys grow, what has been said
 * once stays said.
 */
char *
buddy_repeated(enum header which, const char *before, const char *value)
{
	static const char *const between[HEADER_COUNT] = {
		[HEADER_ACCEPT] = "\n",
		[HEADER_API_KEY] = "",
		[HEADER_CONNECTION] = "\n",
		[HEADER_CONTENT_LENGTH] = "",
		[HEADER_CREATE_FOLDER] = "\n",
		[HEADER_IF_NONE_MATCH] = "",
		[HEADER_OVERWRITE] = "\n",
		[HEADER_PRINT_AFTER_UPLOAD] = "\n",
	};
	char *joined;

	if (between[which] == NULL)
		return strdup(value);
	return asprintf(&joined, "%s%s%s", before, between[which], value) < 0 ?
	    NULL :
	    joined;
}

bool
buddy_says(const struct sim_exchange *ex, enum header which, const char *value)
{
	const char *at = exchange_header(ex, which);

	while (strncasecmp(at, value, strlen(value)) != 0) {
		at = strchr(at, '\n');
		if (at == NULL)
			return false;
		at++;
	}
	return true;
}

size_t
buddy_boundary(const struct sim_exchange *ex)
{
	static const char word[] = "boundary=";
	const char *at = exchange_header(ex, HEADER_CONTENT_TYPE);

	while ((at = strchr(at, ';')) != NULL) {
		at++;
		at += strspn(at, " \t");
		if (strncasecmp(at, word, strlen(word)) == 0)
			return strcspn(at + strlen(word), " \t;");
	}
	return 0;
}

/* The number that the digits of a text make, whatever is between them. */
static uint32_t
digits(const char *text)
{
	uint32_t number = 0;

	for (; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9')
			number = number * 10 + (uint32_t)(*text - '0');
	}
	return number;
}

bool
buddy_knows(const struct sim_exchange *ex, const char *etag)
{
	return digits(exchange_header(ex, HEADER_IF_NONE_MATCH)) ==
	    digits(etag) &&
	    digits(etag) != 0;
}

uint32_t
buddy_length(const char *value)
{
	uint32_t length = 0;

	for (; *value != '\0'; value++)
		length = length * 10 + (uint32_t)(*value - '0');
	return length;
}

static void
make_nonce(struct buddy_call *call, char out[17])
{
	pthread_mutex_lock(&call->sim->lock);
	snprintf(out, 17, "%08x%08x", (unsigned)call->buddy->salt,
	    (unsigned)(sim_now(call->sim) - call->buddy->boot_at));
	pthread_mutex_unlock(&call->sim->lock);
}

/* Was the nonce made in this boot, and lately? */
static bool
is_current(struct buddy_call *call, const char nonce[17])
{
	char now[17];
	unsigned long age;

	make_nonce(call, now);
	age = strtoul(now + 8, NULL, 16) - strtoul(nonce + 8, NULL, 16);
	return strncmp(now, nonce, 8) == 0 && age < NONCE_SECONDS;
}

/* The hexadecimal digits of a parameter, the last len of them. */
static void
take_hex(const char *value, char *out, size_t len)
{
	memset(out, '0', len);
	out[len] = '\0';
	for (; *value != '\0'; value++) {
		if (!isxdigit((unsigned char)*value))
			continue;
		memmove(out, out + 1, len - 1);
		out[len - 1] = (char)tolower((unsigned char)*value);
	}
}

/* Copy the value of a parameter; false if it is not there. */
static bool
parameter(const char *from, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	while (*from != '\0') {
		const char *end;

		from += strspn(from, " ,\t");
		end = from + strcspn(from, "=,");
		if (*end == '=' && (size_t)(end - from) == len &&
		    strncasecmp(from, name, len) == 0) {
			end++;
			from = end + (*end == '"');
			len = strcspn(from, *end == '"' ? "\"" : ", ");
			if (len >= size)
				return false;
			memcpy(out, from, len);
			out[len] = '\0';
			return true;
		}
		from = end;
		if (*from == '=' && from[1] == '"') {
			from = strchr(from + 2, '"');
			if (from == NULL)
				return false;
		}
		from += *from != '\0';
	}
	return false;
}

static void
challenge(struct buddy_call *call, bool stale)
{
	char nonce[17], value[120];

	make_nonce(call, nonce);
	snprintf(value, sizeof(value),
	    "Digest realm=\"" REALM "\", nonce=\"%s\", stale=%s", nonce,
	    stale ? "true" : "false");
	buddy_challenge(call, value);
}

/* The parameters that count; false if there are none. */
static bool
find_digest(const char *value, char nonce[17], char response[33])
{
	char text[256];
	bool found;

	value += strcspn(value, " \t");
	found = parameter(value, "nonce", text, sizeof(text)) &&
	    text[0] != '\0';
	take_hex(found ? text : "", nonce, 16);
	if (!parameter(value, "response", text, sizeof(text)))
		text[0] = '\0';
	take_hex(text, response, 32);
	return found || text[0] != '\0';
}

/* Whatever the scheme is called, and whatever else it tells. */
static bool
check_digest(struct buddy_call *call, const char *value)
{
	const struct sim_options *options = &call->sim->options;
	const char *secret[] = { options->user, REALM, options->password };
	const char *request[] = { call->ex->method, call->ex->target };
	char nonce[17], response[33], one[33], two[33], right[33];
	const char *all[] = { one, nonce, two };
	bool fits;

	find_digest(value, nonce, response);
	text_md5(one, secret, 3);
	text_md5(two, request, 2);
	text_md5(right, all, 3);
	fits = options->password[0] != '\0' && strcmp(right, response) == 0;
	if (!fits || !is_current(call, nonce)) {
		challenge(call, fits);
		return false;
	}
	return true;
}

bool
buddy_login(struct buddy_call *call)
{
	struct sim_exchange *ex = call->ex;
	const char *key = ex->header[HEADER_API_KEY];
	const char *digest = exchange_header(ex, HEADER_AUTHORIZATION);
	char nonce[17], response[33];
	bool later = key != NULL &&
	    ex->place[HEADER_API_KEY] > ex->place[HEADER_AUTHORIZATION];

	if (key == NULL || (!later && find_digest(digest, nonce, response)))
		return check_digest(call, digest);
	if (call->sim->options.password[0] != '\0' &&
	    strcmp(key, call->sim->options.password) == 0)
		return true;
	buddy_challenge(call, "ApiKey realm=\"" REALM "\"");
	return false;
}
