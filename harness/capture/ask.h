/*
 * What a captured request answers to the conditions of routes: its traits
 * (twins/model/traits.h).
 *
 * A header that is not there is known not to be there only where the capture
 * has headers of requests at all. An access log has none, or those few that
 * logs name: host, user-agent, referer, x-forwarded-*. Query values are
 * compared as they were sent, not decoded.
 */
#ifndef TW_HARNESS_CAPTURE_ASK_H
#define TW_HARNESS_CAPTURE_ASK_H

#include "plugins/twinrig-plugin.h"
#include "twins/model/traits.h"

tw_traits tw_exchange_traits(const struct tw_conditions *conditions,
	const struct twinrig_exchange *exchange);

/* The first of that name, without regard to case; false: there is none. */
bool tw_exchange_header(const struct twinrig_exchange *exchange,
	const char *name, struct tw_str *value);
/* A parameter of the query, as it was sent. */
bool tw_exchange_query(const struct twinrig_exchange *exchange,
	const char *name, struct tw_str *value);
/* Whether the capture has headers of requests at all. */
bool tw_exchange_has_headers(const struct twinrig_exchange *exchange);

#endif
