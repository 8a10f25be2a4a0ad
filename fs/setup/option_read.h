#ifndef FS_SETUP_OPTION_READ_H
#define FS_SETUP_OPTION_READ_H

/*
 * Read the value of an option into the member that out points to.  Return 0,
 * -EINVAL: that is no value for it, or -ENOMEM.
 */
int option_read_seconds(const char *text, void *out); /* int64_t, ms */
int option_read_limit(const char *text, void *out);   /* the same, never 0 */
int option_read_bytes(const char *text, void *out);   /* int64_t */
int option_read_id(const char *text, void *out);      /* int64_t */
int option_read_mode(const char *text, void *out);    /* int64_t */
int option_read_number(const char *text, void *out);  /* int64_t, above 0 */
int option_read_camera(const char *text, void *out);  /* char *, owned */
int option_read_verify(const char *text, void *out);  /* int, VERIFY_SIZE … */
int option_read_type(const char *text, void *out);    /* a backend */
int option_read_flag(const char *text, void *out);    /* bool; no text */

#endif
