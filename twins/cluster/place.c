#include "twins/cluster/place.h"

#include "twins/base/hash.h"

#include <string.h>

struct room {
	int64_t cpu, memory; /* allocated */
};

static bool fits(const struct tw_node *node, const struct room *room,
	const struct tw_revision *revision)
{
	return revision->cpu <= node->cpu - room->cpu &&
	       revision->memory <= node->memory - room->memory;
}

/* How many replicas of one revision stand where. */
struct spread {
	uint32_t *nodes, *zones;
};

/* Is node a a better place for the replica than b? */
static bool better(const struct tw_model *model, const struct spread *spread,
	uint64_t replica, uint32_t a, uint32_t b)
{
	uint32_t zone_a = model->nodes[a].zone, zone_b = model->nodes[b].zone;

	if (spread->nodes[a] != spread->nodes[b])
		return spread->nodes[a] < spread->nodes[b];
	if (spread->zones[zone_a] != spread->zones[zone_b])
		return spread->zones[zone_a] < spread->zones[zone_b];
	return tw_hash_combine(replica, model->nodes[a].hash) <
	       tw_hash_combine(replica, model->nodes[b].hash);
}

static uint32_t choose(const struct tw_model *model, const struct room *rooms,
	const struct spread *spread, uint32_t replica)
{
	const struct tw_replica *it = &model->replicas[replica];
	const struct tw_revision *revision = &model->revisions[it->revision];
	uint32_t best = TW_NONE;

	for (uint32_t n = 0; n < model->n_nodes; n++)
		if (fits(&model->nodes[n], &rooms[n], revision) &&
			(best == TW_NONE ||
				better(model, spread, it->hash, n, best)))
			best = n;
	return best;
}

/* A DaemonSet's pod waits for its own node. */
static uint32_t own_node(const struct tw_model *model, const struct room *rooms,
	const struct tw_revision *revision, uint32_t node)
{
	return fits(&model->nodes[node], &rooms[node], revision) ? node
								 : TW_NONE;
}

static uint32_t place_revision(const struct tw_model *model,
	const struct tw_revision *revision, struct room *rooms,
	struct spread *spread, uint32_t *node_of)
{
	uint32_t nowhere = 0;

	memset(spread->nodes, 0, model->n_nodes * sizeof *spread->nodes);
	memset(spread->zones, 0, model->n_zones * sizeof *spread->zones);
	for (uint32_t i = 0; i < revision->n_replicas; i++) {
		uint32_t r = revision->first_replica + i;
		uint32_t node = revision->each_node
					? own_node(model, rooms, revision, i)
					: choose(model, rooms, spread, r);

		node_of[r] = node;
		if (node == TW_NONE) {
			nowhere++;
			continue;
		}
		rooms[node].cpu += revision->cpu;
		rooms[node].memory += revision->memory;
		spread->nodes[node]++;
		spread->zones[model->nodes[node].zone]++;
	}
	return nowhere;
}

uint32_t tw_place(const struct tw_model *model, uint32_t *node_of)
{
	struct room *rooms = tw_calloc(model->n_nodes, sizeof *rooms);
	struct spread spread = {
		tw_calloc(model->n_nodes, sizeof *spread.nodes),
		tw_calloc(model->n_zones, sizeof *spread.zones),
	};
	uint32_t nowhere = 0;

	for (uint32_t i = 0; i < model->n_revisions; i++)
		nowhere += place_revision(
			model, &model->revisions[i], rooms, &spread, node_of);
	tw_free(rooms);
	tw_free(spread.nodes);
	tw_free(spread.zones);
	return nowhere;
}

static void warn(const struct tw_model *model,
	const struct tw_revision *revision, uint32_t n, struct tw_diags *diags)
{
	struct tw_pos pos = {0};
	struct tw_diag *diag;

	if (revision->spec && revision->spec->origin)
		pos = revision->spec->origin->pos;
	diag = tw_diag(diags, TW_WARNING, pos,
		"%u of %u replicas of %s fit on no node", n,
		revision->n_replicas, revision->name);
	diag->rule = "unplaceable";
	diag->why = "they stay unavailable, as they would stay Pending";
	tw_diag_hint(diags, diag,
		"it requests %lldm of CPU and %lld MiB of memory; there are "
		"%u nodes",
		(long long)revision->cpu,
		(long long)(revision->memory / (1024 * 1024)), model->n_nodes);
}

void tw_place_check(const struct tw_model *model, struct tw_diags *diags)
{
	uint32_t *node_of = tw_calloc(
		model->n_replicas ? model->n_replicas : 1, sizeof *node_of);

	if (tw_place(model, node_of)) {
		for (uint32_t i = 0; i < model->n_revisions; i++) {
			const struct tw_revision *it = &model->revisions[i];
			uint32_t n = 0;

			for (uint32_t r = 0; r < it->n_replicas; r++)
				n += node_of[it->first_replica + r] == TW_NONE;
			if (n)
				warn(model, it, n, diags);
		}
	}
	tw_free(node_of);
}
