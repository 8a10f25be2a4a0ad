#ifndef FS_FARM_FIRST_CONTACT_H
#define FS_FARM_FIRST_CONTACT_H

struct account_server;
struct mount_paths;
struct printer;
struct printer_config;
struct printer_configs;
struct wait;

/*
 * Say of each printer whose number the account has not that it is wrong; asks
 * for the account's list if there is one to be watched.
 */
void first_contact_check_watches(const struct printer_configs *,
    const struct wait *);

/*
 * First contact, when the login is known: tells what it is, from memory if it
 * does not answer, and whether it does.  Returns what the probe
 * of its back end says, or -EINTR.
 */
int first_contact_meet(struct printer_config *, const struct mount_paths *,
    const struct wait *);

/* Say in a line why it failed.  Returns the exit status for that. */
int first_contact_explain(const struct printer_config *);

/*
 * The client of a printer that was met (caller: printer_free).  watch: the
 * account that watches it, or NULL.  Returns 0 or a negative errno.
 */
int first_contact_printer(const struct printer_config *,
    struct account_server *watch, struct printer **out);

/* The account (caller: account_server_release).  Returns 0 or an errno. */
int first_contact_account(const struct printer_config *,
    struct account_server **out);

#endif
