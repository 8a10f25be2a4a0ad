/*
 * The firmware's login: digest without qop in the manner of RFC 2069, or the
 * password as X-Api-Key.  Of two header fields the later one counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/buddy.h"

#define REALM	      "Printer API"
#define NONCE_SECONDS 300

bool
buddy_says(const struct exchange *ex, enum header which, const char *value)
{
	return strncmp(exchange_header(ex, which), value, strlen(value)) == 0;
}

static void
make_nonce(struct call *call, char out[17])
{
	pthread_mutex_lock(&call->sim->lock);
	snprintf(out, 17, "%08x%08x", (unsigned)call->buddy->salt,
	    (unsigned)(sim_now(call->sim) - call->buddy->boot_at));
	pthread_mutex_unlock(&call->sim->lock);
}

/* Was the nonce made in this boot, and lately? */
static bool
is_current(struct call *call, const char *nonce)
{
	char now[17], half[9] = { 0 };
	unsigned long age;

	make_nonce(call, now);
	if (strlen(nonce) != 16 || strncmp(now, nonce, 8) != 0)
		return false;
	memcpy(half, nonce + 8, 8);
	age = strtoul(now + 8, NULL, 16) - strtoul(half, NULL, 16);
	return age <= NONCE_SECONDS;
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
challenge(struct call *call, bool stale)
{
	char nonce[17], value[120];

	make_nonce(call, nonce);
	snprintf(value, sizeof(value),
	    "Digest realm=\"" REALM "\", nonce=\"%s\", stale=%s", nonce,
	    stale ? "true" : "false");
	buddy_challenge(call, value);
}

static bool
check_digest(struct call *call, const char *value)
{
	const struct options *options = &call->sim->options;
	const char *secret[] = { options->user, REALM, options->password };
	const char *request[] = { call->ex->method, call->ex->target };
	char nonce[64], response[64], one[33], two[33], right[33];
	const char *all[] = { one, nonce, two };

	if (strncasecmp(value, "Digest ", 7) != 0 ||
	    !parameter(value + 7, "nonce", nonce, sizeof(nonce)) ||
	    !parameter(value + 7, "response", response, sizeof(response))) {
		challenge(call, false);
		return false;
	}
	text_md5(one, secret, 3);
	text_md5(two, request, 2);
	text_md5(right, all, 3);
	if (strcmp(right, response) != 0 || !is_current(call, nonce)) {
		challenge(call, strcmp(right, response) == 0);
		return false;
	}
	return true;
}

bool
buddy_login(struct call *call)
{
	struct exchange *ex = call->ex;
	const char *key = ex->header[HEADER_API_KEY];
	const char *digest = ex->header[HEADER_AUTHORIZATION];

	if (key != NULL &&
	    (digest == NULL ||
		ex->place[HEADER_API_KEY] > ex->place[HEADER_AUTHORIZATION])) {
		if (call->sim->options.password[0] != '\0' &&
		    strcmp(key, call->sim->options.password) == 0)
			return true;
		buddy_challenge(call, "ApiKey realm=\"" REALM "\"");
		return false;
	}
	return check_digest(call, digest == NULL ? "" : digest);
}
