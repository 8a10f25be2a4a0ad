#ifndef TESTS_SIM_GCODE_H
#define TESTS_SIM_GCODE_H

#include <stdbool.h>

struct text;

/* A print file's words about itself. */
struct gcode {
	double estimate_s; /* < 0: it does not say */
	double duration_s; /* of the simulated print */
	char filament[32];
	double nozzle;	     /* diameter, mm; < 0: it does not say */
	double layer_height; /* mm; < 0: it does not say */
	bool has_png;	     /* a thumbnail of at least 50 pixels each way */
};

/* A PNG thumbnail that is wanted. */
enum thumbnail {
	THUMBNAIL_ICON,	   /* exactly 16 by 16 */
	THUMBNAIL_LARGER,  /* the first of at least 17 by 17 */
	THUMBNAIL_LARGEST, /* the largest of at least 50 by 50 */
};

/* Read the file's head and tail.  A missing file gives the defaults. */
void gcode_read(const char *file, struct gcode *);

/*
 * Append the decoded thumbnail.  false: there is none.  *padded tells whether
 * its base64 ended in an equals sign.
 */
bool gcode_thumbnail(const char *file, enum thumbnail, struct text *png,
    bool *padded);

/* Where a thumbnail ends, or NULL. */
const char *gcode_end_mark(const char *at, const char *end);

/* Append what base64 in comment lines says. */
void gcode_decode(const char *at, const char *end, struct text *out);

#endif
