/*
 * The DaemonSet controller in a run: a pod on each node that will do, whatever
 * its state; pods are bound to their own nodes (a node affinity that the
 * controller adds).
 *
 *	update, maxSurge 0	old pods that are not available go at once, then
 *				such as are, while no more than maxUnavailable
 *				nodes are without an available pod
 *	maxSurge > 0		a new pod stands beside the old one, on so many
 *				nodes at a time; the old one goes when the new
 *				one is available
 *
 * Source: Kubernetes 1.36, pkg/controller/daemon/update.go, rollingUpdate.
 */
#include "twins/cluster/deployment.h"
#include "twins/cluster/workloads.h"

/* What a node has of it. */
struct seat {
	uint32_t now, old; /* replicas; TW_NONE: no name */
};

/* Its nodes are in order. */
static uint32_t replica_on(const struct tw_revision *it, uint32_t node)
{
	uint32_t low = 0, high = it->n_replicas;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (it->own_nodes[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low < it->n_replicas && it->own_nodes[low] == node
		       ? it->first_replica + low
		       : TW_NONE;
}

static bool is_there(const struct tw_world *world, uint32_t replica)
{
	return replica != TW_NONE &&
	       tw_pod_of(world, replica)->state != TW_POD_ABSENT;
}

/* Of several old ones, the one that has a pod there. */
static struct seat seat_of(const struct tw_world *world,
	const struct tw_managed *it, uint32_t node)
{
	const struct tw_revision *all = world->model->revisions;
	struct seat seat = {replica_on(&all[it->now], node), TW_NONE};

	for (uint32_t i = 0; i < it->model->n_revisions; i++) {
		uint32_t revision = it->model->revisions[i];
		uint32_t replica = replica_on(&all[revision], node);

		if (revision != it->now && is_there(world, replica))
			seat.old = replica;
	}
	return seat;
}

static bool is_active(const struct tw_world *world, uint32_t replica)
{
	return replica != TW_NONE &&
	       tw_pod_is_active(tw_pod_of(world, replica));
}

static bool is_available(const struct tw_world *world, uint32_t replica)
{
	return is_active(world, replica) &&
	       tw_pod_of(world, replica)->available;
}

/* A node without a pod gets one of the new template, with OnDelete too. */
static void fill(struct tw_world *world, uint32_t node, const struct seat *seat)
{
	if (world->pods->scheduler.nodes.v[node].absent)
		return;
	if (seat->now != TW_NONE && !is_there(world, seat->now) &&
		!is_there(world, seat->old))
		tw_pod_create_named(world, seat->now);
}

/* The old pod of a node that the new revision does not want, or that there is
 * twice, goes. */
static void clear(struct tw_world *world, const struct seat *seat)
{
	if (is_active(world, seat->old) &&
		(seat->now == TW_NONE || is_available(world, seat->now)))
		tw_pod_delete(world, seat->old, TW_POD_GRACE);
}

static void without_surge(
	struct tw_world *world, const struct seat *seat, int64_t *left)
{
	if (!is_active(world, seat->old) || seat->now == TW_NONE)
		return;
	if (is_available(world, seat->old)) {
		if (*left <= 0)
			return;
		--*left;
	}
	tw_pod_delete(world, seat->old, TW_POD_GRACE);
}

static void with_surge(
	struct tw_world *world, const struct seat *seat, int64_t *left)
{
	if (seat->now == TW_NONE || is_there(world, seat->now) ||
		!is_active(world, seat->old))
		return;
	/* Nothing is lost where the old one does not serve. */
	if (is_available(world, seat->old)) {
		if (*left <= 0)
			return;
		--*left;
	}
	tw_pod_create_named(world, seat->now);
}

static void update(struct tw_world *world, const struct tw_managed *it)
{
	const struct tw_workload *model = it->model;
	int64_t surge = 0, unavailable = 0, left;
	uint32_t n = world->model->n_nodes;

	if (it->before == TW_NONE || model->on_delete)
		return;
	tw_deployment_share(model->surge, it->wanted, true, &surge);
	tw_deployment_share(model->unavailable, it->wanted, true, &unavailable);
	left = surge ? surge : unavailable ? unavailable : 1;
	for (uint32_t node = 0; node < n; node++) {
		struct seat seat = seat_of(world, it, node);

		if ((seat.now == TW_NONE && seat.old == TW_NONE) ||
			world->pods->scheduler.nodes.v[node].absent)
			continue;
		/* An old one that stops is none any more. */
		if (surge ? is_there(world, seat.now) &&
					!is_available(world, seat.now) &&
					is_active(world, seat.old)
			  : !is_available(world, seat.now) &&
					!is_available(world, seat.old))
			left--;
	}
	for (uint32_t node = 0; node < n; node++) {
		struct seat seat = seat_of(world, it, node);

		if (surge)
			with_surge(world, &seat, &left);
		else
			without_surge(world, &seat, &left);
	}
}

static void see_complete(struct tw_world *world, struct tw_managed *it)
{
	const struct tw_workload *model = it->model;

	if (it->rollout != TW_ROLLOUT_UNDER_WAY)
		return;
	if (!model->on_delete &&
		tw_pods_counts(world, it->now)->available < it->wanted)
		return;
	for (uint32_t i = 0; i < model->n_revisions; i++)
		if (model->revisions[i] != it->now && !model->on_delete &&
			tw_pods_active(
				tw_pods_counts(world, model->revisions[i])))
			return;
	tw_workload_rolled_out(world, it);
}

static void sync(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);

	for (uint32_t node = 0; node < world->model->n_nodes; node++) {
		struct seat seat = seat_of(world, it, node);

		fill(world, node, &seat);
		clear(world, &seat);
	}
	update(world, it);
	see_complete(world, it);
}

void tw_daemonsets_node(struct tw_world *world, uint32_t node, bool comes)
{
	for (uint32_t w = 0; w < world->model->n_workloads; w++) {
		const struct tw_managed *it = tw_managed_of(world, w);

		if (it->controller == &tw_daemonsets &&
			replica_on(&world->model->revisions[it->now], node) !=
				TW_NONE)
			tw_workload_want(world, w,
				comes ? it->wanted + 1 : it->wanted - 1);
	}
}

const struct tw_controller tw_daemonsets = {
	.kind = "DaemonSet",
	.sync = sync,
};
