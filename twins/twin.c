#include "twins/twin.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/cluster/autoscale.h"
#include "twins/cluster/node_groups.h"
#include "twins/cluster/chronicle.h"
#include "twins/cluster/eviction.h"
#include "twins/cluster/life.h"
#include "twins/cluster/oom.h"
#include "twins/cluster/place.h"
#include "twins/cluster/probe.h"
#include "twins/cluster/vpa.h"
#include "twins/cluster/workloads.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"
#include "twins/world/effects.h"

#define MAX_IN_FLIGHT 1000000

/* Copies of a surge come in within this long after what they copy: spread, or
 * they would come in bunches that no crowd makes. */
#define COPY_SPREAD TW_S

struct tw_twin {
	struct tw_world world;
	const struct tw_scenario *scenario;
	tw_time last_arrival;
	double load; /* 1: as they come */
};

struct tw_model *tw_twin_model(struct tw_spec *spec, struct tw_diags *diags)
{
	struct tw_model *model = tw_model_compile(spec, diags);

	if (model)
		tw_place_check(model, diags);
	return model;
}

void tw_twin_place_after(struct tw_model *model, const struct tw_model *before)
{
	tw_place_after(model, before);
}

void tw_twin_place_as(struct tw_model *model, const struct tw_map *nodes)
{
	tw_place_as(model, nodes);
}

/* ---- life cycle ----------------------------------------------------- */

static void schedule_faults(struct tw_twin *twin)
{
	struct tw_world *world = &twin->world;
	const struct tw_scenario *scenario = twin->scenario;

	if (!scenario || !scenario->faults.n)
		return;
	world->obs.fault_start = scenario->start;
	world->obs.fault_end = scenario->end;
	for (size_t i = 0; i < scenario->faults.n; i++) {
		const struct tw_fault *fault = scenario->faults.v[i];

		if (fault->kind->setup)
			fault->kind->setup(fault, world);
		tw_queue_schedule(&world->queue, fault->at, TW_CLASS_WORLD,
			TW_EV_FAULT_ON, (uint32_t)i, 0);
		if (fault->end != TW_NEVER)
			tw_queue_schedule(&world->queue, fault->end,
				TW_CLASS_WORLD, TW_EV_FAULT_OFF, (uint32_t)i,
				0);
	}
}

struct tw_twin *tw_twin_new(
	const struct tw_model *model, const struct tw_options *options)
{
	struct tw_twin *twin = tw_calloc(1, sizeof *twin);
	struct tw_world_options world = {
		.seed = tw_hash_combine(options->seed, options->replication),
		.slice = options->slice ? options->slice : TW_S,
		.max_in_flight = options->max_in_flight ? options->max_in_flight
							: MAX_IN_FLIGHT,
		.tap = options->tap,
		.node_of = model->node_of,
	};

	tw_assert(model->node_of || !model->n_replicas);
	tw_world_init(&twin->world, model, &world);
	twin->world.done = options->done;
	twin->world.done_context = options->context;
	twin->scenario = options->scenario;
	twin->world.sizes = options->sizes;
	if (options->warmup > 0) {
		twin->world.obs.warmup = options->warmup;
		tw_queue_schedule(&twin->world.queue, options->warmup,
			TW_CLASS_WORLD, TW_EV_WARM, 0, 0);
	}
	twin->load = options->load > 0 ? options->load : 1;
	/* Who waits for outcomes gets one for each arrival. */
	tw_assert(twin->load >= 1 || !options->done);
	tw_lookups_init(&twin->world);
	tw_workloads_init(&twin->world, options->aligned);
	tw_autoscale_init(&twin->world);
	tw_vpa_init(&twin->world);
	tw_node_groups_init(&twin->world);
	tw_probes_init(&twin->world);
	tw_eviction_init(&twin->world, options->aligned);
	tw_chronicle_init(&twin->world, options->watcher);
	schedule_faults(twin);
	return twin;
}

void tw_twin_free(struct tw_twin *twin)
{
	if (!twin)
		return;
	tw_vpa_release(&twin->world);
	tw_autoscale_release(&twin->world);
	tw_workloads_release(&twin->world);
	tw_lookups_release(&twin->world);
	tw_world_release(&twin->world);
	tw_free(twin);
}

/* ---- faults --------------------------------------------------------- */

