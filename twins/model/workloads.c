/*
 * Workloads: what the control plane manages in the run, and how pods start and
 * stop. Defaults: apps/v1 Deployment (maxSurge and maxUnavailable 25%,
 * revisionHistoryLimit 10), core/v1 Probe and PodSpec
 * (terminationGracePeriodSeconds 30).
 */
#include "twins/model/build.h"

#include <string.h>

/* Of a service that only a model declares, and of Compose's. */
const char *build_kind(const struct tw_spec_workload *workload)
{
	if (!workload || !strcmp(workload->kind, "compose"))
		return "Deployment";
	return workload->kind;
}

/* Whose pods have names of their own: a new one waits for the old one's. */
static bool keeps_names(const char *kind)
{
	return strcmp(kind, "Deployment") && strcmp(kind, "ReplicaSet");
}

int64_t build_slots(const struct build *b,
	const struct tw_spec_workload *workload, int64_t most, int64_t initial,
	int64_t desired)
{
	int64_t n = initial > desired ? initial : desired;

	if (workload && build_is_job(workload->kind))
		return TW_JOB_SLOTS * tw_int_or(workload->parallelism, 1);
	if (most > n)
		n = most;
	/* While the pods of lost nodes, and those that take their time to
	 * stop, have their names, as many again replace them. */
	if (b->spec->managed && !keeps_names(build_kind(workload)))
		n += n + 1;
	return n;
}

static uint32_t revision_of(
	const struct build *b, const struct tw_spec_workload *workload)
{
	for (uint32_t r = 0; r < b->model->n_revisions; r++)
		if (b->model->revisions[r].spec == workload)
			return r;
	return TW_NONE;
}

static void fill_changing(struct build *b,
	const struct tw_spec_workload *workload, struct tw_workload *to)
{
	const struct tw_revision *it =
		&b->model->revisions[revision_of(b, workload)];

	to->changes = true;
	/* A DaemonSet has as many as there are nodes for it. */
	to->desired = it->own_nodes
			      ? it->n_replicas
			      : (uint32_t)tw_int_or(workload->replicas, 1);
	to->had = it->initial;
	to->keeps_size = !workload->replicas.origin &&
			 tw_spec_scaler_of(b->spec, workload);
	if (!workload->replaces)
		return;
	to->old = revision_of(b, workload->replaces);
	to->had = b->model->revisions[to->old].initial;
	to->was_paused = tw_int_or(workload->replaces->paused, 0);
}

static bool is_of(
	const struct tw_workload *it, const struct tw_revision *revision)
{
	const struct tw_spec_workload *spec = it->spec;

	if (!revision->spec || revision->spec != spec)
		return spec && spec->replaces &&
		       revision->spec == spec->replaces;
	return true;
}

/* In the order of the model: what replaces is before what it replaced. */
static void add_all_revisions(
	struct build *b, uint32_t revision, struct tw_workload *to)
{
	const struct tw_model *model = b->model;
	uint32_t *all =
		tw_new_array(&b->model->arena, model->n_revisions, uint32_t);
	uint32_t n = 0;

	for (uint32_t r = 0; r < model->n_revisions; r++) {
		const struct tw_revision *it = &model->revisions[r];

		if (r == revision ||
			(to->spec ? is_of(to, it) : it->copies == revision))
			all[n++] = r;
	}
	to->revisions = all;
	to->n_revisions = n;
}

static bool is_word(struct tw_text text, const char *word)
{
	return text.v && !strcmp(text.v, word);
}

/* apps/v1: a DaemonSet's maxUnavailable is 1 and its maxSurge 0 by default, a
 * StatefulSet's maxUnavailable 1. */
static void set_kind(struct build *b, const struct tw_revision *revision,
	const struct tw_spec_workload *workload, struct tw_workload *to)
{
	bool is_daemon = !strcmp(workload->kind, "DaemonSet");

	to->parallel = is_word(workload->pod_management, "Parallel");
	to->partition = (uint32_t)tw_int_or(workload->partition, 0);
	to->on_delete = is_word(workload->strategy, "OnDelete");
	if (is_daemon || !strcmp(workload->kind, "StatefulSet")) {
		if (!workload->max_unavailable.v)
			to->unavailable = "1";
		if (!workload->max_surge.v)
			to->surge = "0";
	}
	to->job = build_job(b, revision);
}

static void add_managed(struct build *b, uint32_t revision,
	const struct tw_spec_workload *workload, struct tw_workload *to)
{
	const struct tw_revision *it = &b->model->revisions[revision];

	*to = (struct tw_workload){.name = workload && workload->replaces
						   ? workload->replaces->key
						   : it->name,
		.kind = build_kind(workload),
		.service = it->service,
		.revision = revision,
		.old = TW_NONE,
		.had = it->initial,
		.desired = it->initial,
		.surge = "25%",
		.unavailable = "25%",
		.history = 10,
		.spec = workload};
	add_all_revisions(b, revision, to);
	if (!workload)
		return;
	to->paused = to->was_paused = tw_int_or(workload->paused, 0);
	to->history = (uint32_t)tw_int_or(workload->history_limit, 10);
	if (workload->max_surge.v)
		to->surge = workload->max_surge.v;
	if (workload->max_unavailable.v)
		to->unavailable = workload->max_unavailable.v;
	to->recreate = workload->strategy.v &&
		       !strcmp(workload->strategy.v, "Recreate");
	to->min_ready = tw_int_or(workload->min_ready, 0);
	to->progress_deadline =
		tw_int_or(workload->progress_deadline, 600 * TW_S);
	if (to->progress_deadline / TW_S >= INT32_MAX)
		to->progress_deadline = 0;
	set_kind(b, it, workload, to);
	if (workload->had >= 0)
		fill_changing(b, workload, to);
}

