/* Token buckets (Envoy, local_ratelimit; twins/model/policy.h). */
#include "twins/traffic/traffic.h"

#include <stdio.h>

/* Full at the start; whole fills, at multiples of the interval from then on. */
static bool take(struct tw_world *world, const struct tw_rate_limit *by,
	struct tw_token_bucket *bucket)
{
	int64_t fills = (tw_world_now(world) - bucket->filled) / by->interval;

	if (!bucket->begun) {
		bucket->begun = true;
		bucket->tokens = by->max_tokens;
		bucket->filled = tw_world_now(world);
	} else if (fills > 0) {
		bucket->filled += fills * by->interval;
		bucket->tokens =
			by->max_tokens - bucket->tokens > fills * by->per_fill
				? bucket->tokens + fills * by->per_fill
				: by->max_tokens;
	}
	if (bucket->tokens < 1)
		return false;
	bucket->tokens--;
	return true;
}

/* The bucket of a replica, which all callers under the same rule share. */
static struct tw_token_bucket *of_replica(
	struct tw_world *world, uint32_t rule, uint32_t replica)
{
	struct tw_upstreams *all = world->upstreams;
	struct tw_token_bucket *bucket;
	char key[32];

	snprintf(key, sizeof key, "%u %u", rule, replica);
	bucket = tw_map_get(&all->buckets, key);
	if (!bucket) {
		bucket = tw_new(&world->arena, struct tw_token_bucket);
		tw_map_put(&all->buckets, key, bucket);
	}
	return bucket;
}

bool tw_rate_limit_allows(struct tw_world *world,
	const struct tw_rate_limit *by, struct tw_proxy *proxy,
	uint32_t replica)
{
	if (by->at_callee)
		return take(world, by, of_replica(world, by->rule, replica));
	return take(world, by, &proxy->bucket);
}
