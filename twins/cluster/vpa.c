#include "twins/cluster/vpa_parts.h"

#include "twins/base/hash.h"
#include "twins/cluster/metrics.h"
#include "twins/kernel/random.h"
#include "twins/observe/watch.h"

#include <string.h>

enum program { RECOMMENDER, UPDATER };

static const char *const names[] = {"vpa-recommender", "vpa-updater"};

static tw_time every(const struct tw_world *world, enum program program)
{
	const struct tw_vertical_setting *it = &world->model->vertical_setting;

	return program == RECOMMENDER ? it->recommender_interval
				      : it->updater_interval;
}

static void next(struct tw_world *world, enum program program, tw_time at)
{
	tw_queue_schedule(
		&world->queue, at, TW_CLASS_WORLD, TW_EV_VPA, program, 0);
}

const struct tw_spec_container *tw_vpa_container(const struct tw_world *world,
	uint32_t replica, const struct tw_vertical_container *of)
{
	const struct tw_spec_workload *it =
		tw_world_revision(world, replica)->resources;

	for (size_t i = 0; i < it->containers.n; i++)
		if (!strcmp(it->containers.v[i]->name, of->name))
			return it->containers.v[i];
	return NULL;
}

bool tw_vpa_request(const struct tw_spec_container *of,
	enum tw_vertical_resource resource, int64_t *to)
{
	bool cpu = resource == TW_VERTICAL_CPU;
	struct tw_int request = cpu ? of->cpu_request : of->memory_request;
	struct tw_int limit = cpu ? of->cpu_limit : of->memory_limit;

	*to = tw_int_or(request, tw_int_or(limit, 0));
	return request.origin || limit.origin;
}

/* ---- what is said --------------------------------------------------- */

struct tw_vertical_view tw_vpa_view(
	const struct tw_world *world, uint32_t vertical)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	struct tw_vertical_view to = {.name = it->name, .mode = it->mode_text};

	/* kubectl's columns are of the first container that has any. */
	for (uint32_t c = it->n_containers; c--;) {
		const struct tw_advice *advice =
			world->vpa->all[vertical].advice[c];

		if (!advice[TW_VERTICAL_CPU].has &&
			!advice[TW_VERTICAL_MEMORY].has)
			continue;
		to.provided = true;
		to.cpu = advice[TW_VERTICAL_CPU].has
				 ? advice[TW_VERTICAL_CPU].target
				 : -1;
		to.memory = advice[TW_VERTICAL_MEMORY].has
				    ? advice[TW_VERTICAL_MEMORY].target
				    : -1;
	}
	return to;
}

static void count(struct tw_world *world, uint32_t vertical)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	struct tw_vertical_seen *to = &world->obs.verticals.v[vertical];

	for (uint32_t c = 0; c < it->n_containers; c++) {
		const struct tw_advice *advice =
			world->vpa->all[vertical].advice[c];

		if (!it->containers[c].is_main)
			continue;
		for (int r = 0; r < TW_VERTICAL_RESOURCES; r++)
			if (advice[r].has) {
				struct tw_recommended *of =
					r == TW_VERTICAL_CPU ? &to->cpu
							     : &to->memory;

				if (!of->target)
					of->first = advice[r].target;
				of->target = advice[r].target;
				of->lower = advice[r].lower;
				of->upper = advice[r].upper;
			}
	}
}

static void tell(struct tw_world *world, uint32_t vertical)
{
	count(world, vertical);
	tw_world_tap(world, .kind = TW_TAP_RECOMMENDED, .service = TW_NONE,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.status = (int)vertical,
		.object = world->model->verticals[vertical].name);
}

/* ---- the recommender ------------------------------------------------ */

