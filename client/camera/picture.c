/*
 * Pictures of foreign cameras, decoded by libjpeg and libpng row by row.  Both
 * libraries leave a function by longjmp on errors: everything that has to
 * outlive that is in struct work, whose owner releases it.  No state, any
 * thread.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include <jerror.h>

#include "client/base/buf.h"
#include "client/camera/picture.h"

#define PNG_BYTES   ((size_t)192 << 20) /* of the PNG that is made */
#define JPEG_MEMORY (64L << 20)		/* for the waves of a progressive one */
#define JPEG_SCANS  30			/* libjpeg writes 10 */
#define CHUNK_BYTES ((png_alloc_size_t)8 << 20)
#define COMPRESSION 3 /* of 9: a picture is looked at once */
#define SIGNATURE   8

struct work {
	jmp_buf env;
	int error;
	struct buf *out;
	const unsigned char *data; /* of a PNG that is read */
	size_t len;
	size_t at;
	unsigned char *row;
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr jpeg_errors;
	struct jpeg_progress_mgr progress;
	png_structp png;
	png_infop info;
};

bool
picture_is_jpeg(const void *data, size_t len)
{
	return len > 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

bool
picture_is_png(const void *data, size_t len)
{
	return len > SIGNATURE &&
	    memcmp(data, "\x89PNG\r\n\x1a\n", SIGNATURE) == 0;
}

static void __attribute__((noreturn)) give_up(struct work *work, int error)
{
	work->error = error;
	longjmp(work->env, 1);
}

static void __attribute__((noreturn)) on_jpeg_error(j_common_ptr jpeg)
{
	struct work *work = jpeg->client_data;

	give_up(work,
	    jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? -ENOMEM : -EPROTO);
}

/* A picture that breaks off is damaged; stray bytes in it are not rare. */
static void
on_jpeg_message(j_common_ptr jpeg, int level)
{
	if (level < 0 &&
	    (jpeg->err->msg_code == JWRN_JPEG_EOF ||
		jpeg->err->msg_code == JWRN_HIT_MARKER))
		on_jpeg_error(jpeg);
}

static void
on_jpeg_text(j_common_ptr jpeg)
{
	(void)jpeg;
}

/* Many scans of a small file would keep us busy for minutes. */
static void
on_jpeg_progress(j_common_ptr jpeg)
{
	if (((j_decompress_ptr)jpeg)->input_scan_number > JPEG_SCANS)
		on_jpeg_error(jpeg);
}

static void __attribute__((noreturn))
on_png_error(png_structp png, png_const_charp text)
{
	(void)text;
	give_up(png_get_error_ptr(png), -EPROTO);
}

static void
on_png_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void
on_png_write(png_structp png, png_bytep data, png_size_t len)
{
	struct work *work = png_get_io_ptr(png);

	if (work->out->len + len > PNG_BYTES)
		give_up(work, -EPROTO);
	if (buf_append(work->out, data, len) != 0)
		give_up(work, -ENOMEM);
}

static void
on_png_flush(png_structp png)
{
	(void)png;
}

static void
on_png_read(png_structp png, png_bytep out, png_size_t len)
{
	struct work *work = png_get_io_ptr(png);

	if (len > work->len - work->at)
		give_up(work, -EPROTO);
	memcpy(out, work->data + work->at, len);
	work->at += len;
}

static void
make_row(struct work *work, size_t len)
{
	work->row = calloc(1, len);
	if (work->row == NULL)
		give_up(work, -ENOMEM);
}

static void
check_size(struct work *work, uint64_t width, uint64_t height)
{
	if (width == 0 || height == 0 || width * height > PICTURE_PIXELS)
		give_up(work, -EPROTO);
}

static void
begin_jpeg(struct work *work, const void *data, size_t len)
{
	struct jpeg_decompress_struct *jpeg = &work->jpeg;

	jpeg->err = jpeg_std_error(&work->jpeg_errors);
	work->jpeg_errors.error_exit = on_jpeg_error;
	work->jpeg_errors.emit_message = on_jpeg_message;
	work->jpeg_errors.output_message = on_jpeg_text;
	jpeg->client_data = work;
	jpeg_create_decompress(jpeg);
	jpeg->client_data = work;
	jpeg->mem->max_memory_to_use = JPEG_MEMORY;
	work->progress.progress_monitor = on_jpeg_progress;
	jpeg->progress = &work->progress;
	jpeg_mem_src(jpeg, data, (unsigned long)len);
	jpeg_read_header(jpeg, TRUE);
	check_size(work, jpeg->image_width, jpeg->image_height);
	if (jpeg->out_color_space != JCS_GRAYSCALE)
		jpeg->out_color_space = JCS_RGB;
	jpeg_start_decompress(jpeg);
}

static void
begin_png(struct work *work)
{
	const struct jpeg_decompress_struct *jpeg = &work->jpeg;

	work->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, work,
	    on_png_error, on_png_warning);
	if (work->png != NULL)
		work->info = png_create_info_struct(work->png);
	if (work->info == NULL)
		give_up(work, -ENOMEM);
	png_set_write_fn(work->png, work, on_png_write, on_png_flush);
	png_set_compression_level(work->png, COMPRESSION);
	png_set_filter(work->png, 0, PNG_FILTER_SUB);
	png_set_IHDR(work->png, work->info, jpeg->output_width,
	    jpeg->output_height, 8,
	    jpeg->output_components == 1 ? PNG_COLOR_TYPE_GRAY :
					   PNG_COLOR_TYPE_RGB,
	    PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	png_write_info(work->png, work->info);
}

/* Returns 0 or why it was left. */
static int
convert_jpeg(struct work *work, const void *data, size_t len)
{
	if (setjmp(work->env) != 0)
		return work->error;
	begin_jpeg(work, data, len);
	begin_png(work);
	make_row(work,
	    (size_t)work->jpeg.output_width *
		(size_t)work->jpeg.output_components);
	while (work->jpeg.output_scanline < work->jpeg.output_height) {
		jpeg_read_scanlines(&work->jpeg, &work->row, 1);
		png_write_row(work->png, work->row);
	}
	jpeg_finish_decompress(&work->jpeg);
	png_write_end(work->png, work->info);
	return 0;
}

static void
begin_check(struct work *work)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, work,
	    on_png_error, on_png_warning);

	work->png = png;
	if (png != NULL)
		work->info = png_create_info_struct(png);
	if (work->info == NULL)
		give_up(work, -ENOMEM);
	png_set_read_fn(png, work, on_png_read);
	png_set_chunk_malloc_max(png, CHUNK_BYTES);
	png_read_info(png, work->info);
	check_size(work, png_get_image_width(png, work->info),
	    png_get_image_height(png, work->info));
}

