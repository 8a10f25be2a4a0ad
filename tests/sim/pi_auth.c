/*
 * PrusaLink's login: digest with MD5-sess and qop=auth, the nonce bound to
 * the User-Agent and to a slot of a minute; or the API key.  A wrong key is
 * refused whatever else is sent.  Also the settings that tell and change it.
 */
#include <cJSON.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/pi.h"

#define REALM	     "Administrator"
#define SLOT_SECONDS 60
#define SERVER_NAME  "PrusaLink"

enum {
	FIELDS = 10,
	FIELD_SIZE = 2200,
	SHORTEST_KEY = 7
};

/* The parameters of a digest header. */
struct digest {
	char username[256];
	char realm[64];
	char nonce[80];
	char uri[FIELD_SIZE];
	char algorithm[32];
	char response[40];
	char opaque[80];
	char qop[16];
	char nc[16];
	char cnonce[128];
};

static void
sha256(char out[65], const char *data)
{
	SHA2_CTX context;
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)data, strlen(data));
	SHA256Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* The nonce of this slot of time, or of one some slots ago. */
static void
make_nonce(struct pi_call *call, int ago, char out[65])
{
	struct text text = { 0 };

	pthread_mutex_lock(&call->sim->lock);
	text_printf(&text, "%s %ld %s", call->pi->secret,
	    (long)(sim_now(call->sim) / SLOT_SECONDS) - ago,
	    exchange_header(call->ex, HEADER_USER_AGENT));
	pthread_mutex_unlock(&call->sim->lock);
	sha256(out, text_string(&text));
	text_free(&text);
}

static bool
is_current(struct pi_call *call, const char *nonce)
{
	char now[65], before[65];

	make_nonce(call, 0, now);
	make_nonce(call, 1, before);
	return strcmp(nonce, now) == 0 || strcmp(nonce, before) == 0;
}

static void
challenge(struct pi_call *call, bool stale)
{
	char nonce[65], opaque[65], extra[400];

	make_nonce(call, 0, nonce);
	sha256(opaque, SERVER_NAME);
	snprintf(extra, sizeof(extra),
	    "WWW-Authenticate: Digest realm=\"" REALM "\",qop=\"auth\","
	    "algorithm=\"MD5-sess\",nonce=\"%s\",opaque=\"%s\"%s\r\n",
	    nonce, opaque, stale ? ",stale=true" : "");
	pi_html(call, 401, extra);
}

/* Take one name=value off the header.  Returns where the next one begins. */
static const char *
next_field(const char *from, char name[32], char value[FIELD_SIZE])
{
	size_t len;

	from += strspn(from, " ,\t");
	len = strcspn(from, "=,");
	strlcpy(name, from, len < 31 ? len + 1 : 32);
	from += len;
	value[0] = '\0';
	if (*from != '=')
		return from;
	from++;
	if (*from == '"') {
		len = strcspn(++from, "\"");
		strlcpy(value, from, len < FIELD_SIZE ? len + 1 : FIELD_SIZE);
		return from + len + (from[len] == '"');
	}
	len = strcspn(from, ", ");
	strlcpy(value, from, len < FIELD_SIZE ? len + 1 : FIELD_SIZE);
	return from + len;
}

static void
parse(struct digest *digest, const char *from)
{
	const struct {
		const char *name;
		char *out;
		size_t size;
	} fields[FIELDS] = {
		{ "username", digest->username, sizeof(digest->username) },
		{ "realm", digest->realm, sizeof(digest->realm) },
		{ "nonce", digest->nonce, sizeof(digest->nonce) },
		{ "uri", digest->uri, sizeof(digest->uri) },
		{ "algorithm", digest->algorithm, sizeof(digest->algorithm) },
		{ "response", digest->response, sizeof(digest->response) },
		{ "opaque", digest->opaque, sizeof(digest->opaque) },
		{ "qop", digest->qop, sizeof(digest->qop) },
		{ "nc", digest->nc, sizeof(digest->nc) },
		{ "cnonce", digest->cnonce, sizeof(digest->cnonce) },
	};

	memset(digest, 0, sizeof(*digest));
	while (*from != '\0') {
		char name[32], value[FIELD_SIZE];

		from = next_field(from, name, value);
		for (int i = 0; i < FIELDS; i++) {
			if (strcasecmp(fields[i].name, name) == 0)
				strlcpy(fields[i].out, value, fields[i].size);
		}
	}
}

/* Must the uri end with the decoded path and the raw query?  It does so. */
static bool
uri_matches(struct pi_call *call, const char *uri)
{
	char decoded[TARGET_SIZE];
	struct text wanted = { 0 };
	ssize_t len = text_unescape(decoded, sizeof(decoded), uri, strlen(uri),
	    ESCAPES_LENIENT);
	bool matches;

	text_puts(&wanted, call->path);
	if (call->query[0] != '\0')
		text_printf(&wanted, "?%s", call->query);
	matches = len >= (ssize_t)wanted.len &&
	    strcmp(decoded + len - (ssize_t)wanted.len, text_string(&wanted)) ==
		0;
	text_free(&wanted);
	return matches;
}

