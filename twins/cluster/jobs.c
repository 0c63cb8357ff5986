/*
 * The Job and CronJob controllers in a run (what the pods do: job_work.c).
 *
 *	Job		as many pods at once as parallelism, until as many
 *			succeeded as completions; where only parallelism is
 *			given, none comes after the first that succeeded, and it
 *			is complete when the others have ended. After a failure
 *			the next pods come 10 s later, doubled with each since
 *			the last that succeeded up to 10 min; more failures than
 *			backoffLimit, or activeDeadlineSeconds, end it: its pods
 *			are deleted. With restartPolicy OnFailure a container
 *			that failed is started again in its pod, as the kubelet
 *			does it, and backoffLimit bounds the restarts. A
 *			suspended one makes no pods
 *	CronJob		starts a Job at each time of its schedule. Where the one
 *			before still runs: Allow: both run; Forbid: the new one
 *			waits, and starts when the old one ends if that is
 *			within startingDeadlineSeconds; Replace: the old one's
 *			pods are deleted
 *
 * Jobs that run side by side share one account of pods: so many succeeded, so
 * many failed. Pods that ended give up their names when others need them. A pod
 * that is deleted (a drain, a preemption, a lost node) has failed, too, unless
 * a podFailurePolicy ignores that. What is left out: an index's own back-off
 * limit, and success policies that name indexes.
 *
 * Source: Kubernetes 1.36, pkg/controller/job/job_controller.go (syncJob,
 * manageJob, DefaultJobPodFailureBackOff 10 s, MaxJobPodFailureBackOff 10 min),
 * pkg/controller/job/backoff_utils.go (newBackoffRecord),
 * pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
 */
#include "twins/cluster/jobs_inner.h"

#include "twins/base/assert.h"
#include "twins/model/cgroup.h"

#define FAILURE_BACKOFF	    (10 * TW_S)
#define FAILURE_BACKOFF_MAX (10 * TW_MIN)

struct job *job_of(const struct tw_world *world, uint32_t workload)
{
	return tw_managed_of(world, workload)->own;
}

const struct tw_revision *job_revision(
	const struct tw_world *world, uint32_t workload)
{
	return &world->model->revisions[tw_managed_of(world, workload)
						->model->revision];
}

void job_wake(struct tw_world *world, uint32_t workload, tw_time at,
	enum job_what what, uint32_t number)
{
	tw_workload_wake(
		world, workload, at, number << JOB_BITS | (uint32_t)what);
}

static void tell(struct tw_world *world, uint32_t workload,
	enum tw_tap_kind kind, const char *cause)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;

	tw_world_tap(world, .kind = kind, .service = model->service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = TW_NONE,
		.workload = model->name, .object_kind = model->kind,
		.cause = cause);
}

/* ---- a Job ---------------------------------------------------------- */

static void stop_all(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = job_revision(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		uint32_t replica = it->first_replica + i;

		if (!tw_pod_is_active(tw_pod_of(world, replica)))
			continue;
		job_of(world, workload)->work[i].counted = true;
		tw_pod_delete(world, replica, TW_POD_GRACE);
	}
}

static void start(struct tw_world *world, uint32_t workload)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	struct job *job = job_of(world, workload);

	job->active++;
	job->to_do += model->completions;
	job->failures = 0;
	job->in_a_row = 0;
	job->done = 0;
	job->fatal = NULL;
	job->not_before = 0;
	job->round++;
	job->missed = TW_NEVER;
	tell(world, workload, TW_TAP_JOB_STARTED, NULL);
	if (model->deadline != TW_NEVER)
		job_wake(world, workload, tw_world_now(world) + model->deadline,
			JOB_DEADLINE, job->round);
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
		job_wake(world, workload, tw_world_now(world), JOB_START, 0);
}

/* The next pods wait after failures in a row; a success ends the row. */
static void back_off(struct tw_world *world, uint32_t workload, uint32_t failed,
	bool success)
{
	struct job *job = job_of(world, workload);
	tw_time wait = FAILURE_BACKOFF;

	if (success) {
		job->in_a_row = 0;
		job->not_before = 0;
	}
	if (!failed)
		return;
	job->in_a_row += failed;
	for (uint32_t i = 1; i < job->in_a_row && wait < FAILURE_BACKOFF_MAX;
		i++)
		wait *= 2;
	if (wait > FAILURE_BACKOFF_MAX)
		wait = FAILURE_BACKOFF_MAX;
	job->not_before = tw_world_now(world) + wait;
	job_wake(world, workload, job->not_before, JOB_AGAIN, 0);
}

