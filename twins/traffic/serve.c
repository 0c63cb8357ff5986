/*
 * The replica's side of a try: it is admitted, runs the program of its
 * endpoint step by step, and is answered. The worker is held while its calls
 * are out (a thread a request).
 *
 * A task waits for one thing at a time: for work, for a call, or for its
 * branches. When its replica dies it stays as TW_TASK_DEAD until that thing
 * has come back, and then goes without a sound.
 */
#include "twins/kernel/fmath.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"
#include "twins/world/effects.h"
#include "twins/world/mode.h"
#include "twins/world/pause.h"

/* ---- the beginning -------------------------------------------------- */

TW_PATH void tw_serve_start(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];

	if (tw_is_paused(world, it->replica)) {
		it->state = TW_TASK_QUEUED;
		tw_pause_park(world, task, TW_PARKED_START);
		return;
	}
	it->state = TW_TASK_RUNNING;
	it->queued = tw_world_now(world) - it->since;
	it->program = program_of(world, it);
	it->step = world->model->programs[it->program].step;
	tw_world_tap(world, .kind = TW_TAP_STARTS, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE,
		.replica = it->replica, .attempt = it->try);
	run(world, task);
}

static bool is_unwanted(const struct tw_world *world, const struct tw_task *it)
{
	const struct tw_call *root = &world->calls[it->root];

	return it->call == TW_NONE || !root->live ||
	       root->generation != it->root_generation;
}

/* Whether it is too late to start what leaves the queue now. */
static bool is_stale(const struct tw_world *world, const struct tw_task *it)
{
	const struct tw_model *model = world->model;
	const struct tw_service *service =
		&model->services[model->replicas[it->replica].service];

	if (service->queue_time &&
		tw_world_now(world) - it->since > service->queue_time)
		return true;
	return service->drops && is_unwanted(world, it);
}

void tw_serve_next(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];
	uint32_t replica = it->replica;

	if (!is_stale(world, it)) {
		tw_serve_start(world, task);
		return;
	}
	it->queued = tw_world_now(world) - it->since;
	leave(world, it, TW_SHED, 503);
	tw_world_tap(world, .kind = TW_TAP_SHED, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE, .replica = replica,
		.attempt = it->try, .status = 503);
	tw_serve_answer(world, it, TW_SHED, 503);
	tw_world_free_task(world, task);
	world->replicas[replica].capacity->leave(world, replica);
}

/* ---- pauses --------------------------------------------------------- */

static void resume(struct tw_world *world, const struct tw_parked *it)
{
	if (world->tasks[it->task].generation != it->generation)
		return;
	switch (it->kind) {
	case TW_PARKED_START:
		tw_serve_start(world, it->task);
		return;
	case TW_PARKED_WORKED:
		tw_serve_worked(world, it->task);
		return;
	case TW_PARKED_CALLED:
		tw_serve_called(world, it->task, false);
		return;
	}
}

static void tap_pause(
	struct tw_world *world, uint32_t replica, enum tw_tap_kind kind)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
}

void tw_serve_pause(struct tw_world *world, uint32_t replica, bool paused)
{
	struct tw_parking parked = {0};

	tap_pause(world, replica, paused ? TW_TAP_PAUSES : TW_TAP_RESUMES);
	if (paused) {
		tw_pause_begin(world, replica);
		return;
	}
	tw_pause_end(world, replica, &parked);
	for (size_t i = 0; i < parked.n; i++)
		resume(world, &parked.v[i]);
	tw_vec_release(&parked);
}

void tw_serve_pause_event(
	struct tw_world *world, uint32_t replica, uint64_t which)
{
	uint32_t n = (uint32_t)(which >> 1);
	bool begins = which & 1;
	tw_time next = begins ? tw_pause_length(world, replica, n)
			      : tw_pause_gap(world, replica, n + 1);

	tw_serve_pause(world, replica, begins);
	tw_queue_schedule(&world->queue, tw_world_now(world) + next,
		TW_CLASS_WORLD, TW_EV_PAUSE, replica,
		begins ? which - 1 : which + 3);
}

static void begin_outside(struct tw_world *world, uint32_t task,
	const struct tw_world_service *service)
{
	struct tw_task *it = &world->tasks[task];
	const struct tw_call *root = &world->calls[it->root];
	bool known = root->live && root->generation == it->root_generation;
	struct tw_begin begin = {
		.handle = handle_of(world, task),
		.key = it->key,
		.endpoint = it->endpoint,
		.replica = it->replica,
		.position = known ? root->position : UINT64_MAX,
		.user = known ? root->user : 0,
		.from_outside =
			world->channels.v[it->channel].model->caller == TW_NONE,
	};

	it->state = TW_TASK_RUNNING;
	tw_world_tap(world, .kind = TW_TAP_STARTS, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE,
		.replica = it->replica, .attempt = it->try);
	world->inside = true;
	service->outside->begin(service->outside_context, &begin);
	world->inside = false;
}

