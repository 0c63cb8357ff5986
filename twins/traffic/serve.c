/*
 * The replica's side of a try: it is admitted, runs the program of its
 * endpoint step by step, and is answered. The worker is held while its calls
 * are out (a thread a request).
 *
 * A task waits for one thing at a time: for work, for a call, or for its
 * branches. When its replica dies it stays as TW_TASK_DEAD until that thing
 * has come back, and then goes without a sound.
 */
#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/fmath.h"
#include "twins/traffic/traffic.h"
#include "twins/world/cache.h"
#include "twins/world/capacity.h"
#include "twins/world/cpu.h"
#include "twins/world/effects.h"
#include "twins/world/mode.h"
#include "twins/world/pause.h"

static __attribute__((noinline)) void run(
	struct tw_world *world, uint32_t task);
/* plain.c */
static bool call_plainly(struct tw_world *world, uint32_t *task, uint32_t index,
	uint32_t iteration);
static bool return_plainly(struct tw_world *world, uint32_t *task);

static bool is_dead(const struct tw_world *world, const struct tw_task *it)
{
	return world->tasks[it->attempt].state == TW_TASK_DEAD;
}

static struct tw_world_service *service_of(
	const struct tw_world *world, const struct tw_task *it)
{
	return &world->services[world->replicas[it->replica].service];
}

static uint64_t handle_of(const struct tw_world *world, uint32_t task)
{
	return (uint64_t)world->tasks[task].generation << 32 | task;
}

/* ---- the answer ----------------------------------------------------- */

static void send_answer(struct tw_world *world, struct tw_task *it,
	enum tw_reason reason, int status)
{
	struct tw_call *call;
	uint64_t answer;

	if (it->call == TW_NONE)
		return;
	call = &world->calls[it->call];
	answer = tw_answer_pack(
		(struct tw_answer){call->generation, it->try, reason, status});
	call->attempt = TW_NONE;
	if (it->back)
		tw_queue_schedule(&world->queue, tw_world_now(world) + it->back,
			TW_CLASS_COMPLETION, TW_EV_ANSWER, it->call, answer);
	else
		tw_world_soon(world, TW_SOON_ANSWER, it->call, answer);
	it->call = TW_NONE;
}

/* What faults do to an answer that sets out now. */
static void hinder_answer(struct tw_world *world, struct tw_task *it,
	enum tw_reason *reason, int *status)
{
	const struct tw_call *call = &world->calls[it->call];
	const struct tw_world_replica *replica = &world->replicas[it->replica];
	struct tw_hindrance to;

	tw_effects_on_passage(world,
		&(struct tw_passage){it->key,
			tw_call_channel(world, call)->caller, it->endpoint,
			it->replica, call->from,
			call->from == TW_NONE
				? world->model->n_zones
				: world->replicas[call->from].zone,
			replica->zone, TW_BACK, 2 * it->back, false},
		&to);
	it->back += to.more;
	if (to.over) {
		it->back = to.after + (to.far ? it->back : 0);
		*reason = to.reason;
		*status = to.status;
	}
	if (it->back < 0)
		it->back = 0;
	if (it->back > TW_STEP_MAX)
		it->back = TW_STEP_MAX;
}

void tw_serve_answer(struct tw_world *world, struct tw_task *it,
	enum tw_reason reason, int status)
{
	if (world->effects.n && it->call != TW_NONE)
		hinder_answer(world, it, &reason, &status);
	send_answer(world, it, reason, status);
}

/* Nobody is there any more to answer: the caller finds out by itself. */
static void never_answer(struct tw_world *world, struct tw_task *it)
{
	if (it->call == TW_NONE)
		return;
	it->back = TW_CONNECT_TIMEOUT;
	send_answer(world, it, TW_UNREACHED, 503);
}

/* The try leaves the service; the service's sums are brought up to date. */
static TW_PATH void leave(struct tw_world *world, const struct tw_task *it,
	enum tw_reason reason, int status)
{
	struct tw_world_service *service = service_of(world, it);
	tw_time sojourn = tw_world_now(world) - it->since;
	struct tw_cell *cell = tw_world_cell(world, it->channel, TW_SERVER,
		world->replicas[it->replica].zone, it->window);

