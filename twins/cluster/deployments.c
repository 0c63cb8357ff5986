/*
 * The Deployment controller in a run: it sizes its ReplicaSets, one for each
 * revision that it has had, by the arithmetic of deployment.h. Pods of a
 * service that only a model declares, and of Compose's, are a Deployment's too.
 *
 * A sync does one step, as the real one does: it shares a new size out between
 * the sets, or makes the new set, or lets it grow, or shrinks old ones; and is
 * called again for what that has changed. Where the spec asks for another
 * template in the middle of a rollout (rollover), the set that was new is an
 * old one from then on: its pods that are not available go first, of the
 * oldest sets before the younger ones, then such as are. A template that a set
 * has had already (an undo) makes that set the new one again. A Deployment that
 * is paused has a size and no rollout.
 *
 * Source: Kubernetes 1.36, pkg/controller/deployment/{deployment_controller,
 * sync,rolling,recreate,progress}.go, syncDeployment.
 */
#include "twins/cluster/deployment.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/workloads.h"

#include "twins/base/assert.h"

/* A ReplicaSet, as its spec is. */
struct set {
	bool exists;
	uint32_t created; /* counts them, from 1 */
	int64_t size;
	/* Annotations desired-replicas and max-replicas: what the Deployment
	 * wanted when it was sized last. */
	int64_t desired, most;
};

struct rollout {
	struct set *sets; /* as model->revisions */
	uint32_t created;
	struct tw_deployment_status status; /* as seen last */
	tw_time progressed;		    /* last */
	bool exceeded;			    /* its deadline */
	/* What one step looks at: the sets that exist, the new one last. */
	struct tw_replica_set *view;
	uint32_t *place; /* of each in `sets` */
	uint32_t n;
	bool has_new;
};

static uint32_t revision_at(const struct tw_managed *it, uint32_t place)
{
	return it->model->revisions[place];
}

static uint32_t new_place(const struct tw_managed *it)
{
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (revision_at(it, i) == it->now)
			return i;
	return TW_NONE;
}

/* ---- a ReplicaSet --------------------------------------------------- */

/* Brings it to the size that it should have. */
static void fill(struct tw_world *world, const struct tw_workload *model,
	uint32_t revision, int64_t wanted)
{
	int64_t has = tw_pods_active(tw_pods_counts(world, revision));

	for (; has < wanted; has++)
		if (tw_pod_create(world, revision) == TW_NONE)
			break;
	for (; has > wanted; has--) {
		uint32_t first = tw_pod_first_to_go(
			world, revision, model->revisions, model->n_revisions);

		tw_assert(first != TW_NONE);
		tw_pod_delete(world, first, TW_POD_GRACE);
	}
}

/* The new one first. */
static void fill_all(struct tw_world *world, const struct tw_managed *it,
	const struct rollout *own)
{
	uint32_t now = new_place(it);

	fill(world, it->model, it->now, own->sets[now].size);
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (i != now)
			fill(world, it->model, revision_at(it, i),
				own->sets[i].size);
}

/* `made`: just now; it was not told of where it came from before 1.31. */
static void say_size(struct tw_world *world, const struct tw_managed *it,
	uint32_t place, int64_t from, int64_t to, bool made)
{
	const char *name = world->model->revisions[revision_at(it, place)].set;
	const char *way = to > from ? "up" : "down";
	const struct tw_kubernetes *version =
		tw_kubernetes_of(world->model->kubernetes);

	if (version->scaled_from_to)
		tw_workload_say(world, it, false, "ScalingReplicaSet",
			"Scaled %s replica set %s from %lld to %lld", way, name,
			(long long)from, (long long)to);
	else if (made)
		tw_workload_say(world, it, false, "ScalingReplicaSet",
			"Scaled up replica set %s to %lld", name,
			(long long)to);
	else
		tw_workload_say(world, it, false, "ScalingReplicaSet",
			"Scaled %s replica set %s to %lld from %lld", way, name,
			(long long)to, (long long)from);
}

static void annotate(struct set *set, const struct tw_deployment *d)
{
	set->desired = d->desired;
	set->most = d->desired + d->surge;
}

static void resize(struct tw_world *world, const struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d, uint32_t place,
	int64_t size)
{
	struct set *set = &own->sets[place];

	annotate(set, d);
	if (set->size == size)
		return;
	say_size(world, it, place, set->size, size, false);
	set->size = size;
}

/* ---- what a step looks at ------------------------------------------- */

static void add_view(struct tw_world *world, const struct tw_managed *it,
	struct rollout *own, uint32_t place)
{
	const struct set *set = &own->sets[place];
	const struct tw_pod_counts *pods =
		tw_pods_counts(world, revision_at(it, place));
	uint32_t age = 0;

	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		age += own->sets[i].exists &&
		       own->sets[i].created > set->created;
	own->place[own->n] = place;
	own->view[own->n++] = (struct tw_replica_set){.replicas = set->size,
		.available = pods->available,
		.status_replicas = tw_pods_active(pods),
		.annotation = set->most,
		.desired_annotation = set->desired,
		.age = age,
		.is_new = revision_at(it, place) == it->now};
}

