#ifndef FS_LOGIN_H
#define FS_LOGIN_H

#include <stdbool.h>

struct options;

/* Where the printer is and how to log in.  Strings are owned. */
struct login {
	char
	    *url; /* scheme://host[:port][/prefix] without a slash at its end */
	char *user;
	char *secret; /* the password, or the API key */
	bool is_key;
};

/*
 * Find out from the options, the environment, the default printers file and,
 * last, the terminal.  Returns 0, or an exit status after one line on stderr.
 * Caller: login_free, in any case.
 */
int login_find(const struct options *, struct login *);

/* Release, and wipe the secret. */
void login_free(struct login *);

#endif