/* Containers that were started again count, too (pastBackoffLimitOnFailure). */
static bool is_past_limit(const struct tw_world *world, uint32_t workload)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	const struct tw_revision *it = job_revision(world, workload);
	const struct job *job = job_of(world, workload);
	uint32_t restarts = 0;

	if (job->failures > model->backoff_limit)
		return true;
	for (uint32_t i = 0; model->restarts && i < it->n_replicas; i++)
		if (tw_pod_is_active(tw_pod_of(world, it->first_replica + i)))
			restarts += job->work[i].restarts;
	return restarts &&
	       restarts >= (model->backoff_limit ? model->backoff_limit : 1);
}

static bool is_complete(const struct tw_world *world, uint32_t workload)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	const struct job *job = job_of(world, workload);

	if (model->job->success_count && job->done >= model->job->success_count)
		return true;
	if (!model->job->any)
		return !job->to_do;
	return job->done &&
	       !tw_pods_active(tw_pods_counts(world, model->revision));
}

/* Pods that ended since they were last looked at. */
static void see_ended(struct tw_world *world, uint32_t workload)
{
	struct job *job = job_of(world, workload);
	uint32_t failed = job->failed - job->seen_failed;
	uint32_t ignored = job->ignored - job->seen_ignored;
	uint32_t succeeded = job->succeeded - job->seen_succeeded;

	job->seen_failed = job->failed;
	job->seen_ignored = job->ignored;
	job->seen_succeeded = job->succeeded;
	if (!job->active)
		return;
	job->to_do -= succeeded < job->to_do ? succeeded : job->to_do;
	job->done += succeeded;
	job->failures += failed - ignored;
	back_off(world, workload, failed, succeeded > 0);
	if (job->fatal)
		finish(world, workload, job->fatal);
	else if (is_past_limit(world, workload))
		finish(world, workload,
			"BackoffLimitExceeded: Job has reached the specified "
			"backoff limit");
	else if (is_complete(world, workload))
		finish(world, workload, NULL);
}

/* A name that nobody has; one that ended gives up its own. */
static bool create(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = job_revision(world, workload);
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

/* Pods that are being deleted and not replaced yet. */
static uint32_t waited_for(const struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = job_revision(world, workload);
	const struct job *job = job_of(world, workload);
	uint32_t n = 0;

	if (!tw_managed_of(world, workload)->model->job->only_failed)
		return 0;
	for (uint32_t i = 0; i < it->n_replicas; i++)
		n += job->work[i].stops && !job->work[i].counted;
	return n;
}

static void fill(struct tw_world *world, uint32_t workload)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	struct job *job = job_of(world, workload);
	const struct tw_pod_counts *has =
		tw_pods_counts(world, model->revision);
	uint32_t wanted = model->job->parallelism * job->active;

	if (model->job->any && job->done)
		return;
	if (!model->job->any && wanted > job->to_do)
		wanted = job->to_do;
	if (tw_world_now(world) < job->not_before)
		return;
	while (tw_pods_active(has) + waited_for(world, workload) < wanted &&
		create(world, workload))
		;
}

/* ---- pods that ended ------------------------------------------------- */

static bool is_meant(
	const struct tw_failure_rule *rule, bool disrupted, uint8_t exit_code)
{
	bool listed = false;

	if (rule->disrupted || disrupted)
		return rule->disrupted && disrupted;
	if (!rule->n_codes)
		return false;
	for (uint32_t i = 0; i < rule->n_codes; i++)
		listed |= rule->codes[i] == exit_code;
	return listed != rule->none_of;
}

/* The first rule of the podFailurePolicy that is meant decides. */
static void see_failed(struct tw_world *world, uint32_t workload,
	uint32_t ordinal, bool disrupted)
{
	const struct tw_workload *model = tw_managed_of(world, workload)->model;
	const char *pod = world->model
				  ->replicas[job_revision(world, workload)
						     ->first_replica +
					     ordinal]
				  .name;
	struct job *job = job_of(world, workload);
	uint32_t i = 0;

	job->failed++;
	while (i < model->job->n_rules &&
		!is_meant(&model->job->rules[i], disrupted,
			model->job->exit_code))
		i++;
	if (i == model->job->n_rules)
		return;
	if (model->job->rules[i].action == TW_FAILURE_IGNORED)
		job->ignored++;
	if (model->job->rules[i].action == TW_FAILURE_FATAL && disrupted)
		job->fatal = tw_arena_printf(&world->arena,
			"PodFailurePolicy: Pod %s has condition "
			"DisruptionTarget matching FailJob rule at index %u",
			pod, i);
	else if (model->job->rules[i].action == TW_FAILURE_FATAL)
		job->fatal = tw_arena_printf(&world->arena,
			"PodFailurePolicy: Container %s for pod %s failed "
			"with exit code %u matching FailJob rule at index %u",
			tw_main_container(model->spec)
				? tw_main_container(model->spec)->name
				: "main",
			pod, model->job->exit_code, i);
}

/* One that is deleted has failed at once (isPodFailed), or when it is gone
 * where only those that have ended are replaced. */
