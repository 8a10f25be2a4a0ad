#ifndef TESTS_SIM_OBICO_COLUMN_H
#define TESTS_SIM_OBICO_COLUMN_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;
struct text;

/* Microseconds since 1970; 0 is null. */
typedef long long date;

enum kind {
	KIND_INT,
	KIND_FLOAT, /* double; NAN is null */
	KIND_BOOL,
	KIND_TEXT, /* char *, freed with the row; NULL is null */
	KIND_DATE
};

enum {
	COLUMN_NULL = 1,   /* may be null */
	COLUMN_WRITE = 2,  /* a client may set it by the rules */
	COLUMN_NEEDED = 4, /* has to be there */
	COLUMN_HIDDEN = 8, /* is not told */
	COLUMN_BLANK = 16, /* may be an empty text */
	COLUMN_FIXED = 32, /* cannot be changed at all */
};

/* A column of a table, and a member of its rows in JSON. */
struct column {
	const char *name;
	enum kind kind;
	unsigned flags;
	size_t offset;
	size_t max;		    /* characters; 0: any */
	const char *const *choices; /* NULL: any */
};

struct table {
	const struct column *columns;
	size_t count;
};

/* A value that a column can take. */
struct cell {
	bool null;
	long number;
	double real;
	bool yes;
	char *string; /* owned */
	date when;
};

/* The column with that name, or NULL. */
const struct column *table_column(const struct table *, const char *name);

/* Append the value as JSON. */
void column_render(struct text *, const struct column *, const void *row);

/*
 * Convert as the database layer does, which takes almost anything.  Returns 0
 * or -EINVAL.  The cell is to be released.
 */
int column_convert(const struct column *, const struct cJSON *, bool is_form,
    struct cell *);

/* Put it into the row; the cell keeps nothing. */
void column_store(const struct column *, void *row, struct cell *);

void cell_free(struct cell *);

/*
 * Look at all members by the rules that are meant for clients, and store them
 * if all are right.  partial: none has to be there.  Returns true, or false
 * and {"field": ["message"], … without its end in wrong.
 */
bool table_accept(const struct table *, void *row, const struct cJSON *,
    bool is_form, bool partial, struct text *wrong);

/* The same, but nothing is stored. */
bool table_check(const struct table *, const struct cJSON *, bool is_form,
    bool partial, struct text *wrong);

/* One more thing that is wrong. */
void table_complain(struct text *wrong, const char *name, const char *message);

/* Release the texts of a row. */
void table_clear(const struct table *, void *row);

#endif