static const struct tw_spec_probe *readiness_of(
	const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < workload->containers.n; i++)
		if (!workload->containers.v[i]->is_init &&
			workload->containers.v[i]->readiness.kind)
			return &workload->containers.v[i]->readiness;
	return NULL;
}

static void add_life(struct build *b, const struct tw_revision *revision,
	struct tw_pod_life *to)
{
	const struct tw_spec_workload *workload = revision->spec;
	const struct tw_spec_probe *probe =
		workload ? readiness_of(workload) : NULL;
	const struct tw_spec_service *service =
		revision->service == TW_NONE
			? NULL
			: b->services[revision->service].spec;

	to->grace = 30 * TW_S;
	if (service && service->startup.origin)
		to->startup = &service->startup.v;
	if (!workload)
		return;
	to->grace = tw_int_or(workload->termination_grace, 30 * TW_S);
	to->pre_stop = tw_int_or(workload->pre_stop, 0);
	to->never_restarts = is_word(workload->restart_policy, "Never");
	build_containers(b, revision, to);
	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *it = workload->containers.v[i];

		if (it->is_init)
			continue;
		build_probe(&it->startup, &to->starts);
		build_probe(&it->liveness, &to->liveness);
	}
	if (!probe)
		return;
	to->probed = true;
	to->probe_delay = tw_int_or(probe->initial_delay, 0);
	to->probe_period = tw_int_or(probe->period, 10 * TW_S);
	to->probe_success = (uint32_t)tw_int_or(probe->success, 1);
	if (to->probe_period <= 0)
		to->probe_period = 10 * TW_S;
	if (!to->probe_success)
		to->probe_success = 1;
}

/* The old pods of a workload that changes are part of the new one's. */
static bool is_old(const struct build *b, const struct tw_revision *revision)
{
	for (size_t w = 0; revision->spec && w < b->spec->workloads.n; w++) {
		const struct tw_spec_workload *it =
			b->spec->workloads.v[w].value;

		if (it->replaces == revision->spec)
			return true;
	}
	return false;
}

static bool is_managed(
	const struct build *b, const struct tw_revision *revision)
{
	if (revision->service != TW_NONE &&
		b->model->services[revision->service].external)
		return false;
	if (revision->spec && revision->spec->had >= 0 &&
		b->spec->rollout_at >= 0)
		return true;
	if (revision->spec && build_is_job(revision->spec->kind))
		return true;
	return b->spec->managed;
}

static bool has_jobs(const struct build *b)
{
	for (uint32_t r = 0; r < b->model->n_revisions; r++)
		if (b->model->revisions[r].spec &&
			build_is_job(b->model->revisions[r].spec->kind))
			return true;
	return false;
}

/* ---- budgets -------------------------------------------------------- */

static bool is_in(const struct tw_revision *revision, const char *namespace)
{
	size_t n = strlen(namespace);

	return !strncmp(revision->name, namespace, n) &&
	       revision->name[n] == '/';
}

static void add_budget(struct build *b, const struct tw_spec_budget *from,
	struct tw_pod_budget *to)
{
	const struct tw_model *model = b->model;
	bool *covers =
		tw_new_array(&b->model->arena, model->n_revisions + 1, bool);

	for (uint32_t r = 0; r < model->n_revisions; r++)
		covers[r] = from->has_selector &&
			    is_in(&model->revisions[r], from->namespace) &&
			    tw_label_selector_fits(&from->selector,
				    model->revisions[r].labels);
	*to = (struct tw_pod_budget){.name = from->name,
		.min_available = from->min_available.v,
		.max_unavailable = from->max_unavailable.v,
		.always_allow = from->unhealthy.v &&
				!strcmp(from->unhealthy.v, "AlwaysAllow"),
		.covers = covers};
}

static void add_budgets(struct build *b)
{
	size_t n = b->spec->budgets.n;
	struct tw_pod_budget *all =
		tw_new_array(&b->model->arena, n + 1, struct tw_pod_budget);

	for (size_t i = 0; i < n; i++)
		add_budget(b, b->spec->budgets.v[i], &all[i]);
	b->model->budgets = all;
	b->model->n_budgets = (uint32_t)n;
}

void build_workloads(struct build *b)
{
	struct tw_model *model = b->model;
	uint32_t n = model->n_revisions;
	struct tw_workload *all;
	uint32_t *of;
	struct tw_pod_life *lives;

	build_pulls(b);
	if (b->spec->rollout_at < 0 && !b->spec->managed && !has_jobs(b))
		return;
	model->rollout_at = b->spec->rollout_at;
	all = tw_new_array(&model->arena, n + 1, struct tw_workload);
	of = tw_new_array(&model->arena, n + 1, uint32_t);
	lives = tw_new_array(&model->arena, n + 1, struct tw_pod_life);
	for (uint32_t r = 0; r < n; r++)
		of[r] = TW_NONE;
	for (uint32_t r = 0; r < n; r++) {
		const struct tw_revision *it = &model->revisions[r];
		struct tw_workload *to = &all[model->n_workloads];

		add_life(b, it, &lives[r]);
		if (!is_managed(b, it) || is_old(b, it) ||
			it->copies != TW_NONE)
			continue;
		add_managed(b, r, it->spec, to);
		for (uint32_t i = 0; i < to->n_revisions; i++)
			of[to->revisions[i]] = model->n_workloads;
		model->n_workloads++;
		model->n_rollouts += to->changes;
	}
	add_budgets(b);
	model->workloads = all;
	model->workload_of = of;
	model->lives = lives;
}
