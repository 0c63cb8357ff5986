/*
 * What a taint NoExecute does to the pods of its node: pkg/controller/
 * tainteviction/taint_eviction.go.
 */
#include "twins/cluster/life.h"
#include "twins/cluster/nodes_inner.h"
#include "twins/world/standing.h"

#include <string.h>

/* Admission plugin DefaultTolerationSeconds. */
#define TOLERATED (300 * TW_S)

static bool speaks_of(const struct tw_toleration *it, const char *key)
{
	return (!*it->key || !strcmp(it->key, key)) &&
	       (it->effect == TW_EFFECT_ANY ||
		       it->effect == TW_EFFECT_NO_EXECUTE);
}

static void evict(struct tw_world *world, uint32_t replica, uint32_t at,
	const char *taint)
{
	tw_world_tap(world, .kind = TW_TAP_EVICTED,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.node = world->model->nodes[at].name, .cause = taint);
	world->obs.evicted++;
	tw_pod_delete(world, replica, TW_POD_GRACE);
}

/* How long a pod bears the taint NoExecute of its node. */
static tw_time bears(
	const struct tw_world *world, uint32_t replica, const char *key)
{
	const struct tw_taint taint = {
		.key = key, .value = "", .effect = TW_EFFECT_NO_EXECUTE};
	uint32_t revision = world->model->replicas[replica].revision;
	const struct tw_revision *model = &world->model->revisions[revision];
	const struct tw_tolerations *all = &model->pod->tolerations;
	bool spoken = false, tolerated = false;
	tw_time least = TW_NEVER;

	if (model->own_nodes)
		return TW_NEVER;
	for (size_t i = 0; i < all->n; i++) {
		spoken |= speaks_of(&all->v[i], key);
		if (!tw_pod_tolerates(&all->v[i], &taint, false))
			continue;
		tolerated = true;
		if (all->v[i].seconds >= 0 && all->v[i].seconds * TW_S < least)
			least = all->v[i].seconds * TW_S;
	}
	if (!spoken)
		return TOLERATED;
	return tolerated ? least : 0;
}

void tw_taint_evict_now(struct tw_world *world, uint32_t at, const char *key)
{
	const struct tw_taint taint = {
		.key = key, .value = "", .effect = TW_EFFECT_NO_EXECUTE};
	struct tw_standing pods = tw_standing_on(world, at);

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		const struct tw_revision *model =
			&world->model->revisions[world->model->replicas[r]
							 .revision];
		bool tolerated = model->own_nodes != NULL;

		for (size_t k = 0; k < model->pod->tolerations.n; k++)
			tolerated |= tw_pod_tolerates(
				&model->pod->tolerations.v[k], &taint, false);
		if (!world->replicas[r].managed || tolerated ||
			!tw_pod_is_active(tw_pod_of(world, r)))
			continue;
		evict(world, r, at, key);
	}
	tw_vec_release(&pods);
}

void tw_taint_evict_later(struct tw_world *world, uint32_t at)
{
	const struct node *it = node_at(world, at);
	struct tw_standing pods = tw_standing_on(world, at);
	tw_time now = tw_world_now(world);

	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];
		tw_time wait;

		if (!world->replicas[r].managed ||
			!tw_pod_is_active(tw_pod_of(world, r)))
			continue;
		wait = bears(world, r, it->taint);
		if (wait == TW_NEVER)
			continue;
		tw_queue_schedule(&world->queue, now + wait, TW_CLASS_WORLD,
			TW_EV_EVICT, r,
			(uint64_t)it->turn << 32 | tw_pod_of(world, r)->turn);
	}
	tw_vec_release(&pods);
}

void tw_taint_evict(struct tw_world *world, uint32_t replica, uint64_t turns)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	uint32_t at = world->replicas[replica].node;
	const struct node *it;

	if (!tw_pod_is_active(pod) || at == TW_NONE ||
		pod->turn != (uint32_t)turns)
		return;
	it = node_at(world, at);
	if (!it->no_execute || it->turn != (uint32_t)(turns >> 32))
		return;
	evict(world, replica, at, it->taint);
}
