/*
 * Which pod of a revision goes first where its owner shrinks: deletion.h, with
 * what the run knows of them.
 */
#include "twins/cluster/deletion.h"
#include "twins/cluster/pods.h"

/* Active pods of the revisions on a node. */
static uint32_t on_node(const struct tw_world *world, uint32_t node,
	const uint32_t *revisions, size_t n_revisions)
{
	const struct tw_sched_node *it = &world->pods->scheduler.nodes.v[node];
	uint32_t n = 0;

	for (size_t i = 0; i < it->classes.n; i++)
		for (size_t k = 0; k < n_revisions; k++)
			if (tw_class_revision(world, it->classes.v[i].class) ==
				revisions[k])
				n += it->classes.v[i].n -
				     it->classes.v[i].leaving;
	return n;
}

static struct tw_pod_standing standing_of(const struct tw_world *world,
	uint32_t replica, const uint32_t *owned, size_t n_owned)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	const struct tw_world_replica *it = &world->replicas[replica];
	bool assigned = pod->state != TW_POD_PENDING;

	return (struct tw_pod_standing){
		.assigned = assigned,
		.phase = pod->state == TW_POD_RUNNING ? TW_PHASE_RUNNING
						      : TW_PHASE_PENDING,
		.ready = it->ready,
		.rank = assigned ? on_node(world, it->node, owned, n_owned) : 0,
		.ready_age = tw_world_now(world) - pod->ready_since,
		.created_age = tw_world_now(world) - pod->created,
		.tie = world->model->replicas[replica].hash,
	};
}

uint32_t tw_pod_first_to_go(const struct tw_world *world, uint32_t revision,
	const uint32_t *owned, size_t n_owned)
{
	const struct tw_revision *it = &world->model->revisions[revision];
	struct tw_pod_standing first = {0};
	uint32_t best = TW_NONE;

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t r = it->first_replica + i;
		struct tw_pod_standing mine;
		int way;

		if (!tw_pod_is_active(tw_pod_of(world, r)))
			continue;
		mine = standing_of(world, r, owned, n_owned);
		way = best == TW_NONE
			      ? -1
			      : tw_deletion_compare(&mine, &first, true);
		if (way < 0 || (!way && mine.tie < first.tie)) {
			best = r;
			first = mine;
		}
	}
	return best;
}
