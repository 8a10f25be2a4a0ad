#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/*
 * What every fuzz target needs.  A target is one file with one function,
 * LLVMFuzzerTestOneInput, which feeds foreign bytes to a module and claims
 * with HOLDS what must be true of the outcome; scripts/fuzz runs it.
 */
#include <stddef.h>
#include <stdint.h>

/* Called by libFuzzer: once, and for every input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* End the run, and keep the input, unless the condition holds. */
#define HOLDS(condition) \
	((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* The bytes as a string, which ends at the first NUL (caller: free). */
char *fuzz_text(const uint8_t *data, size_t len);

/*
 * The string up to the first line end or NUL (caller: free); data and len
 * move behind it.
 */
char *fuzz_line(const uint8_t **data, size_t *len);

/* The first byte, 0 when there is none; data and len move behind it. */
uint8_t fuzz_byte(const uint8_t **data, size_t *len);

/*
 * The path of a name in a directory that scripts/fuzz has made and removes
 * (caller: free).
 */
char *fuzz_path(const char *name);

/* Make the file of that path hold just these bytes. */
void fuzz_write_file(const char *path, const uint8_t *data, size_t len);

#endif
