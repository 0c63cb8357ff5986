/*
 * Numbers and texts as bytes, for what is stored. Every number is a varint
 * (7 bits a byte, the lowest first, the top bit says that more follow), signed
 * ones zigzag: 0, -1, 1, -2, ...
 *
 * A reader that finds something wrong keeps the first reason and gives zeros
 * from then on, so that its caller may ask once, at the end of a part.
 */
#ifndef TW_BASELINE_BYTES_H
#define TW_BASELINE_BYTES_H

#include "twins/base/text.h"

void tw_put_number(struct tw_buf *out, uint64_t value);
void tw_put_signed(struct tw_buf *out, int64_t value);
void tw_put_text(struct tw_buf *out, const char *text);

struct tw_bytes {
	const uint8_t *start, *at, *end;
	const char *wrong; /* NULL: all is well */
	size_t wrong_at;   /* offset from the start */
};

void tw_bytes_init(struct tw_bytes *bytes, const void *p, size_t n);
/* Keeps the first reason (a literal). */
void tw_bytes_fail(struct tw_bytes *bytes, const char *why);
static inline size_t tw_bytes_left(const struct tw_bytes *bytes)
{
	return (size_t)(bytes->end - bytes->at);
}

/* At most `max`. */
uint64_t tw_get_number(struct tw_bytes *bytes, uint64_t max);
int64_t tw_get_signed(struct tw_bytes *bytes);
/* How many things follow of which each takes `least` bytes or more. */
size_t tw_get_count(struct tw_bytes *bytes, size_t least);
/* A slice of the input without a NUL. */
struct tw_str tw_get_text(struct tw_bytes *bytes);

#endif
