/*
 * twinrig's own format: JSON Lines, one exchange a line, without loss.
 *
 *	{"twinrig":"exchanges","version":1}
 *	{"time":"2026-11-23T10:05:03.000000001Z","method":"GET",
 *	 "target":"/a?b","host":"shop.example","status":200,
 *	 "latency_ns":1200000}                          (on one line)
 *
 * The first line may be missing. Members, all but method and target optional,
 * in this order where twinrig writes them; unknown ones are skipped:
 *
 *	time              ISO 8601, or nanoseconds since 1970 as an integer
 *	resolution_ns     of the time; default 1 (or the fraction's digits)
 *	latency_ns        from the request's start to its answer's end
 *	response_time     as time; only where it is not time + latency_ns
 *	method, target, host, scheme, protocol
 *	headers           [["Name", "value"], …]
 *	body
 *	status            0: the connection ended without one
 *	response_headers, response_body
 *	id, connection
 *	caller            the service that asked; absent: from outside
 *	service           the service that answered
 *
 * A text that is not UTF-8 is written as {"base64": "…"} in place of the
 * string; any text may be.
 */
#ifndef TW_PLUGINS_JSONL_H
#define TW_PLUGINS_JSONL_H

#include "plugins/twinrig-plugin.h"

int tw_jsonl_begin(struct twinrig_out *out);
int tw_jsonl_write(
	struct twinrig_out *out, const struct twinrig_exchange *exchange);

#endif
