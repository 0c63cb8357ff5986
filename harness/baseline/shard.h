/*
 * A shard: what one of n machines ran of a gate, in one file.
 *
 *	"TWSH", TW_SHARD_VERSION, i, n, the identity of the gate's inputs (as a
 *	record has it), how many trials, each with its key, in order of
 *	these, and its bytes (observed.h), and the SHA-256 of all that, in
 *hexadecimal
 *
 * Numbers are varints (bytes.h). A file that is not exactly this is refused;
 * what the trials' bytes hold is looked at when one is used.
 */
#ifndef TW_BASELINE_SHARD_H
#define TW_BASELINE_SHARD_H

#include "harness/baseline/archive.h"

#define TW_SHARD_VERSION 1
#define TW_SHARDS_MAX	 10000

struct tw_shard {
	struct tw_arena arena;
	uint32_t index, count; /* 1 <= index <= count */
	struct tw_buf identity;
	struct tw_map trials; /* key -> struct tw_str * */
};

void tw_shard_init(struct tw_shard *shard, uint32_t index, uint32_t count);
void tw_shard_release(struct tw_shard *shard);

/* "2/8"; false where it makes no sense. */
bool tw_shard_parse(const char *text, uint32_t *index, uint32_t *count);

/* Copies the bytes; a key once. */
void tw_shard_add(
	struct tw_shard *shard, const char *key, const void *p, size_t n);
void tw_shard_write(const struct tw_shard *shard, struct tw_buf *out);
/* Foreign input: -1 with what is wrong; else initialised, to be released. */
int tw_shard_read(struct tw_shard *shard, const void *p, size_t n,
	struct tw_error *error);

#endif
