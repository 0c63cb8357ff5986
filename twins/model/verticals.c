/*
 * VerticalPodAutoscalers: whom they are about, what is known of the containers,
 * and how the pods that are there when a run begins were admitted.
 */
#include "twins/model/build.h"

#include "twins/model/cgroup.h"

#include <string.h>

/* ---- containers ----------------------------------------------------- */

/* The policy may have changed since. */
static int64_t bounded(
	const struct tw_vertical_container *it, int r, int64_t amount)
{
	if (it->min[r] && amount < it->min[r])
		amount = it->min[r];
	return it->max[r] && amount > it->max[r] ? it->max[r] : amount;
}

static void set_advice(const struct tw_spec_vertical *from, const char *name,
	struct tw_vertical_container *to)
{
	for (size_t i = 0; i < from->advice.n; i++) {
		const struct tw_spec_vertical_advice *it = &from->advice.v[i];

		if (strcmp(it->name, name))
			continue;
		for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
			const struct tw_spec_advice *said = &it->of[r];

			if (!said->target.origin)
				continue;
			to->first[r] = (struct tw_advice){.has = true,
				.target = bounded(to, r, said->target.v),
				.lower = said->lower.origin
						 ? bounded(to, r, said->lower.v)
						 : 0,
				.upper = said->upper.origin
						 ? bounded(to, r, said->upper.v)
						 : 0,
				.uncapped = tw_int_or(
					said->uncapped, said->target.v)};
		}
	}
}

static void set_container(const struct tw_spec_vertical *from,
	const struct tw_spec_container *container, bool is_main,
	struct tw_vertical_container *to)
{
	const struct tw_spec_vertical_container *policy =
		tw_spec_vertical_policy(from, container->name);

	*to = (struct tw_vertical_container){
		.name = container->name, .is_main = is_main, .limits = true};
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		to->controls[r] = tw_spec_vertical_controls(
			from, container->name, (enum tw_vertical_resource)r);
		if (!policy)
			continue;
		to->min[r] = tw_int_or(policy->bounds[r].min, 0);
		to->max[r] = tw_int_or(policy->bounds[r].max, 0);
	}
	if (policy && policy->values.v)
		to->limits = strcmp(policy->values.v, "RequestsOnly") != 0;
	to->off = policy && policy->mode.v && !strcmp(policy->mode.v, "Off");
	set_advice(from, container->name, to);
}

/* Init containers are left out: VPA does not see those that end, and those
 * that stay use nothing here. */
static struct tw_vertical_container *set_containers(struct build *b,
	const struct tw_spec_vertical *from,
	const struct tw_spec_workload *workload, struct tw_vertical *to)
{
	const struct tw_spec_container *main = tw_main_container(workload);
	struct tw_vertical_container *all = tw_new_array(&b->model->arena,
		workload->containers.n + 1, struct tw_vertical_container);

	for (size_t i = 0; i < workload->containers.n; i++)
		if (!workload->containers.v[i]->is_init)
			set_container(from, workload->containers.v[i],
				workload->containers.v[i] == main,
				&all[to->n_containers++]);
	to->containers = all;
	return all;
}

/* ---- admission ------------------------------------------------------ */

const struct tw_spec_workload *build_admitted(
	struct build *b, const struct tw_spec_workload *workload)
{
	const struct tw_spec_vertical *from =
		tw_spec_vertical_of(b->spec, workload);
	struct tw_advice(*advice)[TW_VERTICAL_RESOURCES];
	struct tw_vertical as = {0};

	if (from && from->in_rollout)
		from = from->before;
	if (!from || !from->advice.n ||
		tw_spec_vertical_mode(from) == TW_VERTICAL_OFF)
		return workload;
	set_containers(b, from, workload, &as);
	advice = tw_arena_alloc(
		&b->model->arena, as.n_containers + 1, sizeof *advice);
	for (uint32_t c = 0; c < as.n_containers; c++)
		memcpy(advice[c], as.containers[c].first, sizeof advice[c]);
	return tw_spec_admitted(&b->model->arena, workload, &as,
		(const struct tw_advice(*)[TW_VERTICAL_RESOURCES])advice);
}

/* ---- the objects ---------------------------------------------------- */

