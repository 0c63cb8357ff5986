/*
 * The Deployment controller in a run: it sizes its ReplicaSets, which are the
 * two revisions of the workload, by the arithmetic of deployment.h. Pods of a
 * service that only a model declares, and of Compose's, are a Deployment's
 * too.
 */
#include "twins/cluster/deployment.h"
#include "twins/cluster/workloads.h"

#include "twins/base/assert.h"

/* What each ReplicaSet should have, and how the rollout goes. */
struct sets {
	uint32_t now, old;
	int64_t most; /* annotation max-replicas of both: desired + surge */
	struct tw_deployment_status status; /* as seen last */
	tw_time progressed;		    /* last */
	bool exceeded;			    /* its deadline */
};

static struct sets *sets_of(const struct tw_world *world, uint32_t workload)
{
	return tw_managed_of(world, workload)->own;
}

/* ---- a ReplicaSet --------------------------------------------------- */

static void delete_one(
	struct tw_world *world, const struct tw_workload *model, uint32_t rev)
{
	const uint32_t owned[2] = {model->revision, model->old};
	uint32_t first = tw_pod_first_to_go(
		world, rev, owned, model->old == TW_NONE ? 1 : 2);

	tw_assert(first != TW_NONE);
	tw_pod_delete(world, first, TW_POD_GRACE);
}

/* Brings it to the size that it should have. */
static void fill(struct tw_world *world, const struct tw_workload *model,
	uint32_t revision, uint32_t wanted)
{
	uint32_t has = tw_pods_active(tw_pods_counts(world, revision));

	for (; has < wanted; has++)
		if (tw_pod_create(world, revision) == TW_NONE)
			break;
	for (; has > wanted; has--)
		delete_one(world, model, revision);
}

/* ---- sizes ---------------------------------------------------------- */

/* Recreate: the new ones come when the old ones are gone. */
static bool recreate(
	struct tw_world *world, const struct tw_managed *it, struct sets *sets)
{
	const struct tw_pod_counts *old = tw_pods_counts(world, it->model->old);

	if (sets->old) {
		sets->old = 0;
		return true;
	}
	if (tw_pods_active(old) || old->stopping || sets->now == it->wanted)
		return false;
	sets->now = it->wanted;
	return true;
}

static struct tw_deployment arithmetic_of(const struct tw_managed *it)
{
	struct tw_deployment d = {
		.desired = it->wanted, .recreate = it->model->recreate};

	/* Readers check the texts. */
	if (!tw_deployment_fenceposts(it->model->surge, it->model->unavailable,
		    d.desired, &d.surge, &d.unavailable))
		d.unavailable = 1;
	return d;
}

/* Another size in a rollout: each set gets its share. */
static void scale_both(
	struct tw_world *world, const struct tw_managed *it, struct sets *sets)
{
	const struct tw_workload *model = it->model;
	const struct tw_pod_counts *now =
		tw_pods_counts(world, model->revision);
	const struct tw_pod_counts *old = tw_pods_counts(world, model->old);
	struct tw_deployment d = arithmetic_of(it);
	struct tw_replica_set both[2] = {
		{.replicas = sets->now,
			.available = now->available,
			.status_replicas = tw_pods_active(now),
			.annotation = sets->most,
			.desired_annotation = -1,
			.is_new = true},
		{.replicas = sets->old,
			.available = old->available,
			.status_replicas = tw_pods_active(old),
			.annotation = sets->most,
			.desired_annotation = -1,
			.age = 1},
	};

	tw_deployment_scale(&d, both, 2);
	sets->now = (uint32_t)both[0].replicas;
	sets->old = (uint32_t)both[1].replicas;
	sets->most = d.desired + d.surge;
}

/* One sync; false: nothing is left to do by now. */
static bool resize(
	struct tw_world *world, const struct tw_managed *it, struct sets *sets)
{
	const struct tw_workload *model = it->model;
	struct tw_deployment d = arithmetic_of(it);
	struct tw_replica_set now, old;
	int64_t size;

	if (!it->begun)
		return false;
	if (model->old == TW_NONE) {
		if (sets->now == it->wanted)
			return false;
		sets->now = it->wanted;
		return true;
	}
	if (d.recreate)
		return recreate(world, it, sets);
	now = (struct tw_replica_set){.replicas = sets->now,
		.available = tw_pods_counts(world, model->revision)->available};
	old = (struct tw_replica_set){.replicas = sets->old,
		.available = tw_pods_counts(world, model->old)->available};
	size = tw_deployment_reconcile_new(
		&d, now.replicas + old.replicas, now.replicas);
	if (size != now.replicas) {
		sets->now = (uint32_t)size;
		return true;
	}
	if (!tw_deployment_reconcile_old(&d, &old, 1, &now))
		return false;
	sets->old = (uint32_t)old.replicas;
	return true;
}

