#ifndef CLIENT_PRUSALINK_PRUSALINK_H
#define CLIENT_PRUSALINK_PRUSALINK_H

#include "client/base/buf.h"

struct camera;
struct http;
struct printer;
struct traits;
struct wait;

/* What first contact finds out. */
struct probe {
	const struct traits *traits;
	struct buf storage; /* the storage document, if it could be had */
	char words[160];    /* more about a failure, or "" */
};

/*
 * First contact: find out which traits the server speaks, and whether it
 * lets us in.  Returns 0 (caller: buf_free the document), -EACCES: login
 * refused, -EPROTO: that is not a PrusaLink, -EINVAL: that is no address, or
 * why it cannot be reached.
 */
int prusalink_probe(struct http *, const struct wait *, struct probe *out);

/*
 * A printer behind the v1 API.  Takes http in any case.  Returns 0 and the
 * printer (caller: printer_free), or -ENOMEM.
 */
int prusalink_new(struct http *, const struct traits *, struct printer **out);

/*
 * Give it a camera, which it takes, before anybody asks: snapshot.jpg then
 * comes from there.
 */
void prusalink_set_camera(struct printer *, struct camera *);

#endif
