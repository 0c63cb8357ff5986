#include "twins/base/assert.h"
#include "twins/base/text.h"
#include "twins/base/xxhash.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/traffic/balance.h"
#include "twins/traffic/ring.h"

#include <stdlib.h>
#include <string.h>

/*
 * Envoy, ring hash (ring_hash_lb.cc; a Ketama ring): each replica stands at
 * some places of a ring of 2^64, at xxHash64("NAME_0"), ("NAME_1") …, as many
 * as its share of all weights; a request goes to the first place at or after
 * its key's hash. Envoy's NAME is the address; here it is the replica's name.
 * Where a replica comes or goes, only the keys before its places move.
 *
 * Without a key the place is drawn. Where a retry must not have the same
 * replica again, it goes on along the ring.
 */

static int by_hash(const void *a, const void *b)
{
	const struct tw_ring_place *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->replica < right->replica ? -1 : 1;
}

static double ceiling(double x)
{
	double whole = (double)(int64_t)x;

	return whole < x ? whole + 1 : whole;
}

double tw_ring_scale(double least, uint32_t min_size, uint32_t max_size)
{
	double scale = ceiling(least * min_size) / least;

	return scale < max_size ? scale : max_size;
}

static void add_places(
	struct tw_ring *ring, const char *name, uint32_t replica, uint32_t n)
{
	struct tw_buf key = {0};
	size_t stem;

	tw_buf_printf(&key, "%s_", name);
	stem = key.n;
	for (uint32_t i = 0; i < n; i++) {
		key.n = stem;
		tw_buf_printf(&key, "%u", i);
		ring->places[ring->n++] = (struct tw_ring_place){
			tw_xxhash64(tw_buf_text(&key), key.n, 0), replica};
	}
	tw_buf_release(&key);
}

void tw_ring_make(struct tw_ring *ring, struct tw_arena *arena,
	const struct tw_ring_host *hosts, uint32_t n, uint32_t min_size,
	uint32_t max_size)
{
	double sum = 0, least = hosts[0].weight, scale, wanted = 0;
	uint32_t cap = ring->cap;

	for (uint32_t i = 0; i < n; i++) {
		sum += hosts[i].weight;
		if (hosts[i].weight < least)
			least = hosts[i].weight;
	}
	scale = tw_ring_scale(least / sum, min_size, max_size);
	if (cap < scale + n + 1) {
		ring->cap = (uint32_t)scale + n + 1;
		ring->places =
			tw_new_array(arena, ring->cap, struct tw_ring_place);
	}
	ring->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t more = 0;

		wanted += scale * hosts[i].weight / sum;
		while ((double)(ring->n + more) < wanted)
			more++;
		add_places(ring, hosts[i].name, hosts[i].replica, more);
	}
	qsort(ring->places, ring->n, sizeof *ring->places, by_hash);
}

uint32_t tw_ring_find(const struct tw_ring *ring, uint64_t hash, uint32_t again)
{
	uint32_t low = 0, high = ring->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ring->places[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return ring->places[(low + again) % ring->n].replica;
}

uint64_t tw_balance_hash(const struct tw_choice *choice)
{
	if (choice->hash)
		return choice->hash;
	return tw_draw_bits(
		choice->world->seed, choice->key, TW_DRAW_BALANCE, 0);
}

struct tw_ring *tw_ring_of(const struct tw_choice *choice, bool *stale)
{
	struct tw_proxy *proxy = choice->proxy;
	struct tw_ring *ring;

	if (!proxy->rings)
		proxy->rings = tw_new_array(&choice->world->arena,
			TW_SHARES_MAX(choice->world->model), struct tw_ring);
	ring = &proxy->rings[choice->share];
	*stale = ring->made != proxy->refreshed;
	ring->made = proxy->refreshed;
	return ring;
}

struct tw_ring_host *tw_ring_hosts(const struct tw_choice *choice)
{
	struct tw_ring_host *hosts = tw_calloc(choice->n, sizeof *hosts);

	for (uint32_t i = 0; i < choice->n; i++) {
		uint32_t replica = choice->replicas[i];

		hosts[i] = (struct tw_ring_host){
			choice->world->model->replicas[replica].key, replica,
			tw_balance_weight(choice, replica)};
	}
	return hosts;
}

static uint32_t pick(const struct tw_choice *choice)
{
	const struct tw_balancing *by = &choice->upstream->model->balancing;
	bool stale;
	struct tw_ring *ring = tw_ring_of(choice, &stale);

	if (stale) {
		struct tw_ring_host *hosts = tw_ring_hosts(choice);

		tw_ring_make(ring, &choice->world->arena, hosts, choice->n,
			by->min_ring, by->max_ring);
		tw_free(hosts);
	}
	return tw_ring_find(ring, tw_balance_hash(choice), choice->again);
}

const struct tw_balancing_kind tw_balance_ring_hash = {
	.name = "ring-hash",
	.pick = pick,
};