static void set_window(struct tw_twin *twin)
{
	tw_time now = tw_world_now(&twin->world);

	if (now < twin->scenario->start)
		twin->world.window = TW_WINDOW_BEFORE;
	else if (now < twin->scenario->end)
		twin->world.window = TW_WINDOW_DURING;
	else
		twin->world.window = TW_WINDOW_AFTER;
}

static void switch_fault(struct tw_twin *twin, uint32_t index, bool on)
{
	struct tw_world *world = &twin->world;
	const struct tw_fault *fault = twin->scenario->faults.v[index];
	void (*act)(const struct tw_fault *, struct tw_world *) =
		on ? fault->kind->start : fault->kind->stop;

	set_window(twin);
	tw_world_tap(world, .kind = on ? TW_TAP_FAULT_ON : TW_TAP_FAULT_OFF,
		.service = TW_NONE, .endpoint = TW_NONE, .caller = TW_NONE,
		.replica = TW_NONE, .fault = fault->label);
	if (act)
		act(fault, world);
}

/* ---- copies --------------------------------------------------------- */

static void add_copy(
	struct tw_world *world, const struct tw_arrival *arrival, uint32_t copy)
{
	struct tw_copy it = {
		arrival->key, arrival->position, arrival->endpoint, copy};
	uint64_t key = tw_hash_combine(arrival->key, copy);
	tw_time later =
		(tw_time)((double)COPY_SPREAD *
			  tw_draw(world->seed, key, TW_DRAW_ARRIVAL, 0));

	tw_copy_add(world, &it, later);
}

/* ---- the clock ------------------------------------------------------ */

static void handle_rare(struct tw_twin *twin, const struct tw_event *event)
{
	struct tw_world *world = &twin->world;

	if (tw_cluster_event(world, event) || tw_oom_event(world, event))
		return;
	switch (event->kind) {
	case TW_EV_WARM:
		tw_world_forget(world);
		break;
	case TW_EV_FAULT_ON:
	case TW_EV_FAULT_OFF:
		switch_fault(twin, event->a, event->kind == TW_EV_FAULT_ON);
		break;
	default:
		tw_unreachable();
	}
}

static void handle(struct tw_twin *twin, const struct tw_event *event)
{
	if (tw_traffic_event(&twin->world, event))
		return;
	handle_rare(twin, event);
	if (twin->world.workloads)
		tw_workloads_settle(&twin->world);
}

static void step(struct tw_twin *twin)
{
	struct tw_world *world = &twin->world;
	struct tw_event event;

	tw_queue_pop(&world->queue, &event);
	if (__builtin_expect(event.at >= world->slice_end, 0))
		tw_world_close_slices(world, event.at);
	world->obs.events++;
	handle(twin, &event);
	if (world->soon_n)
		tw_traffic_settle(world);
}

tw_time tw_twin_now(const struct tw_twin *twin)
{
	return twin->world.queue.now;
}

tw_time tw_twin_next(const struct tw_twin *twin)
{
	return tw_queue_next(&twin->world.queue);
}

void tw_twin_advance(struct tw_twin *twin, tw_time t)
{
	struct tw_world *world = &twin->world;

	tw_assert(!world->inside);
	while (tw_queue_next(&world->queue) <= t)
		step(twin);
	if (t <= tw_world_now(world))
		return;
	if (t >= world->slice_end)
		tw_world_close_slices(world, t);
	tw_queue_advance(&world->queue, t);
}

struct tw_world *tw_twin_world(struct tw_twin *twin)
{
	return &twin->world;
}

uint32_t tw_twin_in_flight(const struct tw_twin *twin)
{
	return twin->world.live_calls;
}

/* ---- in and out ----------------------------------------------------- */

/* So many times as many; what is left over by a coin of the arrival. */
static uint32_t scaled(
	const struct tw_twin *twin, uint64_t key, uint32_t copies)
{
	double wanted = twin->load * copies;
	uint32_t whole = (uint32_t)wanted;

	return whole + (tw_draw(twin->world.seed, key, TW_DRAW_ARRIVAL, 1) <
			       wanted - whole);
}

