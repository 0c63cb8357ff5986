/*
 * The Job and CronJob controllers in a run, and what the pods do meanwhile: as
 * long as the model says they compute and call.
 *
 *	Job		as many pods at once as parallelism, until as many
 *			succeeded as completions; after a failure the next pods
 *			come 10 s later, doubled each time up to 10 min; more
 *			failures than backoffLimit, or activeDeadlineSeconds,
 *			end it: its pods are deleted
 *	CronJob		starts a Job at each time of its schedule. Where the one
 *			before still runs: Allow: both run; Forbid: the new one
 *			waits, and starts when the old one ends if that is
 *			within startingDeadlineSeconds; Replace: the old one's
 *			pods are deleted
 *
 * Jobs that run side by side share one account of pods: so many succeeded, so
 * many failed. Pods that ended give up their names when others need them. What
 * is left out: suspended Jobs, an index's own back-off limit, success policies.
 *
 * Source: Kubernetes 1.36, pkg/controller/job/job_controller.go (syncJob,
 * DefaultJobPodFailureBackOff 10 s, MaxJobPodFailureBackOff 10 min),
 * pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
 */
#include "twins/cluster/workloads.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/random.h"
#include "twins/traffic/traffic.h"
#include "twins/world/cpu.h"

#define FAILURE_BACKOFF	    (10 * TW_S)
#define FAILURE_BACKOFF_MAX (10 * TW_MIN)

/* `what` of a wake-up: the rest is a number. */
enum what { WHAT_START, WHAT_AGAIN, WHAT_DEADLINE, WHAT_POD, WHAT_CALL };

#define WHAT_BITS 3

struct work { /* of a pod */
	bool runs;
	uint32_t turn; /* counts its pods, so that an old end means nothing */
	uint32_t calls;
	tw_time ends;
};

struct job {
	struct work *work; /* by ordinal */
	uint32_t active;   /* Jobs that run */
	uint32_t to_do;	   /* pods that have to succeed yet */
	uint32_t failures; /* since the last Job started */
	uint32_t seen_succeeded, seen_failed;
	tw_time not_before;	    /* of the next pod */
	tw_time missed;		    /* start that Forbid put off; TW_NEVER */
	uint32_t round;		    /* counts starts */
	uint32_t succeeded, failed; /* pods of jobs, all in all */
};

static struct job *job_of(const struct tw_world *world, uint32_t workload)
{
	return tw_managed_of(world, workload)->own;
}

static const struct tw_revision *revision_of(
	const struct tw_world *world, uint32_t workload)
{
	return &world->model->revisions[tw_managed_of(world, workload)
						->model->revision];
}

static void wake(struct tw_world *world, uint32_t workload, tw_time at,
	enum what what, uint32_t number)
{
	tw_workload_wake(
		world, workload, at, number << WHAT_BITS | (uint32_t)what);
}

static void tell(struct tw_world *world, uint32_t workload,
	enum tw_tap_kind kind, const char *cause)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;

	tw_world_tap(world, .kind = kind, .service = model->service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.workload = model->name, .cause = cause);
}

/* ---- what a pod does ------------------------------------------------ */

static uint64_t key_of(
	const struct tw_world *world, uint32_t replica, const struct work *work)
{
	return tw_hash_combine(
		world->model->replicas[replica].hash, work->turn);
}

static void set_busy(struct tw_world *world, uint32_t replica, uint32_t threads)
{
	if (world->replicas[replica].cpu)
		tw_cpu_stress(world, replica, threads);
}

static void next_call(struct tw_world *world, uint32_t workload,
	uint32_t ordinal, uint32_t call, const struct work *work)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	tw_time at = tw_world_now(world) + model->calls[call].gap;

	if (at < work->ends && !world->closing)
		wake(world, workload, at, WHAT_CALL,
			ordinal * model->n_calls + call);
}

/* Its container runs. */
static void begin_work(
	struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	uint32_t replica =
		revision_of(world, workload)->first_replica + ordinal;
	struct work *work = &job_of(world, workload)->work[ordinal];

	work->runs = true;
	work->turn++;
	work->calls = 0;
	work->ends = tw_world_now(world) +
		     tw_dist_sample(model->runs,
			     tw_draw(world->seed, key_of(world, replica, work),
				     TW_DRAW_WORK, 0));
	if (model->threads)
		set_busy(world, replica, model->threads);
	wake(world, workload, work->ends, WHAT_POD, ordinal);
	for (uint32_t c = 0; c < model->n_calls; c++)
		next_call(world, workload, ordinal, c, work);
}