static bool
is_right(struct pi_call *call, const struct digest *digest)
{
	const struct sim_options *options = &call->sim->options;
	const char *secret[] = { options->user, REALM, options->password };
	char one[33], two[33], right[33];
	const char *session[] = { one, digest->nonce, digest->cnonce };
	const char *request[] = { call->ex->method, digest->uri };
	const char *all[] = { one, digest->nonce, digest->nc, digest->cnonce,
		digest->qop, two };

	text_md5(one, secret, 3);
	text_md5(one, session, 3);
	text_md5(two, request, 2);
	text_md5(right, all, 6);
	return strcmp(digest->username, options->user) == 0 &&
	    strcmp(digest->response, right) == 0;
}

/*
 * Are the parameters such as the response may be computed of?  If not, it
 * has been answered: with an exception when one is missed late.
 */
static bool
fits(struct pi_call *call, const struct digest *digest)
{
	char opaque[65];
	bool fit;

	sha256(opaque, SERVER_NAME);
	fit = strcmp(digest->algorithm, "MD5-sess") == 0 &&
	    strcmp(digest->opaque, opaque) == 0;
	if (fit && digest->uri[0] == '\0') {
		pi_crash(call);
		return false;
	}
	fit = fit && uri_matches(call, digest->uri) &&
	    strcmp(digest->qop, "auth") == 0 &&
	    strcmp(digest->realm, REALM) == 0 && digest->response[0] != '\0' &&
	    strcmp(digest->username, call->sim->options.user) == 0;
	if (fit && (digest->nc[0] == '\0' || digest->cnonce[0] == '\0')) {
		pi_crash(call);
		return false;
	}
	if (!fit)
		challenge(call, false);
	return fit;
}

static bool
check_digest(struct pi_call *call)
{
	const char *value = exchange_header(call->ex, HEADER_AUTHORIZATION);
	struct digest digest;

	if (strncasecmp(value, "Digest ", 7) != 0) {
		challenge(call, false);
		return false;
	}
	parse(&digest, value + 7);
	if (!is_current(call, digest.nonce)) {
		challenge(call, true);
		return false;
	}
	if (!fits(call, &digest))
		return false;
	if (!is_right(call, &digest)) {
		challenge(call, false);
		return false;
	}
	return true;
}

bool
pi_login(struct pi_call *call, bool with_key)
{
	static const char refusal[] = "Bad X-Api-Key.";
	const char *key = call->ex->header[HEADER_API_KEY];
	bool right;

	if (key == NULL || !with_key)
		return check_digest(call);
	pthread_mutex_lock(&call->sim->lock);
	right = call->pi->key[0] != '\0' && strcmp(key, call->pi->key) == 0;
	pthread_mutex_unlock(&call->sim->lock);
	if (!right)
		pi_send(call, 403, "text/html; charset=utf-8", "", refusal,
		    strlen(refusal));
	return right;
}

void
pi_settings(struct pi_call *call)
{
	struct text json = { 0 };

	text_puts(&json, "{\"api-key\": ");
	pthread_mutex_lock(&call->sim->lock);
	text_json(&json, call->pi->key);
	pthread_mutex_unlock(&call->sim->lock);
	text_puts(&json, ", \"username\": ");
	text_json(&json, call->sim->options.user);
	text_puts(&json,
	    ", \"printer\": {\"name\": \"Simulated MK3S\", "
	    "\"location\": \"bench\", \"farm_mode\": false, "
	    "\"network_error_chime\": true}}");
	pi_json(call, 200, "", &json);
	text_free(&json);
}

/* Takes changes and forgets them. */
void
pi_settings_change(struct pi_call *call)
{
	cJSON *json = pi_read_json(call);

	if (json == NULL)
		return;
	if (cJSON_HasObjectItem(json, "user"))
		pi_json_string(call, 400,
		    "{\"title\": \"Invalid old password\", "
		    "\"message\": \"Password is not correct\"}");
	else
		pi_json_string(call,
		    cJSON_HasObjectItem(json, "printer") ||
			    cJSON_HasObjectItem(json, "farm_mode") ?
			200 :
			204,
		    "{}");
	cJSON_Delete(json);
}

void
pi_key(struct pi_call *call)
{
	bool remove = strcmp(call->ex->method, "DELETE") == 0;
	cJSON *body = remove ? cJSON_CreateObject() : pi_read_json(call);
	const char *wanted = pi_string_of(body, "api-key");
	struct text json = { 0 };

	if (body == NULL)
		return;
	if (wanted[0] != '\0' && strlen(wanted) < SHORTEST_KEY) {
		pi_message(call, 400,
		    "Api-Key must be at least 7 characters long");
		cJSON_Delete(body);
		return;
	}
	pthread_mutex_lock(&call->sim->lock);
	if (remove || wanted[0] != '\0')
		strlcpy(call->pi->key, wanted, sizeof(call->pi->key));
	else
		snprintf(call->pi->key, sizeof(call->pi->key), "%08x%08x",
		    (unsigned)arc4random(), (unsigned)arc4random());
	text_puts(&json, remove ? "{" : "{\"api-key\": ");
	if (!remove)
		text_json(&json, call->pi->key);
	text_puts(&json, "}");
	pthread_mutex_unlock(&call->sim->lock);
	cJSON_Delete(body);
	pi_json(call, 200, "", &json);
	text_free(&json);
}

void
pi_logged_in(struct pi_call *call)
{
	pi_json_string(call, 200,
	    "{\"session\": null, \"active\": true, \"admin\": true, "
	    "\"user\": true, \"name\": \"_api\"}");
}
