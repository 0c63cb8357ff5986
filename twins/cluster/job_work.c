/*
 * What the pods of a Job do: for as long as the model says they compute and
 * call. One that fails ends, or, with restartPolicy OnFailure, is started again
 * in its pod after the kubelet's back-off.
 */
#include "twins/cluster/jobs_inner.h"

#include "twins/base/hash.h"
#include "twins/cluster/crash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/random.h"
#include "twins/model/cgroup.h"
#include "twins/traffic/traffic.h"
#include "twins/world/cpu.h"

#include <stdio.h>

static uint64_t key_of(const struct tw_world *world, uint32_t replica,
	const struct job_work *work)
{
	return tw_hash_combine(
		world->model->replicas[replica].hash, work->turn);
}

static void set_busy(struct tw_world *world, uint32_t replica, uint32_t threads)
{
	if (world->replicas[replica].shares)
		tw_cpu_stress(world, replica, threads);
}

static void next_call(struct tw_world *world, uint32_t workload,
	uint32_t ordinal, uint32_t call, const struct job_work *work)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	tw_time at = tw_world_now(world) + model->calls[call].gap;

	if (at < work->ends && !world->closing)
		job_wake(world, workload, at, JOB_CALL,
			ordinal * model->n_calls + call);
}

/* Its container runs. */
static void begin_work(
	struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	uint32_t replica =
		job_revision(world, workload)->first_replica + ordinal;
	struct job_work *work = &job_of(world, workload)->work[ordinal];

	work->runs = true;
	work->waits = false;
	work->turn++;
	work->calls = 0;
	work->ends = tw_world_now(world) +
		     tw_dist_sample(model->runs,
			     tw_draw(world->seed, key_of(world, replica, work),
				     TW_DRAW_WORK, 0));
	if (model->threads)
		set_busy(world, replica, model->threads);
	job_wake(world, workload, work->ends, JOB_POD, ordinal);
	for (uint32_t c = 0; c < model->n_calls; c++)
		next_call(world, workload, ordinal, c, work);
}

void job_call(struct tw_world *world, uint32_t workload, uint32_t number)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	uint32_t ordinal = number / model->job->n_calls;
	uint32_t which = number % model->job->n_calls;
	uint32_t replica =
		job_revision(world, workload)->first_replica + ordinal;
	struct job_work *work = &job_of(world, workload)->work[ordinal];
	struct tw_arrival arrival = {.at = tw_world_now(world),
		.endpoint = model->job->calls[which].endpoint,
		.caller = model->service,
		.traits = TW_TRAITS_UNKNOWN};

	if (!work->runs || world->closing)
		return;
	arrival.key = tw_hash_combine(key_of(world, replica, work),
		(uint64_t)which << 32 | work->calls++);
	/* Nobody waits for its outcome: a copy. */
	tw_call_arrive(world, &arrival, 1);
	next_call(world, workload, ordinal, which, work);
}

static void say_restart(
	struct tw_world *world, uint32_t workload, uint32_t replica, bool waits)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	const struct tw_spec_container *main = tw_main_container(model->spec);
	char cause[300];

	snprintf(cause, sizeof cause,
		waits ? "Back-off restarting failed container %s in pod %s"
		      : "Started container %s of pod %s",
		main ? main->name : "main",
		world->model->replicas[replica].name);
	tw_world_tap(world, .kind = TW_TAP_CONTAINER, .service = model->service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.reason = waits ? "BackOff" : "Started", .warning = waits,
		.state = waits ? "CrashLoopBackOff" : "Running",
		.cause = cause);
}

/* restartPolicy OnFailure: its container is started again, in the same pod. */
static void restart(struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	uint32_t replica =
		job_revision(world, workload)->first_replica + ordinal;
	struct job_work *work = &job_of(world, workload)->work[ordinal];

	work->restarts++;
	say_restart(world, workload, replica, false);
	begin_work(world, workload, ordinal);
}

static void fail_in_place(
	struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	struct job_work *work = &job_of(world, workload)->work[ordinal];
	tw_time now = tw_world_now(world), wait = tw_crash(&work->crash, now);

	if (!wait) {
		restart(world, workload, ordinal);
		return;
	}
	work->waits = true;
	work->ends = now + wait;
	say_restart(world, workload,
		job_revision(world, workload)->first_replica + ordinal, true);
	job_wake(world, workload, work->ends, JOB_POD, ordinal);
}

void job_end_work(struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	uint32_t replica =
		job_revision(world, workload)->first_replica + ordinal;
	struct job_work *work = &job_of(world, workload)->work[ordinal];
	bool fails = tw_draw(world->seed, key_of(world, replica, work),
			     TW_DRAW_WORK, 1) < model->fails;

	if (tw_world_now(world) < work->ends)
		return;
	if (work->waits)
		restart(world, workload, ordinal);
	else if (work->runs) {
		work->runs = false;
		set_busy(world, replica, 0);
		if (fails && model->restarts) {
			fail_in_place(world, workload, ordinal);
			return;
		}
		work->fails = fails;
		tw_world_tap(world,
			.kind = fails ? TW_TAP_FAILED : TW_TAP_SUCCEEDED,
			.service = world->model->replicas[replica].service,
			.endpoint = TW_NONE, .caller = TW_NONE,
			.replica = replica);
		tw_pod_end(world, replica, !fails);
	}
}

/* Whose container was started, or is there no more. */
void job_see_pods(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = job_revision(world, workload);
	struct job *job = job_of(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t replica = it->first_replica + i;
		struct job_work *work = &job->work[i];
		bool runs = tw_pod_of(world, replica)->state == TW_POD_RUNNING;

		if (runs && !work->runs && !work->waits) {
			work->restarts = 0;
			work->counted = work->fails = false;
			work->crash = (struct tw_backoff){0};
			begin_work(world, workload, i);
		} else if (!runs && (work->runs || work->waits)) {
			if (work->runs)
				set_busy(world, replica, 0);
			work->runs = work->waits = false;
		}
	}
}
