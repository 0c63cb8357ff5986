/* Stored observations: what is accepted gives the same bytes again. Inputs
 * are what stands between the head and the hash at the end, which are put
 * around it, or nothing behind them would ever be reached. */
#include "harness/baseline/observed.h"
#include "tests/fuzz/fuzz.h"
#include "twins/base/assert.h"
#include "twins/base/hash.h"

#define HEAD 13 /* "TWOB", the version, the hash of the tables */
#define TAIL 8

static void try_one(const void *p, size_t n)
{
	struct tw_observation obs;
	struct tw_error error = {0};
	struct tw_buf again = {0};

	if (tw_observed_read(p, n, &obs, &error)) {
		tw_assert(error.code == TW_E_RUN && error.message[0]);
		return;
	}
	tw_observed_write(&obs, &again);
	tw_assert(again.n == n && !memcmp(again.p, p, n));
	tw_buf_release(&again);
	tw_observation_release(&obs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tw_observation empty;
	struct tw_buf framed = {0}, whole = {0};
	uint64_t hash;

	try_one(data, n);
	tw_observation_init(&empty, 1);
	tw_observed_write(&empty, &whole);
	tw_observation_release(&empty);
	tw_buf_add(&framed, whole.p, HEAD);
	tw_buf_add(&framed, data, n);
	hash = tw_hash_bytes(framed.p, framed.n);
	for (int i = 0; i < TAIL; i++)
		tw_buf_add_char(&framed, (char)(hash >> (56 - 8 * i)));
	try_one(framed.p, framed.n);
	tw_buf_release(&framed);
	tw_buf_release(&whole);
	return 0;
}