static void fill_both(struct tw_world *world, const struct tw_workload *model,
	const struct sets *sets)
{
	fill(world, model, model->revision, sets->now);
	if (model->old != TW_NONE)
		fill(world, model, model->old, sets->old);
}

static void see_complete(
	struct tw_world *world, struct tw_managed *it, const struct sets *sets)
{
	const struct tw_workload *model = it->model;

	if (!model->changes || !it->begun || it->complete ||
		tw_pods_counts(world, model->revision)->available <
			it->wanted ||
		(model->old != TW_NONE && sets->old))
		return;
	it->complete = true;
	tw_world_tap(world, .kind = TW_TAP_ROLLED_OUT,
		.service = model->service, .endpoint = TW_NONE,
		.caller = TW_NONE, .replica = TW_NONE);
}

/* ---- progress ------------------------------------------------------- */

static struct tw_deployment_status status_of(
	const struct tw_world *world, const struct tw_workload *model)
{
	const struct tw_pod_counts *now =
		tw_pods_counts(world, model->revision);
	struct tw_deployment_status it = {.total = tw_pods_active(now),
		.updated = tw_pods_active(now),
		.ready = now->ready,
		.available = now->available};
	const struct tw_pod_counts *old;

	if (model->old == TW_NONE)
		return it;
	old = tw_pods_counts(world, model->old);
	it.total += tw_pods_active(old);
	it.ready += old->ready;
	it.available += old->available;
	return it;
}

static bool is_under_way(const struct tw_managed *it)
{
	return it->model->changes && it->begun && !it->complete;
}

static void see_progress(
	struct tw_world *world, uint32_t workload, struct sets *sets)
{
	const struct tw_managed *it = tw_managed_of(world, workload);
	struct tw_deployment_status now = status_of(world, it->model);
	tw_time deadline = it->model->progress_deadline;

	if (is_under_way(it) && deadline &&
		(tw_deployment_progressing(&sets->status, &now) ||
			!sets->progressed)) {
		sets->progressed = tw_world_now(world);
		sets->exceeded = false;
		/* It is looked at a second after the deadline is reached. */
		tw_workload_wake(
			world, workload, sets->progressed + deadline + TW_S, 0);
	}
	sets->status = now;
}

/* It is only told: nothing is rolled back. */
static void woken(struct tw_world *world, uint32_t workload, uint32_t what)
{
	const struct tw_managed *it = tw_managed_of(world, workload);
	struct sets *sets = it->own;
	tw_time age = tw_world_now(world) - sets->progressed;

	(void)what;
	if (!is_under_way(it) || sets->exceeded ||
		!tw_deployment_timed_out(it->model->progress_deadline / TW_S,
			TW_PROGRESS_UPDATED, age / TW_S))
		return;
	sets->exceeded = true;
	world->obs.deadlines++;
	tw_world_tap(world, .kind = TW_TAP_DEADLINE,
		.service = it->model->service, .endpoint = TW_NONE,
		.caller = TW_NONE,
		.replica = world->model->revisions[it->model->revision]
				   .first_replica,
		.cause = "ProgressDeadlineExceeded");
}

static void sync(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	struct sets *sets = it->own;

	fill_both(world, it->model, sets);
	while (resize(world, it, sets))
		fill_both(world, it->model, sets);
	see_complete(world, it, sets);
	see_progress(world, workload, sets);
}

static void scaled(struct tw_world *world, uint32_t workload)
{
	struct sets *sets = sets_of(world, workload);
	const struct tw_managed *it = tw_managed_of(world, workload);

	if (it->model->old == TW_NONE)
		sets->now = it->wanted;
	else if (!it->begun)
		sets->old = it->wanted;
	else if (!it->model->recreate)
		scale_both(world, it, sets);
}

/* Shares are counted from here on. */
static void apply(struct tw_world *world, uint32_t workload)
{
	const struct tw_managed *it = tw_managed_of(world, workload);
	struct sets *sets = it->own;
	struct tw_deployment d = arithmetic_of(it);

	sets->most = d.desired + d.surge;
}

static void init(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	const struct tw_revision *revisions = world->model->revisions;
	struct sets *sets = tw_new(&world->arena, struct sets);

	sets->now = revisions[it->model->revision].initial;
	if (it->model->old != TW_NONE)
		sets->old = revisions[it->model->old].initial;
	it->own = sets;
	sets->most = arithmetic_of(it).desired + arithmetic_of(it).surge;
	sets->status = status_of(world, it->model);
}

const struct tw_controller tw_deployments = {
	.kind = "Deployment",
	.init = init,
	.sync = sync,
	.scaled = scaled,
	.apply = apply,
	.woken = woken,
};
