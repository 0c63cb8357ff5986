/*
 * What becomes of a try at its replica: the answer, its way back, and the
 * worker that is free again.
 *
 * Part of path.c, before steps.c and serve.c.
 */
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"
#include "twins/world/capacity.h"
#include "twins/world/effects.h"
#include "twins/world/mode.h"

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