static void look(struct tw_world *world, const struct tw_managed *it,
	struct rollout *own)
{
	uint32_t now = new_place(it);

	own->n = 0;
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (i != now && own->sets[i].exists)
			add_view(world, it, own, i);
	own->has_new = own->sets[now].exists;
	if (own->has_new)
		add_view(world, it, own, now);
}

/* True: a size was changed. */
static bool write_back(struct tw_world *world, const struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d)
{
	bool changed = false;

	for (uint32_t i = 0; i < own->n; i++) {
		if (own->view[i].replicas == own->sets[own->place[i]].size)
			continue;
		resize(world, it, own, d, own->place[i], own->view[i].replicas);
		changed = true;
	}
	return changed;
}

static int64_t total_of(const struct rollout *own)
{
	int64_t total = 0;

	for (uint32_t i = 0; i < own->n; i++)
		total += own->view[i].replicas;
	return total;
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

/* ---- steps: each false where nothing is left to do by now ----------- */

/* isScalingEvent: some set was sized for another number of pods. */
static bool is_scaling(const struct tw_managed *it, const struct rollout *own)
{
	for (uint32_t i = 0; i < it->model->n_revisions; i++)
		if (own->sets[i].size > 0 &&
			own->sets[i].desired != (int64_t)it->wanted)
			return true;
	return false;
}

/* Each set gets its share of the size. */
static bool share_out(struct tw_world *world, const struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d)
{
	bool changed;

	tw_deployment_scale(d, own->view, own->n);
	changed = write_back(world, it, own, d);
	for (uint32_t i = 0; i < own->n; i++)
		annotate(&own->sets[own->place[i]], d);
	return changed;
}

static void make_new(struct tw_world *world, struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d)
{
	uint32_t place = new_place(it);
	struct set *set = &own->sets[place];

	*set = (struct set){.exists = true,
		.created = ++own->created,
		.size = tw_deployment_new_size(d, total_of(own), 0)};
	annotate(set, d);
	tw_workload_number(it);
	if (set->size)
		say_size(world, it, place, 0, set->size, true);
}

static bool recreate(struct tw_world *world, struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d)
{
	for (uint32_t i = 0; i < own->n; i++)
		if (!own->view[i].is_new)
			own->view[i].replicas = 0;
	if (write_back(world, it, own, d))
		return true;
	for (uint32_t i = 0; i < it->model->n_revisions; i++) {
		const struct tw_pod_counts *pods =
			tw_pods_counts(world, revision_at(it, i));

		if (revision_at(it, i) != it->now &&
			(tw_pods_active(pods) || pods->stopping))
			return false;
	}
	if (!own->has_new) {
		make_new(world, it, own, d);
		return true;
	}
	tw_workload_number(it);
	own->view[own->n - 1].replicas = d->desired;
	return write_back(world, it, own, d);
}

static bool roll(struct tw_world *world, struct tw_managed *it,
	struct rollout *own, const struct tw_deployment *d)
{
	struct tw_replica_set *now;

	if (!own->has_new) {
		make_new(world, it, own, d);
		return true;
	}
	tw_workload_number(it);
	now = &own->view[own->n - 1];
	now->replicas =
		tw_deployment_reconcile_new(d, total_of(own), now->replicas);
	if (write_back(world, it, own, d))
		return true;
	tw_deployment_reconcile_old(d, own->view, own->n - 1, now);
	return write_back(world, it, own, d);
}

static bool step(
	struct tw_world *world, struct tw_managed *it, struct rollout *own)
{
	struct tw_deployment d = arithmetic_of(it);

	look(world, it, own);
	if (it->paused)
		return share_out(world, it, own, &d);
	if (is_scaling(it, own)) {
		share_out(world, it, own, &d);
		return true;
	}
	if (d.recreate)
		return recreate(world, it, own, &d);
	return roll(world, it, own, &d);
}

/* Old sets that are more than it keeps go, and nothing can be undone to
 * them. */
static void clean_up(
	struct tw_world *world, struct tw_managed *it, struct rollout *own)
{
	uint32_t n;

	look(world, it, own);
	n = own->n - own->has_new;
	/* By their place in the history. */
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t k = i;
			k && it->numbers[own->place[k]] <
				     it->numbers[own->place[k - 1]];
			k--) {
			struct tw_replica_set view = own->view[k];
			uint32_t place = own->place[k];

			own->view[k] = own->view[k - 1];
			own->place[k] = own->place[k - 1];
			own->view[k - 1] = view;
			own->place[k - 1] = place;
		}
	if (!tw_deployment_outdated(own->view, n, it->model->history))
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (!own->view[i].outdated)
			continue;
		own->sets[own->place[i]] = (struct set){0};
		it->numbers[own->place[i]] = 0;
	}
}