static void call(struct tw_world *world, uint32_t workload, uint32_t number)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	uint32_t ordinal = number / model->job->n_calls;
	uint32_t which = number % model->job->n_calls;
	uint32_t replica =
		revision_of(world, workload)->first_replica + ordinal;
	struct work *work = &job_of(world, workload)->work[ordinal];
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

static void end_work(
	struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	uint32_t replica =
		revision_of(world, workload)->first_replica + ordinal;
	struct work *work = &job_of(world, workload)->work[ordinal];
	bool fails = tw_draw(world->seed, key_of(world, replica, work),
			     TW_DRAW_WORK, 1) < model->fails;

	if (!work->runs || tw_world_now(world) < work->ends)
		return;
	work->runs = false;
	set_busy(world, replica, 0);
	tw_world_tap(world, .kind = fails ? TW_TAP_FAILED : TW_TAP_SUCCEEDED,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica);
	tw_pod_end(world, replica, !fails);
}

/* Whose container was started, or is there no more. */
static void see_pods(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = revision_of(world, workload);
	struct job *job = job_of(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t replica = it->first_replica + i;
		bool runs = tw_pod_of(world, replica)->state == TW_POD_RUNNING;

		if (runs && !job->work[i].runs) {
			begin_work(world, workload, i);
		} else if (!runs && job->work[i].runs) {
			job->work[i].runs = false;
			set_busy(world, replica, 0);
		}
	}
}

/* ---- a Job ---------------------------------------------------------- */

static void stop_all(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = revision_of(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++)
		if (tw_pod_is_active(tw_pod_of(world, it->first_replica + i)))
			tw_pod_delete(
				world, it->first_replica + i, TW_POD_GRACE);
}

static void start(struct tw_world *world, uint32_t workload)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	struct job *job = job_of(world, workload);

	job->active++;
	job->to_do += model->completions;
	job->failures = 0;
	job->not_before = 0;
	job->round++;
	job->missed = TW_NEVER;
	tell(world, workload, TW_TAP_JOB_STARTED, NULL);
	if (model->deadline != TW_NEVER)
		wake(world, workload, tw_world_now(world) + model->deadline,
			WHAT_DEADLINE, job->round);
	tw_workload_changed(
		world, tw_managed_of(world, workload)->model->revision);
}

static void finish(struct tw_world *world, uint32_t workload, const char *why)
{
	struct job *job = job_of(world, workload);

	job->active = 0;
	job->to_do = 0;
	if (why)
		stop_all(world, workload);
	tell(world, workload, why ? TW_TAP_JOB_FAILED : TW_TAP_JOB_COMPLETE,
		why);
	/* What Forbid put off. */
	if (job->missed != TW_NEVER)
		wake(world, workload, tw_world_now(world), WHAT_START, 0);
}

/* Failures since they were last looked at. */
static void see_ended(struct tw_world *world, uint32_t workload)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	struct job *job = job_of(world, workload);
	tw_time now = tw_world_now(world), wait = FAILURE_BACKOFF;
	uint32_t failed = job->failed - job->seen_failed;
	uint32_t succeeded = job->succeeded - job->seen_succeeded;

	job->seen_failed = job->failed;
	job->seen_succeeded = job->succeeded;
	if (!job->active)
		return;
	job->to_do -= succeeded < job->to_do ? succeeded : job->to_do;
	if (failed) {
		job->failures += failed;
		for (uint32_t i = 1;
			i < job->failures && wait < FAILURE_BACKOFF_MAX; i++)
			wait *= 2;
		if (wait > FAILURE_BACKOFF_MAX)
			wait = FAILURE_BACKOFF_MAX;
		job->not_before = now + wait;
		wake(world, workload, job->not_before, WHAT_AGAIN, 0);
	}
	if (job->failures > model->job->backoff_limit)
		finish(world, workload,
			"BackoffLimitExceeded: Job has reached the specified "
			"backoff limit");
	else if (!job->to_do)
		finish(world, workload, NULL);
}

