#ifndef TESTS_SIM_FAT_NAME_H
#define TESTS_SIM_FAT_NAME_H

#include <stdbool.h>

#include "tests/sim/fat.h"

/* A name that has appeared in a folder, and when. */
struct fat_new {
	char *name;
	double when;
};

/* Is it a name that FAT can hold, in valid UTF-8? */
bool fat_name_valid(const char *name);

/* Are the names the same but for the case of their letters? */
bool fat_same_name(const char *one, const char *two);

/* The short name with the tail of that number. */
void fat_numbered(const char *name, unsigned number, char out[FAT_SHORT]);

/* How many directory entries the name takes. */
unsigned fat_slots(const char *name);

/* How many UTF-16 units the name has. */
unsigned fat_units(const char *name);

#endif
