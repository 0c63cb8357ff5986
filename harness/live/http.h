/*
 * What the client and the server of the live twin share: headers as slices
 * that somebody else owns, and which of them do not travel.
 */
#ifndef TW_LIVE_HTTP_H
#define TW_LIVE_HTTP_H

#include "twins/base/text.h"
#include "twins/base/vector.h"

#include <stdint.h>

struct tw_http_header {
	struct tw_str name, value;
};

TW_VEC_TYPE(tw_http_headers, struct tw_http_header);

/* The first of that name (ASCII case ignored), or NULL. */
const struct tw_http_header *tw_http_find(
	const struct tw_http_headers *headers, const char *name);

/*
 * Belongs to one connection or to the framing of one message, so that a
 * message that is sent anew gets its own: RFC 9110, 7.6.1 (Connection,
 * Keep-Alive, TE, Trailer, Transfer-Encoding, Upgrade, Proxy-*), and
 * Content-Length.
 */
bool tw_http_hop_by_hop(struct tw_str name);

/* Name and value may stand in a message: no control characters, a name. */
bool tw_http_header_valid(const struct tw_http_header *header);

/* "OK" for 200 …; "" where the number has no name. */
const char *tw_http_reason(int status);

#endif
