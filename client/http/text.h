#ifndef CLIENT_HTTP_TEXT_H
#define CLIENT_HTTP_TEXT_H

#include "client/base/stream.h"

/* Text as the bytes to be sent; the text is borrowed. */
struct source text_source(const char *text);

#endif