static void unknown(struct build *b, const struct tw_spec_vertical *from,
	const struct tw_workload *workload, enum tw_vertical_resource resource)
{
	bool cpu = resource == TW_VERTICAL_CPU;
	struct tw_diag *d = tw_diag(b->diags, TW_WARNING,
		build_pos(from->origin),
		"the twin does not know the %s use of %s: %s recommends what "
		"its status says, or nothing",
		cpu ? "cpu" : "memory", workload->name, from->key);

	d->rule = "vpa-unknown-use";
	d->hint = cpu ? "give its endpoints a cpu step in a twin model"
		      : "give it memory: {base: …} in a twin model, or leave "
			"memory out of controlledResources";
}

static void set_known(struct build *b, const struct tw_spec_vertical *from,
	const struct tw_workload *workload, struct tw_vertical_container *all,
	uint32_t n)
{
	const bool known[TW_VERTICAL_RESOURCES] = {
		build_knows_cpu(b, workload), build_knows_memory(b, workload)};

	for (uint32_t c = 0; c < n; c++)
		for (int r = 0; all[c].is_main && r < TW_VERTICAL_RESOURCES;
			r++) {
			all[c].knows[r] = known[r];
			if (!known[r] && all[c].controls[r])
				unknown(b, from, workload,
					(enum tw_vertical_resource)r);
		}
}

static void set_requirements(struct build *b,
	const struct tw_spec_vertical *from, struct tw_vertical *to)
{
	struct tw_vertical_requirement *all = tw_new_array(&b->model->arena,
		from->requirements.n + 1, struct tw_vertical_requirement);

	for (size_t i = 0; i < from->requirements.n; i++) {
		const struct tw_spec_vertical_requirement *it =
			&from->requirements.v[i];

		all[i] = (struct tw_vertical_requirement){
			.of = {strstr(it->resources.v, "cpu") != NULL,
				strstr(it->resources.v, "memory") != NULL},
			.higher = !strcmp(
				it->change.v, "TargetHigherThanRequests")};
	}
	to->requirements = all;
	to->n_requirements = (uint32_t)from->requirements.n;
}

static uint32_t workload_of(
	const struct build *b, const struct tw_spec_workload *workload)
{
	for (uint32_t w = 0; workload && w < b->model->n_workloads; w++)
		if (b->model->workloads[w].spec == workload)
			return w;
	return TW_NONE;
}

static void add(struct build *b, const struct tw_spec_vertical *from,
	const struct tw_spec_workload *target, uint32_t workload,
	struct tw_vertical *to)
{
	struct tw_vertical_container *all;

	*to = (struct tw_vertical){.name = from->key,
		.workload = workload,
		.mode = (uint8_t)tw_spec_vertical_mode(from),
		.mode_text = from->mode.v ? from->mode.v : "Recreate",
		.min_replicas = tw_int_or(from->min_replicas,
			b->model->vertical_setting.min_replicas),
		.recommends = !from->recommender.v};
	all = set_containers(b, from, target, to);
	set_known(
		b, from, &b->model->workloads[workload], all, to->n_containers);
	set_requirements(b, from, to);
}

void build_verticals(struct build *b)
{
	const struct tw_spec_autoscaling *from = &b->spec->autoscaling;
	struct tw_vertical *all = tw_new_array(
		&b->model->arena, b->spec->verticals.n + 1, struct tw_vertical);

	b->model->vertical_setting = (struct tw_vertical_setting){
		.recommender_interval =
			tw_int_or(from->vpa_recommender_interval,
				TW_VPA_RECOMMENDER_INTERVAL),
		.updater_interval = tw_int_or(
			from->vpa_updater_interval, TW_VPA_UPDATER_INTERVAL),
		.history = tw_int_or(from->vpa_history, TW_VPA_HISTORY),
		.eviction_tolerance = tw_real_or(from->vpa_eviction_tolerance,
			TW_VPA_EVICTION_TOLERANCE),
		.min_replicas =
			tw_int_or(from->vpa_min_replicas, TW_VPA_MIN_REPLICAS)};
	for (size_t i = 0; i < b->spec->verticals.n; i++) {
		const struct tw_spec_vertical *it = b->spec->verticals.v[i];
		const struct tw_spec_workload *target =
			tw_spec_vertical_target(b->spec, it);
		uint32_t workload = workload_of(b, target);

		/* Of several the first one acts (findings tell). */
		if (workload == TW_NONE ||
			tw_spec_vertical_of(b->spec, target) != it)
			continue;
		add(b, it, target, workload, &all[b->model->n_verticals++]);
	}
	b->model->verticals = all;
}
