#include "twins/cluster/place.h"

#include "twins/base/hash.h"

struct room {
	int64_t cpu, memory; /* allocated */
};

/* What kube-scheduler's scoring counts for a pod that requests nothing
 * (pkg/scheduler/util/pod_resources.go): 100m and 200 MB. */
#define PLAIN_CPU    100
#define PLAIN_MEMORY (INT64_C(200) * 1024 * 1024)

static double share(int64_t used, int64_t more, int64_t all)
{
	return all > 0 ? ((double)used + (double)more) / (double)all : 1;
}

static bool fits(const struct tw_node *node, const struct room *room,
	const struct tw_revision *revision)
{
	return revision->cpu <= node->cpu - room->cpu &&
	       revision->memory <= node->memory - room->memory;
}

static uint32_t choose(const struct tw_model *model, const struct room *rooms,
	const struct room *scores, uint32_t replica)
{
	const struct tw_replica *it = &model->replicas[replica];
	const struct tw_revision *revision = &model->revisions[it->revision];
	uint32_t best = TW_NONE;
	double best_cpu = 0, best_memory = 0;
	uint64_t best_tie = 0;

	for (uint32_t n = 0; n < model->n_nodes; n++) {
		const struct tw_node *node = &model->nodes[n];
		double cpu = share(scores[n].cpu, PLAIN_CPU, node->cpu);
		double memory =
			share(scores[n].memory, PLAIN_MEMORY, node->memory);
		uint64_t tie = tw_hash_combine(it->hash, node->hash);

		if (!fits(node, &rooms[n], revision))
			continue;
		if (best != TW_NONE &&
			(cpu > best_cpu ||
				(cpu == best_cpu && memory > best_memory) ||
				(cpu == best_cpu && memory == best_memory &&
					tie >= best_tie)))
			continue;
		best = n;
		best_cpu = cpu;
		best_memory = memory;
		best_tie = tie;
	}
	return best;
}

uint32_t tw_place(const struct tw_model *model, uint32_t *node_of)
{
	struct room *rooms = tw_calloc(model->n_nodes, sizeof *rooms);
	struct room *scores = tw_calloc(model->n_nodes, sizeof *scores);
	uint32_t nowhere = 0;

	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const struct tw_revision *revision =
			&model->revisions[model->replicas[r].revision];
		uint32_t node = revision->each_node
					? model->replicas[r].ordinal
					: choose(model, rooms, scores, r);

		/* A DaemonSet's pod waits for its own node. */
		if (node != TW_NONE &&
			!fits(&model->nodes[node], &rooms[node], revision))
			node = TW_NONE;
		node_of[r] = node;
		if (node == TW_NONE) {
			nowhere++;
			continue;
		}
		rooms[node].cpu += revision->cpu;
		rooms[node].memory += revision->memory;
		scores[node].cpu += revision->cpu ? revision->cpu : PLAIN_CPU;
		scores[node].memory +=
			revision->memory ? revision->memory : PLAIN_MEMORY;
	}
	tw_free(rooms);
	tw_free(scores);
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
