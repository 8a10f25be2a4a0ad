#ifndef TESTS_SIM_STAMP_H
#define TESTS_SIM_STAMP_H

struct sim;
struct text;

/*
 * Add a time stamp, with what stands before and after it: this one when the
 * printer's clock is good, otherwise the one that every file has, and nothing
 * at all where stamps are absent.
 */
void stamp_put(const struct sim *, struct text *, const char *before,
    long long when, const char *after);

/* "good", "none", "fixed" (1980) or "2097".  Returns 0 or -EINVAL. */
int stamp_set(struct sim *, const char *word);

#endif
