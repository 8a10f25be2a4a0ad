/*
 * First contact: GET /api/version tells whether there is a PrusaLink, which
 * traits it speaks and whether it lets us in.  The realm of its login
 * challenge decides; with an API key there is none, and the fields decide.
 */
#include <errno.h>
#include <string.h>

#include "client/base/json.h"
#include "client/http/http.h"
#include "client/prusalink/normalise.h"
#include "client/prusalink/prusalink_internal.h"
#include "client/traits.h"

const struct traits *const prusalink_traits[] = { &traits_buddy, &traits_pi,
	NULL };

static const struct traits *
by_realm(const char *realm)
{
	const struct traits *const *traits = prusalink_traits;

	while (*traits != NULL && strcmp((*traits)->realm, realm) != 0)
		traits++;
	return *traits;
}

/*
 * Only the Raspberry Pi's server names the SDK that it is made with.  Returns
 * 0, with NULL for what is no PrusaLink, -EPROTO or -ENOMEM.
 */
static int
by_fields(const struct buf *version, const struct traits **out)
{
	struct buf text = { 0 }, sdk = { 0 };
	int error = json_field(version->data, version->len, "text", &text);

	*out = NULL;
	if (error == 0 &&
	    strncmp(text.data, "PrusaLink", strlen("PrusaLink")) == 0) {
		error = json_field(version->data, version->len, "sdk", &sdk);
		if (error == 0 || error == -ENODATA)
			*out = error == 0 ? &traits_pi : &traits_buddy;
	}
	buf_free(&text);
	buf_free(&sdk);
	return error == -ENODATA ? 0 : error;
}

/*
 * Is there what all but the login is made of?  Buddy firmware has it since 4.7,
 * PrusaLink on the Pi since 0.7.  What cannot be asked now is there.  Returns 0
 * or -EOPNOTSUPP.
 */
static int
ask_v1(struct http *http, const struct wait *wait, struct probe *probe)
{
	bool tells = probe->traits->tells_space;
	const struct http_request request = { .method = "GET",
		.target = tells ? "/api/v1/storage" : "/api/v1/status" };
	struct http_reply reply;
	int error = http_ask(http, wait, &request, &reply);

	if (error == 0 && tells)
		(void)normalise_document(probe->traits, TOPIC_STORAGE,
		    reply.body.data, reply.body.len, &probe->storage);
	error = error == -ENOENT ? -EOPNOTSUPP : 0;
	http_reply_free(&reply);
	return error;
}

/* No PrusaLink refuses to tell its version so. */
static bool
is_strange(int status)
{
	return status >= 400 && status < 500 && status != 401 &&
	    status != 403 && status != 408 && status != 429;
}

int
prusalink_probe(struct http *http, const struct wait *wait, struct probe *out)
{
	const struct http_request request = { .method = "GET",
		.target = "/api/version" };
	const struct traits *traits;
	struct http_reply reply;
	int error = http_ask(http, wait, &request, &reply);

	traits = by_realm(reply.realm);
	if (error == 0) {
		error = by_fields(&reply.body, &traits);
		if (error == 0 && traits == NULL)
			error = -EPROTO;
	} else if ((reply.status == 401 && traits == NULL) ||
	    is_strange(reply.status)) {
		error = -EPROTO;
	}
	strlcpy(out->words, reply.message, sizeof(out->words));
	http_reply_free(&reply);
	if (error != 0)
		return error;
	out->traits = traits;
	return ask_v1(http, wait, out);
}