static void see_deleted(
	struct tw_world *world, uint32_t workload, uint32_t ordinal, bool gone)
{
	struct job_work *work = &job_of(world, workload)->work[ordinal];

	if (work->counted || (!gone && tw_managed_of(world, workload)
					       ->model->job->only_failed))
		return;
	work->counted = true;
	see_failed(world, workload, ordinal, true);
}

static void see_end(struct tw_world *world, uint32_t workload, uint32_t ordinal)
{
	uint32_t replica =
		job_revision(world, workload)->first_replica + ordinal;
	struct job_work *work = &job_of(world, workload)->work[ordinal];
	struct tw_pod *pod = &world->pods->all[replica];

	/* Counted once: its work is over, and was when it ended. */
	if (!work->ends && !pod->not_begun)
		return;
	work->ends = 0;
	work->counted = true;
	if (pod->succeeded)
		job_of(world, workload)->succeeded++;
	else
		see_failed(world, workload, ordinal,
			!work->fails && !pod->not_begun);
	pod->not_begun = false;
}

static void count_ended(struct tw_world *world, uint32_t workload)
{
	const struct tw_revision *it = job_revision(world, workload);
	struct job *job = job_of(world, workload);

	for (uint32_t i = 0; i < it->n_replicas; i++) {
		struct job_work *work = &job->work[i];

		switch ((enum tw_pod_state)tw_pod_of(
			world, it->first_replica + i)
				->state) {
		case TW_POD_ENDED:
			see_end(world, workload, i);
			break;
		case TW_POD_STOPPING:
			work->stops = true;
			see_deleted(world, workload, i, false);
			break;
		case TW_POD_ABSENT:
			if (work->stops)
				see_deleted(world, workload, i, true);
			work->stops = work->counted = false;
			break;
		case TW_POD_PENDING:
		case TW_POD_BOUND:
		case TW_POD_RUNNING:
			work->stops = work->counted = false;
			break;
		}
	}
}

static void sync(struct tw_world *world, uint32_t workload)
{
	if (!job_of(world, workload))
		return;
	job_see_pods(world, workload);
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
	/* Times before that many seconds ago are not even looked at. */
	if (model->starting_deadline != TW_NEVER &&
		tw_world_now(world) - at > model->starting_deadline) {
		job->missed = TW_NEVER;
		return;
	}
	if (job->active && model->concurrency == TW_CRON_REPLACE) {
		stop_all(world, workload);
		job->active = job->to_do = 0;
	}
	start(world, workload);
}

static void created(struct tw_world *world, uint32_t workload)
{
	if (tw_managed_of(world, workload)->model->job->suspended)
		tell(world, workload, TW_TAP_JOB_SKIPPED,
			"Suspended: Job suspended");
	else
		start(world, workload);
}

static void woken(struct tw_world *world, uint32_t workload, uint32_t what)
{
	const struct tw_job *model = tw_managed_of(world, workload)->model->job;
	struct job *job = job_of(world, workload);
	uint32_t number = what >> JOB_BITS;

	switch ((enum job_what)(what & ((1U << JOB_BITS) - 1))) {
	case JOB_CREATED:
		created(world, workload);
		break;
	case JOB_START:
		if (number)
			due(world, workload, model->starts[number - 1]);
		else if (job->missed != TW_NEVER)
			due(world, workload, job->missed);
		if (number && number < model->n_starts && !world->closing)
			job_wake(world, workload, model->starts[number],
				JOB_START, number + 1);
		break;
	case JOB_AGAIN:
		break;
	case JOB_DEADLINE:
		if (job->active && number == job->round)
			finish(world, workload,
				"DeadlineExceeded: Job was active longer than "
				"specified deadline");
		break;
	case JOB_POD:
		job_end_work(world, workload, number);
		break;
	case JOB_CALL:
		job_call(world, workload, number);
		return;
	}
	tw_workload_changed(
		world, tw_managed_of(world, workload)->model->revision);
}

static void init(struct tw_world *world, uint32_t workload)
{
	struct tw_managed *it = tw_managed_of(world, workload);
	const struct tw_revision *revision = job_revision(world, workload);
	struct job *job;

	if (!it->model->job)
		return;
	job = tw_new(&world->arena, struct job);
	job->missed = TW_NEVER;
	job->work = tw_new_array(
		&world->arena, revision->n_replicas, struct job_work);
	it->own = job;
	it->wanted = 0;
	if (it->model->job->n_starts)
		job_wake(world, workload, it->model->job->starts[0], JOB_START,
			1);
}

/* It is there when a run begins. */
static void init_job(struct tw_world *world, uint32_t workload)
{
	init(world, workload);
	if (job_of(world, workload))
		job_wake(world, workload, tw_world_now(world), JOB_CREATED, 0);
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