static void sample(struct tw_world *world, uint32_t vertical, uint32_t replica,
	const struct tw_vertical_container *of)
{
	struct tw_vpa_usage *to = &world->vpa->all[vertical].usage;
	struct tw_vpa_peaks *peaks = &world->vpa->pods[replica].peaks;
	const struct tw_spec_container *container =
		tw_vpa_container(world, replica, of);
	struct tw_pod_usage used;
	int64_t request = 0;

	if (!container || !tw_metrics_usage(world, replica, &used))
		return;
	tw_vpa_request(container, TW_VERTICAL_CPU, &request);
	if (of->knows[TW_VERTICAL_CPU])
		tw_vpa_add_cpu(to, peaks, used.at, used.cpu, request);
	else
		tw_vpa_add_unknown_cpu(to, used.at);
	if (of->knows[TW_VERTICAL_MEMORY])
		tw_vpa_add_memory(to, peaks, used.at, used.memory);
}

static void sample_pods(struct tw_world *world, uint32_t vertical,
	const struct tw_vertical_container *of)
{
	const struct tw_workload *workload =
		&world->model->workloads[world->model->verticals[vertical]
						 .workload];

	for (uint32_t i = 0; i < workload->n_revisions; i++) {
		const struct tw_revision *it =
			&world->model->revisions[workload->revisions[i]];

		for (uint32_t k = 0; it->spec && k < it->n_replicas; k++)
			if (tw_pod_of(world, it->first_replica + k)->state ==
				TW_POD_RUNNING)
				sample(world, vertical, it->first_replica + k,
					of);
	}
}

static uint32_t n_scaled(const struct tw_vertical *it)
{
	uint32_t n = 0;

	for (uint32_t c = 0; c < it->n_containers; c++)
		n += !it->containers[c].off;
	return n ? n : 1;
}

/* True: it recommends something else than before. */
static bool recommend(struct tw_world *world, uint32_t vertical, uint32_t c)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	const struct tw_vertical_container *of = &it->containers[c];
	struct tw_vpa_state *state = &world->vpa->all[vertical];
	bool changed = false;

	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
		struct tw_advice advice;

		if (!of->controls[r] || !of->knows[r])
			continue;
		advice = tw_vpa_recommend(&state->usage,
			(enum tw_vertical_resource)r, n_scaled(it), of->min[r],
			of->max[r]);
		changed |= advice.has != state->advice[c][r].has ||
			   advice.target != state->advice[c][r].target;
		state->advice[c][r] = advice;
	}
	return changed;
}

static void look(struct tw_world *world, uint32_t vertical)
{
	const struct tw_vertical *it = &world->model->verticals[vertical];
	bool changed = false;

	for (uint32_t c = 0; it->recommends && c < it->n_containers; c++) {
		if (!it->containers[c].is_main)
			continue;
		sample_pods(world, vertical, &it->containers[c]);
		changed |= recommend(world, vertical, c);
	}
	if (changed)
		tell(world, vertical);
	else
		count(world, vertical);
}

/* It is told of by an event, whose request is that of the container. */
void tw_vpa_oom(struct tw_world *world, uint32_t replica)
{
	uint32_t vertical = tw_vpa_of(world, replica);
	const struct tw_pod *pod = tw_pod_of(world, replica);
	struct tw_vpa_pod *it = &world->vpa->pods[replica];
	tw_time now = tw_world_now(world);
	tw_time since = pod->begun > pod->started ? pod->begun : pod->started;
	const struct tw_vertical *model;

	if (vertical == TW_NONE)
		return;
	model = &world->model->verticals[vertical];
	if (it->died > since)
		since = it->died;
	/* Those of the start have run for long. */
	it->quick_oom = (pod->created >= 0 || since > 0) &&
			now - since < TW_VPA_QUICK_OOM;
	it->died = now;
	world->obs.verticals.v[vertical].ooms++;
	for (uint32_t c = 0; c < model->n_containers; c++) {
		const struct tw_vertical_container *of = &model->containers[c];
		const struct tw_spec_container *container;
		int64_t request;

		if (!of->is_main || !model->recommends ||
			!of->knows[TW_VERTICAL_MEMORY])
			continue;
		container = tw_vpa_container(world, replica, of);
		if (!container)
			continue;
		tw_vpa_request(container, TW_VERTICAL_MEMORY, &request);
		tw_vpa_add_oom(&world->vpa->all[vertical].usage, &it->peaks,
			now, request);
	}
}

/* ---- time ----------------------------------------------------------- */