void tw_twin_offer(struct tw_twin *twin, const struct tw_arrival *arrival)
{
	struct tw_world *world = &twin->world;
	uint32_t copies = 1;

	tw_assert(arrival->endpoint < world->model->n_endpoints);
	tw_assert(arrival->at >= tw_world_now(world));
	tw_twin_advance(twin, arrival->at);
	twin->last_arrival = arrival->at;
	if (world->effects.n && arrival->caller == TW_NONE)
		copies = tw_effects_on_arrival(
			world, arrival->key, arrival->endpoint);
	if ((twin->load < 1 || twin->load > 1) && arrival->caller == TW_NONE)
		copies = scaled(twin, arrival->key, copies);
	if (!copies)
		return;
	tw_call_arrive(world, arrival, 0);
	for (uint32_t copy = 1; copy < copies; copy++)
		add_copy(world, arrival, copy);
	tw_traffic_settle(world);
}

void tw_twin_set_outside(struct tw_twin *twin, uint32_t service,
	const struct tw_outside *outside, void *context)
{
	tw_assert(service < twin->world.model->n_services);
	tw_assert(!twin->world.live_tasks);
	twin->world.services[service].outside = outside;
	twin->world.services[service].outside_context = context;
	twin->world.services[service].plain =
		!outside && !twin->world.services[service].gap;
}

void tw_twin_complete(
	struct tw_twin *twin, tw_time at, uint64_t handle_, int status)
{
	tw_assert(at >= tw_twin_now(twin));
	tw_twin_advance(twin, at);
	if (!tw_serve_complete(&twin->world, handle_, status))
		twin->world.obs.late_completions++;
	tw_traffic_settle(&twin->world);
}

/* ---- virtual time --------------------------------------------------- */

static bool is_busy(const struct tw_world *world)
{
	return world->live_calls || world->live_tasks || world->live_copies;
}

void tw_twin_run(struct tw_twin *twin, const struct tw_arrivals *source)
{
	struct tw_arrival arrival;

	while (source->next(source->context, &arrival))
		tw_twin_offer(twin, &arrival);
	if (source->duration > tw_twin_now(twin))
		tw_twin_advance(twin, source->duration);
	twin->world.closing = true;
	/* Who still works has something scheduled: nobody is outside here. */
	while (is_busy(&twin->world))
		step(twin);
	twin->world.obs.duration =
		source->duration ? source->duration : twin->last_arrival;
}

void tw_twin_stop(struct tw_twin *twin, tw_time at)
{
	struct tw_world *world = &twin->world;

	tw_twin_advance(twin, at);
	for (uint32_t c = 0; c < world->n_calls; c++)
		if (world->calls[c].live && world->calls[c].parent == TW_NONE)
			tw_call_cut_off(world, c);
	tw_traffic_settle(world);
}

/* ---- the end -------------------------------------------------------- */

/* Little's law as an equation of integers: the integral of the number in the
 * system is the sum of the times that each spent there. */
static void check_service(
	const struct tw_world *world, uint32_t service, uint64_t *sums)
{
	const struct tw_world_service *it = &world->services[service];

	tw_assert(it->arrived == it->left + it->in_system);
	tw_assert(it->area == it->sojourn + sums[service]);
}

static void check_laws(struct tw_world *world)
{
	uint32_t n = world->model->n_services + 1;
	uint64_t *sums = tw_calloc(n, sizeof *sums);
	tw_time now = tw_world_now(world);

	for (uint32_t t = 0; t < world->n_tasks; t++) {
		const struct tw_task *it = &world->tasks[t];

		if (it->state == TW_TASK_QUEUED || it->state == TW_TASK_RUNNING)
			sums[world->replicas[it->replica].service] +=
				(uint64_t)(now - it->since);
	}
	for (uint32_t s = 0; s < n; s++) {
		tw_world_touch(world, &world->services[s]);
		check_service(world, s, sums);
	}
	tw_free(sums);
	tw_assert(!world->live_arrivals);
	tw_assert(world->obs.arrivals == world->obs.completed);
	tw_assert(world->area == world->sojourn);
}

void tw_twin_finish(
	struct tw_twin *twin, tw_time duration, struct tw_observation *to)
{
	struct tw_world *world = &twin->world;

	check_laws(world);
	/* The slice that is under way ends here. */
	if (tw_world_now(world) > world->slice_end - world->obs.slice)
		world->slice_end = tw_world_now(world);
	tw_world_close_slices(world, tw_world_now(world));
	tw_world_close_cells(world);
	if (duration)
		world->obs.duration = duration;
	else if (!world->obs.duration)
		world->obs.duration = tw_world_now(world);
	tw_workloads_finish(world);
	tw_observation_sort(&world->obs);
	*to = world->obs;
	tw_observation_init(&world->obs, to->slice);
}
