#include "harness/live/worse.h"

#include "twins/base/hash.h"

bool tw_live_worse_hits(
	double share, uint64_t seed, uint32_t replication, uint64_t key)
{
	uint64_t draw =
		tw_hash_combine(tw_hash_combine(seed, replication), key);

	return share > 0 && (double)(draw >> 11) * 0x1p-53 < share;
}