bool tw_vpa_event(struct tw_world *world, const struct tw_event *event)
{
	enum program program = (enum program)event->a;

	if (event->kind != TW_EV_VPA)
		return !world->autoscale && tw_metrics_event(world, event);
	for (uint32_t v = 0; v < world->model->n_verticals; v++)
		if (program == RECOMMENDER)
			look(world, v);
		else
			tw_vpa_update(world, v);
	next(world, program, tw_world_now(world) + every(world, program));
	return true;
}

/* ---- the beginning -------------------------------------------------- */

static void recall_pods(
	struct tw_world *world, const struct tw_workload *workload, double peak)
{
	for (uint32_t i = 0; i < workload->n_revisions; i++) {
		const struct tw_revision *it =
			&world->model->revisions[workload->revisions[i]];

		for (uint32_t k = 0; k < it->initial; k++)
			tw_vpa_recall_peak(
				&world->vpa->pods[it->first_replica + k].peaks,
				peak);
	}
}

static void init_state(struct tw_world *world, uint32_t v)
{
	const struct tw_vertical *it = &world->model->verticals[v];
	const struct tw_workload *workload =
		&world->model->workloads[it->workload];
	tw_time history = world->model->vertical_setting.history;
	struct tw_vpa_state *to = &world->vpa->all[v];

	tw_vpa_usage_init(&to->usage, &world->arena, &world->vpa->scales);
	to->advice = tw_arena_alloc(
		&world->arena, it->n_containers + 1, sizeof *to->advice);
	for (uint32_t c = 0; c < it->n_containers; c++) {
		const struct tw_vertical_container *of = &it->containers[c];

		memcpy(to->advice[c], of->first, sizeof to->advice[c]);
		for (int r = 0; r < TW_VERTICAL_RESOURCES; r++) {
			double peak;

			if (!of->first[r].has || !of->knows[r])
				continue;
			peak = tw_vpa_recall(&to->usage,
				(enum tw_vertical_resource)r, &of->first[r],
				history, workload->had ? workload->had : 1);
			if (r == TW_VERTICAL_MEMORY)
				recall_pods(world, workload, peak);
		}
	}
	world->vpa->of_workload[it->workload] = v;
	tw_vec_push(&world->obs.verticals,
		((struct tw_vertical_seen){
			.name = tw_observation_name(&world->obs, it->name),
			.workload = tw_observation_name(
				&world->obs, workload->name),
			.mode = tw_observation_name(
				&world->obs, it->mode_text)}));
	count(world, v);
}

static void init_resized(struct tw_world *world)
{
	struct tw_resized *to = tw_new(&world->arena, struct tw_resized);

	to->of = tw_new_array(&world->arena, world->model->n_replicas,
		const struct tw_revision *);
	to->class_of =
		tw_new_array(&world->arena, world->model->n_replicas, uint32_t);
	world->resized = to;
}

void tw_vpa_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;
	struct tw_vpa *it;

	if (!model->n_verticals)
		return;
	tw_metrics_init(world);
	it = world->vpa = tw_new(&world->arena, struct tw_vpa);
	tw_vpa_scales_init(&it->scales, &world->arena);
	it->all = tw_new_array(
		&world->arena, model->n_verticals, struct tw_vpa_state);
	it->pods = tw_new_array(
		&world->arena, model->n_replicas, struct tw_vpa_pod);
	it->of_workload =
		tw_new_array(&world->arena, model->n_workloads, uint32_t);
	for (uint32_t w = 0; w < model->n_workloads; w++)
		it->of_workload[w] = TW_NONE;
	init_resized(world);
	for (uint32_t v = 0; v < model->n_verticals; v++)
		init_state(world, v);
	for (int p = RECOMMENDER; p <= UPDATER; p++) {
		tw_time period = every(world, (enum program)p);

		next(world, (enum program)p,
			period - (tw_time)((double)period *
					   tw_draw(world->seed,
						   tw_hash_name(names[p]),
						   TW_DRAW_PHASE, 0)));
	}
}

void tw_vpa_release(struct tw_world *world)
{
	if (!world->vpa)
		return;
	tw_vec_release(&world->resized->revisions);
	tw_vec_release(&world->vpa->sizes);
	tw_metrics_release(world);
}
