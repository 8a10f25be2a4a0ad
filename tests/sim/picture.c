/*
 * Draws what the camera sees: a bed, a print that grows, a nozzle that moves
 * with each picture.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include "tests/sim/picture.h"
#include "tests/sim/text.h"

enum {
	BED_TOP = 190,
	PRINT_LEFT = 110,
	PRINT_RIGHT = 210,
	QUALITY = 80
};

/* The colour of a pixel. */
static void
paint(unsigned char *rgb, int x, int y, long number, double done)
{
	int top = BED_TOP - (int)(done * 120);
	int nozzle = PRINT_LEFT + (int)(number * 17 % 100);
	unsigned char background = (unsigned char)(40 + y / 4);

	rgb[0] = background;
	rgb[1] = background;
	rgb[2] = (unsigned char)(background + 20);
	if (y >= BED_TOP) {
		rgb[0] = rgb[1] = rgb[2] = 30;
	} else if (y >= top && x >= PRINT_LEFT && x < PRINT_RIGHT) {
		rgb[0] = 250;
		rgb[1] = 104;
		rgb[2] = 49;
	} else if (y < top && y > top - 25 && x > nozzle - 6 &&
	    x < nozzle + 6) {
		rgb[0] = rgb[1] = rgb[2] = 200;
	}
	if (y < 8 && x < 8 * 16 && (number >> (x / 8) & 1) != 0)
		rgb[0] = rgb[1] = rgb[2] = 255; /* the number, in bits */
}

int
picture_draw(struct text *out, long number, double done)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned char row[PICTURE_WIDTH * 3];
	unsigned char *data = NULL;
	unsigned long len = 0;
	JSAMPROW rows[1] = { row };

	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &data, &len);
	jpeg.image_width = PICTURE_WIDTH;
	jpeg.image_height = PICTURE_HEIGHT;
	jpeg.input_components = 3;
	jpeg.in_color_space = JCS_RGB;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, QUALITY, TRUE);
	jpeg_start_compress(&jpeg, TRUE);
	for (int y = 0; y < PICTURE_HEIGHT; y++) {
		for (int x = 0; x < PICTURE_WIDTH; x++)
			paint(row + x * 3, x, y, number, done);
		jpeg_write_scanlines(&jpeg, rows, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	text_add(out, data, len);
	free(data);
	return out->failed ? -ENOMEM : 0;
}
