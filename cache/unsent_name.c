/*
 * What the files in unsent/ are called.  No state, any thread.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/unsent_name.h"
#include "client/base/name.h"

#define NUMBER 12 /* bytes of " (2147483647)", or so */

char *
unsent_name_numbered(const char *name, int number)
{
	const char *dot = strrchr(name, '.');
	const char *ending = dot == NULL || dot == name ? "" : dot;
	size_t stem = strlen(name) - strlen(ending);
	char *names;

	if (strlen(name) > NAME_MAX - NUMBER)
		stem = name_fit(name,
		    strlen(ending) < NAME_MAX - NUMBER ?
			NAME_MAX - NUMBER - strlen(ending) :
			0);
	if (asprintf(&names, "%.*s (%d)%s", (int)stem, name, number, ending) <
	    0)
		return NULL;
	return names;
}

bool
unsent_name_is_same(bool folds, const char *one, const char *two)
{
	char *folded_one, *folded_two;
	bool same = strcmp(one, two) == 0;

	if (same || !folds)
		return same;
	folded_one = name_fold(one);
	folded_two = name_fold(two);
	same = folded_one != NULL && folded_two != NULL &&
	    strcmp(folded_one, folded_two) == 0;
	free(folded_one);
	free(folded_two);
	return same;
}