/* ---- progress ------------------------------------------------------- */

static struct tw_deployment_status status_of(
	const struct tw_world *world, const struct tw_managed *it)
{
	struct tw_deployment_status status = {0};

	for (uint32_t i = 0; i < it->model->n_revisions; i++) {
		const struct tw_pod_counts *pods =
			tw_pods_counts(world, revision_at(it, i));

		status.total += tw_pods_active(pods);
		status.ready += pods->ready;
		status.available += pods->available;
		if (revision_at(it, i) == it->now)
			status.updated = tw_pods_active(pods);
	}
	return status;
}

/* Counted while it lasts: a pod that comes after all is progress again. */
static void set_exceeded(
	struct tw_world *world, struct rollout *own, bool exceeded)
{
	world->obs.deadlines += (uint64_t)exceeded - own->exceeded;
	own->exceeded = exceeded;
}

static void see_complete(
	struct tw_world *world, struct tw_managed *it, struct rollout *own)
{
	struct tw_deployment_status status;

	if (it->rollout != TW_ROLLOUT_UNDER_WAY)
		return;
	status = status_of(world, it);
	if (!own->sets[new_place(it)].exists ||
		!tw_deployment_complete(it->wanted, &status))
		return;
	set_exceeded(world, own, false);
	tw_workload_rolled_out(world, it);
	clean_up(world, it, own);
}

static void see_progress(
	struct tw_world *world, uint32_t workload, struct rollout *own)
{
	const struct tw_managed *it = tw_managed_of(world, workload);
	struct tw_deployment_status now = status_of(world, it);
	tw_time deadline = it->model->progress_deadline;

	if (it->rollout == TW_ROLLOUT_UNDER_WAY && deadline && !it->paused &&
		own->sets[new_place(it)].exists &&
		(tw_deployment_progressing(&own->status, &now) ||
			!own->progressed)) {
		own->progressed = tw_world_now(world);
		set_exceeded(world, own, false);
		/* It is looked at a second after the deadline is reached. */
		tw_workload_wake(
			world, workload, own->progressed + deadline + TW_S, 0);
	}
	own->status = now;
}

/* It is only told: nothing is rolled back. */
static void woken(struct tw_world *world, uint32_t workload, uint32_t what)
{
	const struct tw_managed *it = tw_managed_of(world, workload);
	struct rollout *own = it->own;
	tw_time age = tw_world_now(world) - own->progressed;

	(void)what;
	if (it->rollout != TW_ROLLOUT_UNDER_WAY || it->paused ||
		own->exceeded || !own->progressed ||
		!tw_deployment_timed_out(it->model->progress_deadline / TW_S,
			TW_PROGRESS_UPDATED, age / TW_S))
		return;
	set_exceeded(world, own, true);
	tw_world_tap(world, .kind = TW_TAP_DEADLINE,
		.service = it->model->service, .endpoint = TW_NONE,
		.caller = TW_NONE,
		.replica = world->model->revisions[it->model->revision]
				   .first_replica,
		.cause = "ProgressDeadlineExceeded");
}

/* ---- what the workload calls ---------------------------------------- */

static void sync(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	struct rollout *own = it->own;

	fill_all(world, it, own);
	while (step(world, it, own))
		fill_all(world, it, own);
	see_complete(world, it, own);
	see_progress(world, workload, own);
}

static void scaled(struct tw_world *world, uint32_t workload)
{
	(void)world;
	(void)workload; /* isScalingEvent sees it */
}

/* The time for progress begins anew. */
static void changed(struct tw_world *world, uint32_t workload)
{
	struct rollout *own = tw_managed_of(world, workload)->own;

	own->progressed = 0;
	set_exceeded(world, own, false);
}

static void init(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	struct tw_deployment d = arithmetic_of(it);
	uint32_t n = it->model->n_revisions;
	struct rollout *own = tw_new(&world->arena, struct rollout);
	struct set *now;

	own->sets = tw_new_array(&world->arena, n, struct set);
	own->view = tw_new_array(&world->arena, n, struct tw_replica_set);
	own->place = tw_new_array(&world->arena, n, uint32_t);
	now = &own->sets[new_place(it)];
	*now = (struct set){.exists = true,
		.created = ++own->created,
		.size = world->model->revisions[it->now].initial};
	annotate(now, &d);
	it->own = own;
	own->status = status_of(world, it);
}

const struct tw_controller tw_deployments = {
	.kind = "Deployment",
	.init = init,
	.sync = sync,
	.scaled = scaled,
	.changed = changed,
	.woken = woken,
};
