#ifndef CLIENT_BASE_NAME_H
#define CLIENT_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

struct buf;

/*
 * Can this be the name of a directory entry?  Names from a printer are
 * foreign: empty ones, ".", "..", over-long ones (255 bytes), ones with a
 * slash, a control character or broken UTF-8 are not.
 */
bool name_is_sane(const char *);

/* Bytes of the character that a text begins with; 0: it begins with none. */
size_t name_character(const char *text, wchar_t *out);

/* Is that no slash, control character or what is beyond Unicode? */
bool name_may_have(wchar_t);

/*
 * Can a server mean one of its entries by this, in a path?  It need not be a
 * name that users can see: firmware tells the bytes of a DOS code page as
 * control characters.
 */
bool name_is_part(const char *);

/* Does the name begin with a dot?  No server lists such a file. */
bool name_is_hidden(const char *);

/*
 * A copy for users (caller: free) with what no name may have as "%9A", or
 * NULL without memory.
 */
char *name_show(const char *);

/*
 * A copy in upper case, for comparing names as FAT does: character by
 * character, without regard to case (caller: free).  Folds the letters of which
 * FatFs and the C library say the same, and no others: two names that fold to
 * one are one file there.  Needs a UTF-8 LC_CTYPE.  NULL without memory.
 */
char *name_fold(const char *);

/* The same into out, of size bytes.  Returns false when it does not fit. */
bool name_fold_into(const char *name, char *out, size_t size);

/* How much of a UTF-8 text fits into max bytes without cutting a character. */
size_t name_fit(const char *text, size_t max);

/*
 * "model (2).gcode" of "model.gcode" and 2, cut where it would be too long
 * (caller: free).  NULL without memory.
 */
char *name_number(const char *name, int number);

#define NAME_HASH UINT64_C(14695981039346656037)

/* FNV-1a of 64 bits, begun with NAME_HASH or with the hash of what is before.
 */
uint64_t name_hash(uint64_t hash, const char *text);

/* Does the name end in this suffix, without regard to ASCII case? */
bool name_has_suffix(const char *name, const char *suffix);

/* The part of a path behind its last slash, or all of it.  Borrowed. */
const char *name_of(const char *path);

/* The part of a path before its last slash (caller: free), or NULL. */
char *name_folder(const char *path);

/* The part of a path below a folder, with its slash, or NULL.  Borrowed. */
const char *name_below(const char *path, const char *folder);

/* The same without its slash. */
const char *name_inside(const char *path, const char *folder);

/*
 * Append one segment of a URL's path, percent-encoded (RFC 3986, section 2).
 * Returns 0 or -ENOMEM.
 */
int name_escape(struct buf *, const char *segment, size_t len);

/* The same for a path: its slashes stay. */
int name_escape_path(struct buf *, const char *path);

/* Is that the path of something directly in the folder? */
bool name_is_in(const char *path, const char *folder);

/*
 * folder/name, or the name alone without a folder (NULL) (caller: free).
 * Returns NULL without memory.
 */
char *name_join(const char *folder, const char *name);

#endif
