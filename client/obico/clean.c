/*
 * What an Obico server tells and no file may show: whoever has a printer's
 * auth_token is that printer, and a signed URL needs no login.  No state.
 */
#include <string.h>

#include <cJSON.h>

#include "client/base/json.h"
#include "client/obico/obico_internal.h"

/* auth_token, unsub_token and such. */
static bool
is_secret_name(const char *name)
{
	return strcasestr(name, "token") != NULL ||
	    strcasestr(name, "password") != NULL ||
	    strcasestr(name, "secret") != NULL;
}

/* Its signature is in the query; some are told without their host. */
static bool
is_signed_url(const char *text)
{
	return strchr(text, '?') != NULL &&
	    (*text == '/' || strstr(text, "://") != NULL ||
		strstr(text, "digest=") != NULL);
}

static bool
is_secret(const cJSON *parent, cJSON *item)
{
	(void)parent;
	return (item->string != NULL && is_secret_name(item->string)) ||
	    (cJSON_IsString(item) && is_signed_url(item->valuestring));
}

void
obico_clean(struct cJSON *tree)
{
	json_prune(tree, is_secret);
}