static TW_PATH void admit(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];
	struct tw_world_replica *replica = &world->replicas[it->replica];

	switch (replica->capacity->admit(world, it->replica, task)) {
	case TW_ADMITTED:
		tw_serve_start(world, task);
		return;
	case TW_QUEUED:
		it->state = TW_TASK_QUEUED;
		tw_world_tap(world, .kind = TW_TAP_QUEUED, .service = TW_NONE,
			.endpoint = it->endpoint, .caller = TW_NONE,
			.replica = it->replica, .attempt = it->try);
		return;
	case TW_REFUSED:
		leave(world, it, TW_SHED, 503);
		tw_world_tap(world, .kind = TW_TAP_SHED, .service = TW_NONE,
			.endpoint = it->endpoint, .caller = TW_NONE,
			.replica = it->replica, .attempt = it->try,
			.status = 503);
		tw_serve_answer(world, it, TW_SHED, 503);
		tw_world_free_task(world, task);
		return;
	}
}

/* A token bucket as a virtual schedule: a request is too early where those
 * before it, spread evenly, reach further than a burst ahead of it. */
static bool is_too_fast(
	const struct tw_world *world, struct tw_world_service *service)
{
	tw_time now = tw_world_now(world);

	if (service->due > now + (service->burst - 1) * service->gap)
		return true;
	service->due = (service->due > now ? service->due : now) + service->gap;
	return false;
}

/* RFC 6585: 429 Too Many Requests. It is an answer, not a refusal. */
static void refuse_rate(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];

	leave(world, it, TW_ANSWERED, 429);
	tw_world_tap(world, .kind = TW_TAP_SHED, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE,
		.replica = it->replica, .attempt = it->try, .status = 429);
	tw_serve_answer(world, it, TW_ANSWERED, 429);
	tw_world_free_task(world, task);
}

TW_PATH void tw_serve_arrive(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];
	enum tw_health health = world->replicas[it->replica].health;
	struct tw_world_service *service = service_of(world, it);

	/* It died while the try was on its way. */
	if (health != TW_UP || (service->outside && it->call == TW_NONE)) {
		if (health == TW_GONE)
			never_answer(world, it);
		else
			tw_serve_answer(world, it, TW_UNREACHED, 503);
		tw_world_free_task(world, task);
		return;
	}
	tw_world_touch(world, service);
	service->in_system++;
	service->arrived++;
	it->since = tw_world_now(world);
	if (service->outside)
		begin_outside(world, task, service);
	else if (__builtin_expect(service->gap != 0, 0) &&
		 is_too_fast(world, service))
		refuse_rate(world, task);
	else
		admit(world, task);
}

/* ---- breaking off --------------------------------------------------- */

static void cancel_outside(struct tw_world *world, uint32_t task,
	const struct tw_world_service *service)
{
	if (!service->outside->cancel)
		return;
	world->inside = true;
	service->outside->cancel(
		service->outside_context, handle_of(world, task));
	world->inside = false;
}

void tw_serve_abandon(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];
	struct tw_world_service *service = service_of(world, it);

	it->call = TW_NONE;
	if (!service->outside || it->state != TW_TASK_RUNNING)
		return;
	cancel_outside(world, task, service);
	leave(world, it, TW_RESET, 499);
	tw_world_free_task(world, task);
}

bool tw_serve_complete(struct tw_world *world, uint64_t handle, int status)
{
	uint32_t task = (uint32_t)handle;
	const struct tw_task *it;

	if (task >= world->n_tasks)
		return false;
	it = &world->tasks[task];
	if (it->state != TW_TASK_RUNNING || handle_of(world, task) != handle ||
		!service_of(world, it)->outside)
		return false;
	finish_as(world, task, status);
	answer_and_go(world, task, status);
	return true;
}

static void reset_task(struct tw_world *world, uint32_t task, bool gone)
{
	struct tw_task *it = &world->tasks[task];
	struct tw_world_service *service = service_of(world, it);
	bool outside = service->outside != NULL;

	leave(world, it, TW_RESET, 503);
	tw_world_tap(world, .kind = TW_TAP_RESET, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE,
		.replica = it->replica, .attempt = it->try);
	if (gone)
		never_answer(world, it);
	else
		tw_serve_answer(world, it, TW_RESET, 503);
	if (outside)
		cancel_outside(world, task, service);
	if (outside || it->state == TW_TASK_QUEUED)
		tw_world_free_task(world, task);
	else
		it->state = TW_TASK_DEAD;
}

void tw_serve_reset(struct tw_world *world, uint32_t replica)
{
	bool gone = world->replicas[replica].health == TW_GONE;

	for (uint32_t t = 0; t < world->n_tasks; t++) {
		const struct tw_task *it = &world->tasks[t];

		if (it->replica == replica &&
			(it->state == TW_TASK_QUEUED ||
				it->state == TW_TASK_RUNNING))
			reset_task(world, t, gone);
	}
}
