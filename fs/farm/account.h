#ifndef FS_FARM_ACCOUNT_H
#define FS_FARM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct caller;
struct farm;
struct place;
struct printer_config;
struct printer_group;
struct wait;

/*
 * An account in the mount: a directory of printers, which
 * come and go, and get other names, as the server's list has them.  They are
 * among those of the farm.  Shared by counting; any thread may call.
 */

/*
 * For a section that was met, which it takes in any case: the farm has the
 * account from now on.  Returns 0 or a negative errno.
 */
int account_add(struct farm *, struct printer_config *);

struct account *account_hold(struct account *);
void account_release(struct account *);

/* The account that the directory belongs to; NULL: it is the farm's root. */
struct account *account_of(struct printer_group *);

/*
 * Let the farm have the printers that the account has now; known: as far as
 * that is remembered, without a request.  Returns 0 or a negative errno; what
 * the farm has stays then.
 */
int account_follow(struct account *, const struct wait *, bool known);

/*
 * The same, for who can do without: it waits for a moment only, and not again
 * for some seconds.  -ETIMEDOUT: that was too short.
 */
int account_follow_soon(struct account *, const struct wait *);

/* Has its list ever come? */
bool account_is_known(struct account *);

/*
 * Rename a printer by its directory.  -EPERM: it is none, or the new place is
 * not beside it, -EINVAL: no printer's directory has that name, -EEXIST,
 * -EBUSY: it is in use.
 */
int account_rename(const struct caller *, struct place *folder,
    const char *name, struct place *new_folder, const char *new_name,
    bool replace, struct place **out);

/*
 * Delete a printer for good, if that is its number and its name, as it is or
 * as its directory has it.  As
 * account_server_remove.
 */
int account_delete(struct account *, const struct wait *, int64_t id,
    const char *name);

/* No directory of a printer can have this name. */
bool account_is_reserved(const char *name);

#endif
