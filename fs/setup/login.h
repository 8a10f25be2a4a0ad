#ifndef FS_SETUP_LOGIN_H
#define FS_SETUP_LOGIN_H

#include <stdbool.h>

struct options;

/* Where the printer is and how to log in.  Strings are owned. */
struct login {
	char
	    *url; /* scheme://host[:port][/prefix] without a slash at its end */
	char *user;
	char *secret; /* the password, the API key or the token */
	bool is_key;
	bool is_token;	   /* of an account, which needs no user */
	const char *where; /* borrowed: goes before messages; NULL: nothing */
};

/*
 * Find out from the options, the environment and, last, the terminal.  file is
 * the printers file to tell about.  Returns 0, or an exit status after one
 * line on stderr.  Caller: login_free, in any case.
 */
int login_find(const struct options *, const char *file, struct login *);

/*
 * The same for one printer of several, from its options alone: source is its
 * url, and a file has its secret.  Messages begin with where.
 */
int login_of_section(const struct options *, const char *where, struct login *);

/* Would the server see the same login? */
bool login_is_same(const struct login *, const struct login *);

/* Release, and wipe the secret. */
void login_free(struct login *);

#endif