/* Decode every row, and keep none of them. */
static int
check_png(struct work *work)
{
	png_uint_32 y, height;
	int pass, passes;

	if (setjmp(work->env) != 0)
		return work->error;
	begin_check(work);
	passes = png_set_interlace_handling(work->png);
	png_read_update_info(work->png, work->info);
	height = png_get_image_height(work->png, work->info);
	make_row(work, png_get_rowbytes(work->png, work->info));
	for (pass = 0; pass < passes; pass++) {
		for (y = 0; y < height; y++)
			png_read_row(work->png, work->row, NULL);
	}
	png_read_end(work->png, NULL);
	return 0;
}

int
picture_to_png(const void *data, size_t len, struct buf *out)
{
	struct work work = { .out = out, .data = data, .len = len };
	size_t before = out->len;
	int error = -EPROTO;

	if (picture_is_jpeg(data, len)) {
		error = convert_jpeg(&work, data, len);
		jpeg_destroy_decompress(&work.jpeg);
		png_destroy_write_struct(&work.png, &work.info);
	} else if (picture_is_png(data, len)) {
		error = check_png(&work);
		png_destroy_read_struct(&work.png, &work.info, NULL);
		if (error == 0)
			error = buf_append(out, data, len);
	}
	free(work.row);
	if (error != 0 && out->data != NULL) {
		out->len = before;
		out->data[before] = '\0';
	}
	return error;
}
