/*
 * Whose a captured request is: for each key that a spec's policies balance by
 * (twins/model/keys.h) the hash of its value, or 0 where the capture does not
 * tell.
 *
 * header, cookie, query   as they were sent. Where the capture has no headers
 *                         of requests at all (an access log), or the cookie is
 *                         not there yet, the user that it names, or for a
 *                         cookie the client: a proxy gives a cookie to whoever
 *                         has none.
 * source                  the client's address: the capture's, or the first of
 *                         X-Forwarded-For, X-Real-IP; else the user.
 */
#ifndef TW_HARNESS_CAPTURE_IDENTITY_H
#define TW_HARNESS_CAPTURE_IDENTITY_H

#include "plugins/twinrig-plugin.h"
#include "twins/model/keys.h"

uint64_t tw_exchange_key(const struct tw_key_source *source,
	const struct twinrig_exchange *exchange);

#endif