/* A name that nobody has; one that ended gives up its own. */
static bool create(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = revision_of(world, workload);
	uint32_t revision = tw_managed_of(world, workload)->model->revision;

	if (tw_pod_create(world, revision) != TW_NONE)
		return true;
	for (uint32_t i = 0; i < it->n_replicas; i++)
		if (tw_pod_of(world, it->first_replica + i)->state ==
			TW_POD_ENDED)
			tw_pod_delete(
				world, it->first_replica + i, TW_POD_GRACE);
	return tw_pod_create(world, revision) != TW_NONE;
}

static void fill(struct tw_world *world, uint32_t workload)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	struct job *job = job_of(world, workload);
	const struct tw_pod_counts *has =
		tw_pods_counts(world, model->revision);
	uint32_t wanted = model->job->parallelism * job->active;

	if (wanted > job->to_do)
		wanted = job->to_do;
	if (tw_world_now(world) < job->not_before)
		return;
	while (tw_pods_active(has) < wanted && create(world, workload))
		;
}

static void count_ended(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = revision_of(world, workload);
	struct job *job = job_of(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		struct tw_pod *pod = &world->pods->all[it->first_replica + i];

		/* Counted once: its work is over, and was when it ended. */
		if (pod->state != TW_POD_ENDED ||
			(!job->work[i].ends && !pod->not_begun))
			continue;
		job->work[i].ends = 0;
		pod->not_begun = false;
		job->succeeded += pod->succeeded;
		job->failed += !pod->succeeded;
	}
}

static void sync(struct tw_world *world, uint32_t workload)
{
	if (!job_of(world, workload))
		return;
	see_pods(world, workload);
	count_ended(world, workload);
	see_ended(world, workload);
	fill(world, workload);
}

/* ---- a CronJob ------------------------------------------------------ */

static void due(struct tw_world *world, uint32_t workload, tw_time at)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	struct job *job = job_of(world, workload);

	if (job->active && model->concurrency == TW_CRON_FORBID) {
		job->missed = at;
		tell(world, workload, TW_TAP_JOB_SKIPPED,
			"JobAlreadyActive: Not starting job because prior "
			"execution is running and concurrency policy is "
			"Forbid");
		return;
	}
	if (model->starting_deadline != TW_NEVER &&
		tw_world_now(world) - at > model->starting_deadline) {
		job->missed = TW_NEVER;
		tell(world, workload, TW_TAP_JOB_SKIPPED,
			"MissSchedule: Missed scheduled time to start a job");
		return;
	}
	if (job->active && model->concurrency == TW_CRON_REPLACE) {
		stop_all(world, workload);
		job->active = job->to_do = 0;
	}
	start(world, workload);
}

static void woken(struct tw_world *world, uint32_t workload, uint32_t what)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	struct job *job = job_of(world, workload);
	uint32_t number = what >> WHAT_BITS;

	switch ((enum what)(what & ((1U << WHAT_BITS) - 1))) {
	case WHAT_START:
		if (number)
			due(world, workload, model->starts[number - 1]);
		else if (job->missed != TW_NEVER)
			due(world, workload, job->missed);
		if (number && number < model->n_starts && !world->closing)
			wake(world, workload, model->starts[number], WHAT_START,
				number + 1);
		break;
	case WHAT_AGAIN:
		break;
	case WHAT_DEADLINE:
		if (job->active && number == job->round)
			finish(world, workload,
				"DeadlineExceeded: Job was active longer than "
				"specified deadline");
		break;
	case WHAT_POD:
		end_work(world, workload, number);
		break;
	case WHAT_CALL:
		call(world, workload, number);
		return;
	}
	tw_workload_changed(
		world, tw_managed_of(world, workload)->model->revision);
}

static void init(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	const struct tw_revision *revision = revision_of(world, workload);
	struct job *job;

	if (!it->model->job)
		return;
	job = tw_new(&world->arena, struct job);
	job->missed = TW_NEVER;
	job->work =
		tw_new_array(&world->arena, revision->n_replicas, struct work);
	it->own = job;
	it->wanted = 0;
	if (it->model->job->n_starts)
		wake(world, workload, it->model->job->starts[0], WHAT_START, 1);
}

/* It is there when a run begins. */
static void init_job(struct tw_world *world, uint32_t workload)
{
	init(world, workload);
	if (job_of(world, workload))
		start(world, workload);
}

const struct tw_controller tw_jobs = {
	.kind = "Job",
	.init = init_job,
	.sync = sync,
	.woken = woken,
};

const struct tw_controller tw_cronjobs = {
	.kind = "CronJob",
	.init = init,
	.sync = sync,
	.woken = woken,
};
