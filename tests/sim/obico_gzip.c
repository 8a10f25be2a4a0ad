/*
 * Compression: of a text at once, of a file in chunks on its way.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#include "tests/sim/obico.h"

enum {
	PIECE = 65536,
	LEVEL = 6,
	GZIP_BITS = 15 + 16,
	MEMORY = 8
};

/* Run what is in the stream through; all of it comes out. */
static int
squeeze(z_stream *stream, int flush, struct text *out)
{
	unsigned char piece[16384];
	int did;

	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		did = deflate(stream, flush);
		if (did == Z_STREAM_ERROR)
			return -EINVAL;
		text_add(out, piece, sizeof(piece) - stream->avail_out);
	} while (stream->avail_out == 0);
	return out->failed ? -ENOMEM : 0;
}

int
obico_gzip(struct text *out, const struct text *in)
{
	z_stream stream = { 0 };
	int error;

	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_BITS, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	stream.next_in = (Bytef *)in->data;
	stream.avail_in = (uInt)in->len;
	error = squeeze(&stream, Z_FINISH, out);
	deflateEnd(&stream);
	return error;
}

/* Send a chunk, and the last one of no length after it. */
static void
send_chunk(struct obico_call *call, const struct text *data, bool last)
{
	struct text piece = { 0 };

	if (!call->ex->http_1_1) {
		exchange_piece(call->ex, call->conn, text_string(data),
		    data->len, last);
		return;
	}
	if (data->len > 0) {
		text_printf(&piece, "%zx\r\n", data->len);
		text_add(&piece, data->data, data->len);
		text_puts(&piece, "\r\n");
	}
	if (last)
		text_puts(&piece, "0\r\n\r\n");
	if (piece.len > 0)
		exchange_piece(call->ex, call->conn, text_string(&piece),
		    piece.len, last);
	text_free(&piece);
}

void
obico_gzip_file(struct obico_call *call)
{
	z_stream stream = { 0 };
	unsigned char *piece = malloc(PIECE);
	long long at = call->offset, end = call->offset + call->size;
	bool last = false;

	if (piece == NULL ||
	    deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_BITS, MEMORY,
		Z_DEFAULT_STRATEGY) != Z_OK) {
		free(piece);
		call->conn->dead = true;
		return;
	}
	while (!last && !call->conn->dead) {
		struct text out = { 0 };
		ssize_t got = pread(call->fd, piece,
		    end - at < PIECE ? (size_t)(end - at) : PIECE, at);

		last = got <= 0 || at + got >= end;
		at += got > 0 ? got : 0;
		stream.next_in = piece;
		stream.avail_in = got > 0 ? (uInt)got : 0;
		if (squeeze(&stream, last ? Z_FINISH : Z_NO_FLUSH, &out) != 0)
			call->conn->dead = true;
		send_chunk(call, &out, last);
		text_free(&out);
	}
	deflateEnd(&stream);
	free(piece);
}
