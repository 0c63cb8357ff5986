/* Shards of a gate: what is accepted gives the same bytes again. Inputs lack
 * the digest at the end, or nothing before it would ever be read. */
#include "harness/baseline/digest.h"
#include "harness/baseline/shard.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"

static void try_one(const void *p, size_t n)
{
	struct tw_shard shard;
	struct tw_error error = {0};
	struct tw_buf again = {0};

	if (tw_shard_read(&shard, p, n, &error)) {
		tw_assert(error.code == TW_E_RUN && error.message[0]);
		return;
	}
	tw_shard_write(&shard, &again);
	/* Numbers may have been written longer than they need be. */
	tw_assert(again.n <= n);
	tw_buf_release(&again);
	tw_shard_release(&shard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[TW_DIGEST_TEXT];
	struct tw_digest digest;
	struct tw_buf whole = {0};

	try_one(data, n);
	tw_digest_init(&digest);
	tw_digest_add(&digest, data, n);
	tw_buf_add(&whole, data, n);
	tw_buf_add(&whole, tw_digest_text(&digest, text), TW_DIGEST_TEXT - 1);
	try_one(whole.p, whole.n);
	tw_buf_release(&whole);
	return 0;
}