	tw_world_touch(world, service);
	service->in_system--;
	service->left++;
	service->sojourn += (uint64_t)sojourn;
	tw_cell_count(
		cell, sojourn, reason != TW_ANSWERED || status >= 400, false);
	cell->shed += reason == TW_SHED;
	cell->abandoned += it->call == TW_NONE;
	cell->queued += it->queued;
	cell->worked += it->worked;
	cell->stalled += it->stalled;
}

/* ---- the end -------------------------------------------------------- */

static uint32_t program_of(
	const struct tw_world *world, const struct tw_task *it)
{
	const struct tw_model *model = world->model;
	const struct tw_revision *revision =
		&model->revisions[model->replicas[it->replica].revision];

	if (revision->programs && revision->programs[it->endpoint] != TW_NONE)
		return revision->programs[it->endpoint];
	return model->endpoints[it->endpoint].program;
}

static TW_PATH int status_of(
	const struct tw_world *world, const struct tw_task *it)
{
	const struct tw_program *program = &world->model->programs[it->program];

	if (it->failed)
		return TW_STATUS_FAILED;
	if (program->errors > 0 && tw_draw(world->seed, it->key, TW_DRAW_BRANCH,
					   UINT32_MAX) < program->errors)
		return program->status;
	return 200;
}

static TW_PATH void finish_as(struct tw_world *world, uint32_t task, int status)
{
	struct tw_task *it = &world->tasks[task];

	leave(world, it, TW_ANSWERED, status);
	tw_world_tap(world, .kind = TW_TAP_FINISHES, .service = TW_NONE,
		.endpoint = it->endpoint, .caller = TW_NONE,
		.replica = it->replica, .attempt = it->try, .status = status);
}

/* The last that a task does. Where the way back takes no time the caller is
 * resumed here and now, unless it is on the stack. */
static TW_PATH void answer_and_go(
	struct tw_world *world, uint32_t task, int status)
{
	struct tw_task *it = &world->tasks[task];
	uint32_t call = it->call;
	enum tw_reason reason = TW_ANSWERED;

	if (world->effects.n && call != TW_NONE)
		hinder_answer(world, it, &reason, &status);
	if (call == TW_NONE || it->back || world->calling) {
		send_answer(world, it, reason, status);
		tw_world_free_task(world, task);
		return;
	}
	world->calls[call].attempt = TW_NONE;
	tw_world_free_task(world, task);
	tw_call_try_over(world, call, reason, status);
}

/* The worker is free, or lingers on a connection that is slow to close. */
static TW_PATH void let_go(struct tw_world *world, const struct tw_task *it)
{
	uint32_t replica = it->replica;
	tw_time linger = 0;

	if (world->effects.n)
		linger = tw_effects_on_close(
			world, it->key, it->endpoint, replica);
	if (linger)
		tw_queue_schedule(&world->queue, tw_world_now(world) + linger,
			TW_CLASS_COMPLETION, TW_EV_CLOSED, replica,
			world->replicas[replica].life);
	else
		world->replicas[replica].capacity->leave(world, replica);
}

void tw_serve_closed(struct tw_world *world, uint32_t replica, uint32_t life)
{
	if (world->replicas[replica].life == life)
		world->replicas[replica].capacity->leave(world, replica);
}

static TW_PATH void finish(struct tw_world *world, uint32_t task)
{
	struct tw_task *it = &world->tasks[task];
	int status;

	if (it->state == TW_TASK_DEAD) {
		tw_world_free_task(world, task);
		return;
	}
	status = status_of(world, it);
	finish_as(world, task, status);
	let_go(world, it);
	answer_and_go(world, task, status);
}

