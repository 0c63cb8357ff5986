#include "twins/base/xxhash.h"
#include "twins/traffic/balance.h"
#include "twins/traffic/ring.h"

#include <string.h>

/*
 * Envoy, Maglev (maglev_lb.cc; Eisenbud et al., "Maglev", NSDI 2016, 3.4):
 * each replica has a permutation of the table's places, from xxHash64(NAME) by
 * steps of xxHash64(NAME, seed 1); in turn each takes its next free place,
 * those of less weight not in every turn. A key's hash modulo the size is its
 * place. For a choice again the hash is mixed with the number of the choice.
 */
struct filler {
	uint64_t offset, skip, next;
	double due; /* places that its weight has earned so far */
	uint32_t taken;
};

static uint64_t permuted(const struct filler *it, uint32_t size)
{
	return (it->offset + it->skip * it->next) % size;
}

static void take(struct tw_ring *table, struct filler *it, uint32_t replica)
{
	uint64_t at = permuted(it, table->n);

	while (table->places[at].replica != UINT32_MAX) {
		it->next++;
		at = permuted(it, table->n);
	}
	table->places[at].replica = replica;
	it->next++;
	it->taken++;
}

static void fill(struct tw_ring *table, const struct tw_ring_host *hosts,
	struct filler *fillers, uint32_t n, double most)
{
	uint32_t filled = 0;

	for (uint32_t turn = 1; filled < table->n; turn++)
		for (uint32_t i = 0; i < n && filled < table->n; i++) {
			/* Envoy: target_weight. */
			if (turn * hosts[i].weight < fillers[i].due)
				continue;
			fillers[i].due += most;
			take(table, &fillers[i], hosts[i].replica);
			filled++;
		}
}

void tw_maglev_make(struct tw_ring *table, struct tw_arena *arena,
	const struct tw_ring_host *hosts, uint32_t n, uint32_t size)
{
	struct filler *fillers = tw_calloc(n, sizeof *fillers);
	double most = 0;

	if (!table->places)
		table->places = tw_new_array(arena, size, struct tw_ring_place);
	table->n = size;
	for (uint32_t i = 0; i < size; i++)
		table->places[i].replica = UINT32_MAX;
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strlen(hosts[i].name);

		if (hosts[i].weight > most)
			most = hosts[i].weight;
		fillers[i].offset =
			tw_xxhash64(hosts[i].name, length, 0) % size;
		fillers[i].skip =
			tw_xxhash64(hosts[i].name, length, 1) % (size - 1) + 1;
	}
	fill(table, hosts, fillers, n, most);
	tw_free(fillers);
}

uint32_t tw_maglev_find(
	const struct tw_ring *table, uint64_t hash, uint32_t again)
{
	/* Envoy: hash ^= ~0ULL - attempt + 1. */
	if (again)
		hash ^= ~UINT64_C(0) - again + 1;
	return table->places[hash % table->n].replica;
}

static uint32_t pick(const struct tw_choice *choice)
{
	const struct tw_balancing *by = &choice->upstream->model->balancing;
	bool stale;
	struct tw_ring *table = tw_ring_of(choice, &stale);

	if (stale) {
		struct tw_ring_host *hosts = tw_ring_hosts(choice);

		tw_maglev_make(table, &choice->world->arena, hosts, choice->n,
			by->table);
		tw_free(hosts);
	}
	return tw_maglev_find(table, tw_balance_hash(choice), choice->again);
}

const struct tw_balancing_kind tw_balance_maglev = {
	.name = "maglev",
	.pick = pick,
};
