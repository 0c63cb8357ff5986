#include "twins/cluster/node_held.h"

#include "twins/cluster/budget.h"
#include "twins/cluster/pods.h"

#include <string.h>

bool tw_pod_is_on(const struct tw_world *world, uint32_t replica, uint32_t node)
{
	uint8_t state = tw_pod_of(world, replica)->state;

	return world->replicas[replica].managed &&
	       world->replicas[replica].node == node &&
	       (state == TW_POD_RUNNING || state == TW_POD_BOUND ||
		       state == TW_POD_STOPPING);
}

bool tw_pod_is_of_node(const struct tw_world *world, uint32_t replica)
{
	return world->model->revisions[world->model->replicas[replica].revision]
		.own_nodes;
}

static bool is_alone(const struct tw_world *world, uint32_t replica)
{
	uint32_t place = world->model->replicas[replica].revision;
	const struct tw_revision *it = &world->model->revisions[place];

	if (it->spec && !strcmp(it->spec->kind, "Pod"))
		return true;
	for (uint32_t b = 0; b < world->model->n_budgets; b++)
		if (world->model->budgets[b].covers[place])
			return false;
	return !strncmp(it->name, "kube-system/", 12);
}

/* True: the budget does not let all of its pods go. */
static bool holds(const struct tw_world *world,
	const struct tw_pod_budget *budget, uint32_t node,
	const struct tw_standing *pods)
{
	int64_t n = 0;

	for (size_t i = 0; i < pods->n; i++) {
		uint32_t r = pods->v[i];

		if (!budget->covers[world->model->replicas[r].revision] ||
			!tw_pod_is_on(world, r, node) ||
			tw_pod_is_of_node(world, r))
			continue;
		if (tw_eviction_allowed(world, r, NULL) == TW_EVICT_FAILED)
			return true;
		n++;
	}
	return n && tw_budget_status(world, budget).allowed < n;
}

bool tw_node_is_held(const struct tw_world *world, uint32_t node,
	const struct tw_standing *pods)
{
	for (size_t i = 0; i < pods->n; i++)
		if (tw_pod_is_on(world, pods->v[i], node) &&
			!tw_pod_is_of_node(world, pods->v[i]) &&
			is_alone(world, pods->v[i]))
			return true;
	for (uint32_t b = 0; b < world->model->n_budgets; b++)
		if (holds(world, &world->model->budgets[b], node, pods))
			return true;
	return false;
}