/* A task has done its part, or failed, or lost its replica. */
static TW_PATH void task_over(struct tw_world *world, uint32_t task)
{
	for (;;) {
		struct tw_task *it = &world->tasks[task];
		struct tw_task *parent;
		uint32_t parent_task = it->parent;

		if (it->attempt == task) {
			finish(world, task);
			return;
		}
		parent = &world->tasks[parent_task];
		parent->failed |= it->failed;
		tw_world_free_task(world, task);
		if (--parent->waiting)
			return;
		task = parent_task;
		if (!parent->failed && !is_dead(world, parent)) {
			run(world, task);
			return;
		}
	}
}

/* ---- the steps ------------------------------------------------------ */

/* n of a draw for the step's turn: steps of one kind are numbered, turns too.
 */
static uint32_t draw_number(const struct tw_step *step, uint32_t iteration)
{
	return iteration << 12 ^ step->ordinal << 3 ^ step->kind;
}

static tw_time stretch(tw_time demand, double factor)
{
	double longer = (double)demand * factor;

	return longer < (double)TW_STEP_MAX ? (tw_time)tw_round(longer)
					    : TW_STEP_MAX;
}

static TW_PATH tw_time demand_of(struct tw_world *world,
	const struct tw_task *it, const struct tw_step *step,
	uint32_t iteration)
{
	tw_time demand = tw_dist_sample(
		step->law, tw_draw_with(&world->draw_keys, it->key,
				   TW_DRAW_WORK, draw_number(step, iteration)));

	if (__builtin_expect(world->plain, 1))
		return demand < TW_STEP_MAX ? demand : TW_STEP_MAX;
	if (world->effects.n)
		demand = stretch(demand, tw_effects_on_work(world, it->key,
						 it->endpoint, it->replica));
	if (world->modes)
		demand = stretch(demand, tw_mode_factor(world, it->replica));
	return demand < TW_STEP_MAX ? demand : TW_STEP_MAX;
}

/* Which key of its cache a request asks for: by the number of draws that no
 * other step has, so that the end of a miss finds it again. */
static uint32_t key_of(const struct tw_world *world, const struct tw_task *it,
	const struct tw_step *step, uint32_t iteration)
{
	struct tw_step as_fill = {
		.kind = TW_STEP_FILL, .ordinal = step->ordinal};

	return tw_draw_below(world->seed, it->key, TW_DRAW_WORK,
		draw_number(&as_fill, iteration),
		world->model->caches[step->cache].keys);
}

static bool cache_has(struct tw_world *world, const struct tw_task *it,
	const struct tw_step *step, uint32_t iteration)
{
	return tw_cache_has(world, step->cache, it->replica,
		key_of(world, it, step, iteration),
		tw_draw(world->seed, it->key, TW_DRAW_WORK,
			draw_number(step, iteration)));
}

/* True where all branches ended on the spot. */
static bool spawn(struct tw_world *world, uint32_t task,
	const struct tw_step *step, uint32_t iteration)
{
	struct tw_task *it = &world->tasks[task];

	it->waiting = step->n_branches + 1;
	for (uint32_t i = 0; i < step->n_branches; i++) {
		uint32_t branch = tw_world_new_task(world), generation;

		if (branch == TW_NONE) {
			world->obs.overflow++;
			it->failed = true;
			it->waiting--;
			continue;
		}
		generation = world->tasks[branch].generation;
		world->tasks[branch] = *it;
		world->tasks[branch].generation = generation;
		world->tasks[branch].parent = task;
		world->tasks[branch].step =
			world->model->branches[step->first + i];
		world->tasks[branch].turn = 0;
		world->tasks[branch].iteration = iteration;
		world->tasks[branch].waiting = 0;
		world->tasks[branch].failed = false;
		world->tasks[branch].state = TW_TASK_BRANCH;
		run(world, branch);
	}
	return --it->waiting == 0;
}

/* Counts a turn of the step; it is the task's next until its last turn. */
static uint32_t take_turn(struct tw_task *it, const struct tw_step *step)
{
	uint32_t iteration = it->iteration * step->repeat + it->turn;

	if (++it->turn == step->repeat) {
		it->turn = 0;
		it->step = step->next;
	}
	return iteration;
}

