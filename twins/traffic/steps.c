/*
 * The steps of a program, one after another, until the task waits for work, a
 * call or its branches.
 *
 * Part of path.c, after answer.c.
 */
#include "twins/base/hash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"
#include "twins/world/cache.h"
#include "twins/world/capacity.h"
#include "twins/world/cpu.h"
#include "twins/world/effects.h"
#include "twins/world/mode.h"
#include "twins/world/pause.h"

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
	if (step->kind == TW_STEP_CPU && replica->shares)
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
