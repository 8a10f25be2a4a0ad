#ifndef CLIENT_BASE_LITTER_H
#define CLIENT_BASE_LITTER_H

#include <stdbool.h>

/*
 * Files that macOS, Windows and desktops leave behind in every folder, and that
 * nobody has asked for: "._cube.gcode", ".DS_Store", "Thumbs.db" and such.
 */
bool litter_is(const char *name);

/* Is a part of this path litter? */
bool litter_is_in(const char *path);

#endif