static bool is_skipped(const struct tw_world *world, const struct tw_task *it,
	const struct tw_step *step)
{
	return step->probability < 1 && it->turn == 0 &&
	       tw_draw(world->seed, it->key, TW_DRAW_BRANCH,
		       draw_number(step, it->iteration)) >= step->probability;
}

static TW_PATH void work(struct tw_world *world, uint32_t task,
	const struct tw_step *step, tw_time demand)
{
	struct tw_task *it = &world->tasks[task];
	const struct tw_world_replica *replica = &world->replicas[it->replica];

	world->tasks[it->attempt].worked += demand;
	if (step->kind == TW_STEP_CPU && replica->cpu)
		tw_cpu_work(world, task, demand);
	else if (__builtin_expect(replica->capacity == &tw_capacity_workers, 1))
		tw_queue_schedule(&world->queue, tw_world_now(world) + demand,
			TW_CLASS_COMPLETION, TW_EV_WORKED, task,
			it->generation);
	else
		replica->capacity->work(world, task, demand);
}

/* False: the task waits for something now. *next: the task to go on with at
 * once, itself or a try of its call. */
static TW_PATH bool do_step(
	struct tw_world *world, uint32_t task, uint32_t *next)
{
	struct tw_task *it = &world->tasks[task];
	uint32_t index = it->step;
	const struct tw_step *step = &world->model->steps[index];
	uint32_t iteration;
	tw_time demand;

	if (__builtin_expect(step->once, 1)) {
		iteration = it->iteration;
		it->step = step->next;
	} else if (is_skipped(world, it, step)) {
		it->step = step->next;
		return true;
	} else {
		iteration = take_turn(it, step);
	}
	if (step->kind == TW_STEP_CALL) {
		if (call_plainly(world, next, index, iteration))
			return *next != TW_NONE;
		tw_call_begin(world, task, index, iteration);
		return false;
	}
	if (step->kind == TW_STEP_CPU || step->kind == TW_STEP_WAIT) {
		demand = demand_of(world, it, step, iteration);
		if (!demand)
			return true;
		work(world, task, step, demand);
		return false;
	}
	switch (step->kind) {
	case TW_STEP_CACHE:
		return cache_has(world, it, step, iteration) ||
		       spawn(world, task, step, iteration);
	case TW_STEP_FILL:
		tw_cache_fill(world, step->cache, it->replica,
			key_of(world, it, step, iteration));
		return true;
	default:
		return spawn(world, task, step, iteration);
	}
}

/* Goes on with a task until it waits for something, or is over; and with what
 * it calls, and its callers. */
static __attribute__((noinline)) void run(struct tw_world *world, uint32_t task)
{
	bool calling = world->calling, goes_on = true;

	while (goes_on) {
		struct tw_task *it = &world->tasks[task];

		if (it->step != TW_NONE && !it->failed && !is_dead(world, it)) {
			goes_on = do_step(world, task, &task);
		} else if (!return_plainly(world, &task)) {
			task_over(world, task);
			goes_on = false;
		}
	}
	world->calling = calling;
}

/* Puts aside what is due on a replica that pauses. */
static bool parks(
	struct tw_world *world, uint32_t task, enum tw_parked_kind kind)
{
	const struct tw_task *it = &world->tasks[task];

	if (!tw_is_paused(world, it->replica) || is_dead(world, it))
		return false;
	tw_pause_park(world, task, kind);
	return true;
}

void tw_serve_worked(struct tw_world *world, uint32_t task)
{
	if (!parks(world, task, TW_PARKED_WORKED))
		run(world, task);
}

void tw_serve_cpu(struct tw_world *world, uint32_t replica)
{
	uint32_t task;

	tw_cpu_open(world, replica);
	while ((task = tw_cpu_take(world, replica)) != TW_NONE)
		tw_serve_worked(world, task);
	tw_cpu_close(world, replica);
}

TW_PATH void tw_serve_called(struct tw_world *world, uint32_t task, bool failed)
{
	world->tasks[task].failed |= failed;
	if (!parks(world, task, TW_PARKED_CALLED))
		run(world, task);
}

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
