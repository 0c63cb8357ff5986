/*
 * Bytes on the wire of a captured request and its answer, 0 where the capture
 * does not tell: what the recorder counted, else the head as HTTP/1.1 writes
 * it and the body (or its Content-Length, where the body was not recorded).
 * Of a log these are bodies alone.
 */
#ifndef TW_HARNESS_CAPTURE_SIZES_H
#define TW_HARNESS_CAPTURE_SIZES_H

#include "plugins/twinrig-plugin.h"

int64_t tw_exchange_request_bytes(const struct twinrig_exchange *exchange);
int64_t tw_exchange_answer_bytes(const struct twinrig_exchange *exchange);

/* Of many: their sum, and of how many. */
struct tw_byte_count {
	uint64_t sum, n;
};

static inline void tw_byte_count_add(struct tw_byte_count *to, int64_t bytes)
{
	to->sum += bytes > 0 ? (uint64_t)bytes : 0;
	to->n += bytes > 0;
}

#endif
