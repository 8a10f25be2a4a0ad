#ifndef TESTS_SIM_PICTURE_H
#define TESTS_SIM_PICTURE_H

struct text;

enum {
	PICTURE_WIDTH = 320,
	PICTURE_HEIGHT = 240
};

/*
 * Append a JPEG of the print bed.  Each number gives another picture; done,
 * from 0 to 1, is how tall the print has grown.  Returns 0 or -ENOMEM.
 */
int picture_draw(struct text *, long number, double done);

#endif
