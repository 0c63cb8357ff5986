#include "twins/cluster/chronicle.h"

#include "twins/base/assert.h"
#include "twins/cluster/workloads.h"
#include "twins/model/cgroup.h"
#include "twins/world/standing.h"

#include <stdarg.h>
#include <stdio.h>

enum phase {
	PHASE_ABSENT,
	PHASE_PENDING,
	PHASE_STARTING,
	PHASE_READY,
	PHASE_TERMINATING,
	PHASE_COMPLETED,
	PHASE_FAILED,
	PHASES
};

struct pod {
	uint8_t phase; /* enum phase */
	bool listed;
	bool waits;	   /* to be started again, after a back-off */
	const char *state; /* while its containers start; NULL: nothing */
	uint32_t restarts;
	uint32_t node; /* where it was started; TW_NONE: see the world */
	tw_time created, restarted;
	tw_time told; /* when it was last said why its container ended */
};

struct row {
	const char *kind;
	uint32_t newest; /* revision */
	uint32_t desired, restarts, endpoints;
	uint32_t pods[PHASES];
	struct tw_workload_view shown; /* what a watcher saw last */
	struct tw_timeline_point shown_point;
};

struct node {
	bool lost, cordoned;
};

struct chronicle {
	struct tw_tap tap;
	struct tw_world *world;
	const struct tw_watcher *watcher;
	struct pod *pods; /* by replica */
	struct node *nodes;
	struct row *rows; /* by row of the timeline */
	uint32_t *row_of; /* by revision; TW_NONE: outside the cluster */
	uint32_t *active; /* pods, by revision */
	uint32_t nodes_row;
};

/* ---- saying --------------------------------------------------------- */

static const char *replica_name(const struct chronicle *it, uint32_t replica)
{
	return it->world->model->replicas[replica].name;
}

/* Of the pod's main container; a pod of a model alone has none. */
static const struct tw_spec_container *container_of(
	const struct chronicle *it, uint32_t replica)
{
	const struct tw_spec_workload *workload =
		it->world->model
			->revisions[it->world->model->replicas[replica]
					    .revision]
			.spec;

	return workload ? tw_main_container(workload) : NULL;
}

static const char *container_name(const struct chronicle *it, uint32_t replica)
{
	const struct tw_spec_container *container = container_of(it, replica);

	return container && container->name ? container->name : "main";
}

static void say(struct chronicle *it, const char *kind, const char *object,
	bool warning, const char *reason, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

static void say(struct chronicle *it, const char *kind, const char *object,
	bool warning, const char *reason, const char *format, ...)
{
	struct tw_timeline_event event = {.at = tw_world_now(it->world),
		.last = tw_world_now(it->world),
		.kind = kind,
		.object = object,
		.reason = reason,
		.count = 1,
		.warning = warning};
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	event.message = text;
	if (it->watcher && it->watcher->event)
		it->watcher->event(it->watcher->context, &event);
	tw_timeline_say(&it->world->obs, &event);
}

/* ---- showing -------------------------------------------------------- */

static const char *status_of(const struct pod *pod, bool has_node)
{
	switch ((enum phase)pod->phase) {
	case PHASE_PENDING:
		if (pod->state)
			return pod->state;
		return has_node ? "ContainerCreating" : "Pending";
	case PHASE_TERMINATING:
		/* It was evicted. */
		return pod->state ? pod->state : "Terminating";
	case PHASE_COMPLETED:
		return "Completed";
	case PHASE_FAILED:
		return "Error";
	case PHASE_STARTING:
		if (pod->waits)
			return "CrashLoopBackOff";
		break;
	case PHASE_ABSENT:
	case PHASE_READY:
	case PHASES:
		break;
	}
	return "Running";
}

static uint32_t containers_of(const struct chronicle *it, uint32_t replica)
{
	const struct tw_spec_workload *workload =
		it->world->model
			->revisions[it->world->model->replicas[replica]
					    .revision]
			.spec;
	uint32_t n = 0;

	for (size_t i = 0; workload && i < workload->containers.n; i++)
		n += !workload->containers.v[i]->is_init ||
		     workload->containers.v[i]->is_sidecar;
	return n ? n : 1;
}

static void show_pod(struct chronicle *it, uint32_t replica)
{
	const struct pod *pod = &it->pods[replica];
	/* It is told of before it stands there. */
	uint32_t node = pod->node != TW_NONE
				? pod->node
				: it->world->replicas[replica].node;
	struct tw_pod_view view = {.name = replica_name(it, replica),
		.status = status_of(pod, node != TW_NONE),
		.node = node == TW_NONE ? NULL
					: it->world->model->nodes[node].name,
		.containers = containers_of(it, replica),
		.restarts = pod->restarts,
		.created = pod->created,
		.restarted = pod->restarted};

	if (!it->watcher || !it->watcher->pod)
		return;
	if (pod->phase == PHASE_READY)
		view.ready = view.containers;
	else if (pod->phase == PHASE_STARTING && view.containers > 1)
		view.ready = view.containers - 1;
	it->watcher->pod(it->watcher->context, tw_world_now(it->world), &view);
}

static void show_node(struct chronicle *it, uint32_t node)
{
	static const char *const statuses[2][2] = {
		{"Ready", "Ready,SchedulingDisabled"},
		{"NotReady", "NotReady,SchedulingDisabled"}};
	struct tw_node_view view = {.name = it->world->model->nodes[node].name,
		.status = statuses[it->nodes[node].lost]
				  [it->nodes[node].cordoned]};

	if (!it->watcher || !it->watcher->node)
		return;
	view.pods = tw_standing_count(it->world, node);
	it->watcher->node(it->watcher->context, tw_world_now(it->world), &view);
}

/* The one that its spec asks for. */
static uint32_t updated_revision(
	const struct chronicle *it, const struct row *row)
{
	uint32_t workload = it->world->workloads
				    ? it->world->model->workload_of[row->newest]
				    : TW_NONE;

	return workload == TW_NONE ? row->newest
				   : tw_managed_of(it->world, workload)->now;
}

/* As kubectl does: only where a column has changed. */
static void show_workload(struct chronicle *it, struct row *row,
	const char *name, const struct tw_timeline_point *point)
{
	const struct tw_timeline_point *before = row->shown.now;
	struct tw_workload_view view = {.name = name,
		.now = &row->shown_point,
		.kind = row->kind,
		.updated = it->active[updated_revision(it, row)]};

	if (before && before->desired == point->desired &&
		before->ready == point->ready &&
		row->shown.updated == view.updated)
		return;
	row->shown_point = *point;
	row->shown = view;
	it->watcher->workload(it->watcher->context, point->at, &view);
}

static void show_row(struct chronicle *it, uint32_t at)
{
	struct tw_timeline_row *to = &it->world->obs.timeline.rows.v[at];
	struct row *from = &it->rows[at];
	uint32_t workload =
		at == it->nodes_row || !it->world->workloads
			? TW_NONE
			: it->world->model->workload_of[from->newest];
	struct tw_timeline_point point = {.at = tw_world_now(it->world),
		.desired = from->desired,
		.pending = from->pods[PHASE_PENDING],
		.starting = from->pods[PHASE_STARTING],
		.ready = from->pods[PHASE_READY],
		.terminating = from->pods[PHASE_TERMINATING],
		.endpoints = from->endpoints,
		.restarts = from->restarts};

	/* Who is told of it as it changes is told of its size, too. */
	if (workload != TW_NONE)
		point.desired = tw_managed_of(it->world, workload)->wanted;
	tw_timeline_add(to, &point);
	if (it->watcher && it->watcher->workload && at != it->nodes_row)
		show_workload(it, from, to->name, &point);
}

/* ---- what a tap says ------------------------------------------------ */

static struct row *row_of(struct chronicle *it, uint32_t replica, uint32_t *at)
{
	*at = it->row_of[it->world->model->replicas[replica].revision];
	return *at == TW_NONE ? NULL : &it->rows[*at];
}

static uint32_t is_active(uint32_t phase)
{
	return phase == PHASE_PENDING || phase == PHASE_STARTING ||
	       phase == PHASE_READY;
}

static void set_phase(struct chronicle *it, uint32_t replica, enum phase phase)
{
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	if (!row || it->pods[replica].phase == phase)
		return;
	row->pods[it->pods[replica].phase]--;
	row->pods[phase]++;
	it->active[it->world->model->replicas[replica].revision] +=
		is_active(phase) - is_active(it->pods[replica].phase);
	it->pods[replica].phase = (uint8_t)phase;
	if (phase != PHASE_ABSENT)
		show_pod(it, replica);
	show_row(it, at);
}

static void set_listed(struct chronicle *it, uint32_t replica, bool listed)
{
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	if (!row || it->pods[replica].listed == listed)
		return;
	it->pods[replica].listed = listed;
	row->endpoints += listed ? 1U : -1U;
	show_row(it, at);
}

static void created(struct chronicle *it, uint32_t replica)
{
	it->pods[replica] = (struct pod){.created = tw_world_now(it->world),
		.phase = it->pods[replica].phase,
		.listed = it->pods[replica].listed,
		.restarted = TW_NEVER,
		.node = TW_NONE,
		.told = -1};
	set_phase(it, replica, PHASE_PENDING);
}

/* A container that ended, whatever started it again. */
static void killed(struct chronicle *it, uint32_t replica, const char *cause)
{
	struct pod *pod = &it->pods[replica];
	const char *name = replica_name(it, replica);
	const char *rest = cause ? strchr(cause, ':') : NULL;
	char reason[64];

	pod->told = tw_world_now(it->world);
	if (!rest || rest[1] != ' ' ||
		(size_t)(rest - cause) >= sizeof reason) {
		say(it, "Pod", name, true, "Killed", "%s",
			cause ? cause : "its process ended");
		return;
	}
	memcpy(reason, cause, (size_t)(rest - cause));
	reason[rest - cause] = '\0';
	say(it, "Pod", name, true, reason, "%s", rest + 2);
	if (!strcmp(reason, "Unhealthy"))
		say(it, "Pod", name, false, "Killing",
			"Container %s failed %.*s, will be restarted",
			container_name(it, replica),
			(int)strcspn(rest + 2, "f") - 1, rest + 2);
}

/* It waits, where its back-off says so, and is started again. */
static void died(struct chronicle *it, uint32_t replica)
{
	const struct tw_world_replica *now = &it->world->replicas[replica];
	struct pod *pod = &it->pods[replica];
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	/* Its node is gone: the control plane does not know yet. */
	if (!row || now->health == TW_GONE || pod->phase == PHASE_TERMINATING)
		return;
	if (pod->told != tw_world_now(it->world))
		say(it, "Pod", replica_name(it, replica), true, "Killed",
			"Container %s was killed", container_name(it, replica));
	/* It is counted from when it is started again. */
	pod->waits = now->backoff.last > tw_world_now(it->world);
	if (pod->waits)
		say(it, "Pod", replica_name(it, replica), true, "BackOff",
			"Back-off restarting failed container %s in pod %s",
			container_name(it, replica), replica_name(it, replica));
	if (pod->phase == PHASE_STARTING)
		show_pod(it, replica);
	set_phase(it, replica, PHASE_STARTING);
}

static void count_restart(
	struct chronicle *it, uint32_t replica, struct row *row)
{
	struct pod *pod = &it->pods[replica];

	pod->restarts++;
	row->restarts++;
	pod->restarted = tw_world_now(it->world);
	pod->waits = false;
	say(it, "Pod", replica_name(it, replica), false, "Started",
		"Started container %s", container_name(it, replica));
}

/* It runs again, and starts up. */
static void restarted(struct chronicle *it, uint32_t replica)
{
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	if (!row)
		return;
	count_restart(it, replica, row);
	show_pod(it, replica);
	show_row(it, at);
}

static void is_ready(struct chronicle *it, uint32_t replica, bool again)
{
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	if (!row)
		return;
	if (again)
		count_restart(it, replica, row);
	set_phase(it, replica, PHASE_READY);
	if (again)
		show_row(it, at);
}

static void unlisted(struct chronicle *it, uint32_t replica)
{
	if (it->world->replicas[replica].health == TW_GONE)
		set_phase(it, replica, PHASE_STARTING);
	set_listed(it, replica, false);
}

/* TW_NONE: there is none of this name. */
static uint32_t node_of(const struct chronicle *it, const char *name)
{
	const struct tw_model *model = it->world->model;

	for (uint32_t n = 0; n < model->n_nodes; n++)
		if (model->nodes[n].name == name)
			return n;
	return TW_NONE;
}

/* Its kubelet says something of it before it runs. */
static void container_says(
	struct chronicle *it, const struct tw_tap_event *event)
{
	struct pod *pod = &it->pods[event->replica];

	if (event->reason)
		say(it, "Pod", replica_name(it, event->replica), event->warning,
			event->reason, "%s", event->cause);
	if (!event->state || (pod->state && !strcmp(pod->state, event->state)))
		return;
	pod->state = tw_observation_name(&it->world->obs, event->state);
	show_pod(it, event->replica);
}

/* Whether the kubelet tells of each container by itself. */
static bool starts_by_steps(const struct chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;

	return model->lives &&
	       model->lives[model->replicas[replica].revision].n_containers;
}

/* Its kubelet starts it, if it is there. */
static void started(struct chronicle *it, uint32_t replica, const char *node)
{
	uint32_t n = node_of(it, node);

	if (n == TW_NONE || it->world->node_down[n])
		return;
	if (starts_by_steps(it, replica)) {
		it->pods[replica].node = n;
		return;
	}
	say(it, "Pod", replica_name(it, replica), false, "Started",
		"Started container %s", container_name(it, replica));
	it->pods[replica].node = n;
	set_phase(it, replica, PHASE_STARTING);
}

static void sized(struct chronicle *it, uint32_t replica, uint32_t desired)
{
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	if (!row)
		return;
	row->desired = desired;
	show_row(it, at);
}

/* On a lost node nobody stops it, and one without a node has nobody. */
static bool has_kubelet(const struct chronicle *it, uint32_t replica)
{
	uint32_t node = it->world->replicas[replica].node;

	return node != TW_NONE && !it->world->node_down[node];
}

static const char *workload_name(const struct chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;

	return model
		->workloads
			[model->workload_of[model->replicas[replica].revision]]
		.name;
}

static void about_pod(struct chronicle *it, const struct tw_tap_event *event)
{
	uint32_t r = event->replica;
	const char *name = replica_name(it, r);

	switch (event->kind) {
	case TW_TAP_CREATED:
		created(it, r);
		break;
	case TW_TAP_PENDING:
		say(it, "Pod", name, true, "FailedScheduling", "%s",
			event->cause ? event->cause : "it fits on no node");
		break;
	case TW_TAP_SCHEDULED:
		say(it, "Pod", name, false, "Scheduled",
			"Successfully assigned %s to %s", name, event->node);
		started(it, r, event->node);
		break;
	case TW_TAP_DEADLINE:
		say(it, "Deployment", workload_name(it, r), true, event->cause,
			"Deployment has not progressed");
		break;
	case TW_TAP_KEPT:
		say(it, "Pod", name, true, "EvictionRefused", "%s",
			event->cause);
		break;
	case TW_TAP_PREEMPTED:
		say(it, "Pod", name, false, "Preempted", "%s on node %s",
			event->cause, event->node);
		break;
	case TW_TAP_EVICTED:
		say(it, "Pod", name, false, "TaintManagerEviction",
			"Marking for deletion Pod %s", name);
		break;
	case TW_TAP_CONTAINER:
		container_says(it, event);
		break;
	case TW_TAP_STARTED:
		it->pods[r].state = NULL;
		set_phase(it, r, PHASE_STARTING);
		break;
	case TW_TAP_RESTARTED:
		restarted(it, r);
		break;
	case TW_TAP_LISTENS: /* which no component tells of */
		if (it->pods[r].phase == PHASE_PENDING)
			set_phase(it, r, PHASE_STARTING);
		break;
	case TW_TAP_POD_READY:
		is_ready(it, r, false);
		break;
	case TW_TAP_READY:
		is_ready(it, r, true);
		break;
	case TW_TAP_UNREADY:
		say(it, "Pod", name, true, "Unhealthy",
			"Readiness probe failed");
		set_phase(it, r, PHASE_STARTING);
		break;
	case TW_TAP_KILLED:
		killed(it, r, event->cause);
		break;
	case TW_TAP_DIES:
		died(it, r);
		break;
	case TW_TAP_SUCCEEDED:
		set_phase(it, r, PHASE_COMPLETED);
		break;
	case TW_TAP_FAILED:
		set_phase(it, r, PHASE_FAILED);
		break;
	case TW_TAP_STOPPING:
		if (!is_active(it->pods[r].phase))
			break; /* what ended is only forgotten */
		/* There is nothing to stop in one that is being started. */
		if ((it->pods[r].phase != PHASE_PENDING ||
			    !it->pods[r].state) &&
			has_kubelet(it, r))
			say(it, "Pod", name, false, "Killing",
				"Stopping container %s", container_name(it, r));
		set_phase(it, r, PHASE_TERMINATING);
		break;
	case TW_TAP_TERMINATED:
		set_phase(it, r, PHASE_ABSENT);
		break;
	case TW_TAP_SIZED:
		sized(it, r, (uint32_t)event->status);
		break;
	case TW_TAP_LISTED:
		set_listed(it, r, true);
		break;
	case TW_TAP_UNLISTED:
		unlisted(it, r);
		break;
	default:
		break;
	}
}

/* What `kubectl get nodes` says of it, and how many are ready. */
static void see_node(struct chronicle *it, const struct tw_tap_event *event)
{
	struct row *row = &it->rows[it->nodes_row];
	uint32_t n = node_of(it, event->node);
	bool ready = event->kind == TW_TAP_NODE_READY;

	if (n == TW_NONE)
		return;
	if (event->kind == TW_TAP_CORDONED || event->kind == TW_TAP_UNCORDONED)
		it->nodes[n].cordoned = event->kind == TW_TAP_CORDONED;
	else if (event->kind != TW_TAP_NODE_NOT_READY && !ready)
		return;
	else if (it->nodes[n].lost == ready) {
		it->nodes[n].lost = !ready;
		row->pods[PHASE_READY] += ready ? 1U : -1U;
		show_row(it, it->nodes_row);
	}
	show_node(it, n);
}

/* By the cluster autoscaler. */
static void nodes_change(struct chronicle *it, uint32_t by)
{
	it->rows[it->nodes_row].desired += by;
	it->rows[it->nodes_row].pods[PHASE_READY] += by;
	show_row(it, it->nodes_row);
}

static void about_node(struct chronicle *it, const struct tw_tap_event *event)
{
	const char *name = event->node;

	see_node(it, event);

	switch (event->kind) {
	case TW_TAP_NODE_NOT_READY:
		say(it, "Node", name, false, "NodeNotReady",
			"Node %s status is now: NodeNotReady", name);
		break;
	case TW_TAP_NODE_READY:
		say(it, "Node", name, false, "NodeReady",
			"Node %s status is now: NodeReady", name);
		break;
	case TW_TAP_NODE_ADDED:
		say(it, "Node", name, false, "RegisteredNode",
			"Node %s event: Registered Node %s in Controller", name,
			name);
		nodes_change(it, 1);
		break;
	case TW_TAP_NODE_REMOVED:
		say(it, "Node", name, false, "RemovingNode",
			"Node %s event: Removing Node %s from Controller", name,
			name);
		nodes_change(it, (uint32_t)-1);
		break;
	case TW_TAP_PRESSED:
		say(it, "Node", name, false, "NodeHasInsufficientMemory",
			"Node %s status is now: NodeHasInsufficientMemory",
			name);
		break;
	case TW_TAP_NOT_PRESSED:
		say(it, "Node", name, false, "NodeHasSufficientMemory",
			"Node %s status is now: NodeHasSufficientMemory", name);
		break;
	case TW_TAP_SHORT:
		say(it, "Node", name, true, "EvictionThresholdMet",
			"Attempting to reclaim memory");
		break;
	case TW_TAP_CORDONED:
		say(it, "Node", name, false, "NodeNotSchedulable",
			"Node %s status is now: NodeNotSchedulable", name);
		break;
	case TW_TAP_UNCORDONED:
		say(it, "Node", name, false, "NodeSchedulable",
			"Node %s status is now: NodeSchedulable", name);
		break;
	case TW_TAP_DRAINED:
		say(it, "Node", name, false, "Drained", "node/%s drained",
			name);
		break;
	case TW_TAP_NOT_DRAINED:
		say(it, "Node", name, true, "DrainFailed",
			"unable to drain node \"%s\": %s", name, event->cause);
		break;
	case TW_TAP_TAINTED:
		say(it, "Node", name, true, "Tainted", "%s:NoExecute",
			event->cause);
		break;
	case TW_TAP_UNTAINTED:
		say(it, "Node", name, false, "Untainted", "%s:NoExecute",
			event->cause);
		break;
	default:
		break;
	}
}

/* A cause is "Reason: message". */
static void say_cause(struct chronicle *it, const char *kind,
	const char *object, bool warning, const char *cause)
{
	const char *rest = strchr(cause, ':');
	char reason[64] = "";

	if (!rest || rest[1] != ' ' || (size_t)(rest - cause) >= sizeof reason)
		return;
	memcpy(reason, cause, (size_t)(rest - cause));
	say(it, kind, object, warning, reason, "%s", rest + 2);
}

static void about_job(struct chronicle *it, const struct tw_tap_event *event)
{
	const char *name = event->workload;

	switch (event->kind) {
	case TW_TAP_JOB_STARTED:
		say(it, "Job", name, false, "SuccessfulCreate",
			"Created job %s", name);
		break;
	case TW_TAP_JOB_COMPLETE:
		say(it, "Job", name, false, "Completed", "Job completed");
		break;
	case TW_TAP_JOB_FAILED:
	case TW_TAP_JOB_SKIPPED:
		say_cause(it, "Job", name, event->kind == TW_TAP_JOB_FAILED,
			event->cause);
		break;
	default:
		break;
	}
}

static void on_tap(void *context, const struct tw_tap_event *event)
{
	struct chronicle *it = context;

	if (event->kind == TW_TAP_SCALER)
		say(it, event->object_kind, event->object, event->warning,
			event->reason, "%s", event->cause);
	else if (event->replica == TW_NONE && event->node)
		about_node(it, event);
	else if (event->workload)
		about_job(it, event);
	else if (event->replica != TW_NONE && event->endpoint == TW_NONE)
		about_pod(it, event);
}

/* ---- the beginning -------------------------------------------------- */

/* A workload that is rolled out is one, whatever its revisions are called. */
static const char *workload_of(const struct tw_revision *revision)
{
	const struct tw_spec_workload *spec = revision->spec;

	if (spec && spec->replaces)
		return spec->replaces->key;
	return spec ? spec->key : revision->name;
}

static uint32_t add_row(struct chronicle *it, const char *name)
{
	struct tw_observation *obs = &it->world->obs;
	struct tw_timeline_row row = {.name = tw_observation_name(obs, name)};

	for (size_t i = 0; i < obs->timeline.rows.n; i++)
		if (obs->timeline.rows.v[i].name == row.name)
			return (uint32_t)i;
	tw_vec_push(&obs->timeline.rows, row);
	return (uint32_t)obs->timeline.rows.n - 1;
}

static bool is_outside(const struct tw_model *model, uint32_t revision)
{
	uint32_t service = model->revisions[revision].service;

	return service != TW_NONE && model->services[service].external;
}

static void add_pod(struct chronicle *it, uint32_t replica)
{
	const struct tw_world_replica *now = &it->world->replicas[replica];
	const struct tw_model *model = it->world->model;
	const struct tw_revision *revision =
		&model->revisions[model->replicas[replica].revision];
	struct pod *pod = &it->pods[replica];
	uint32_t at;
	struct row *row = row_of(it, replica, &at);

	pod->restarted = TW_NEVER;
	pod->node = TW_NONE;
	pod->told = -1;
	if (!row || model->replicas[replica].ordinal >= revision->initial)
		return;
	pod->phase = now->node == TW_NONE ? PHASE_PENDING
		     : now->ready	  ? PHASE_READY
					  : PHASE_STARTING;
	pod->listed = now->listed;
	row->pods[pod->phase]++;
	row->desired++;
	row->endpoints += pod->listed;
	it->active[model->replicas[replica].revision]++;
}

/* The newest is the one that replaces another. */
static void add_revision(
	struct row *row, const struct tw_revision *revision, uint32_t at)
{
	const struct tw_spec_workload *spec = revision->spec;

	if (row->kind && (!spec || !spec->replaces))
		return;
	row->kind = spec ? spec->kind : "Deployment";
	row->newest = at;
}

static void add_rows(struct chronicle *it)
{
	const struct tw_model *model = it->world->model;
	uint32_t n;

	for (uint32_t r = 0; r < model->n_revisions; r++)
		it->row_of[r] =
			is_outside(model, r)
				? TW_NONE
				: add_row(it,
					  workload_of(&model->revisions[r]));
	it->nodes_row = add_row(it, TW_TIMELINE_NODES);
	n = (uint32_t)it->world->obs.timeline.rows.n;
	it->rows = tw_new_array(&it->world->arena, n, struct row);
	for (uint32_t r = 0; r < model->n_revisions; r++)
		if (it->row_of[r] != TW_NONE)
			add_revision(&it->rows[it->row_of[r]],
				&model->revisions[r], r);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		add_pod(it, r);
	for (uint32_t i = 0; i < model->n_nodes; i++) {
		it->rows[it->nodes_row].desired += !model->nodes[i].spare;
		it->rows[it->nodes_row].pods[PHASE_READY] +=
			!it->world->node_down[i] && !model->nodes[i].spare;
	}
}

void tw_chronicle_init(struct tw_world *world, const struct tw_watcher *watcher)
{
	const struct tw_model *model = world->model;
	struct chronicle *it = tw_new(&world->arena, struct chronicle);

	*it = (struct chronicle){.tap = {on_tap, it},
		.world = world,
		.watcher = watcher,
		.pods = tw_new_array(
			&world->arena, model->n_replicas, struct pod),
		.nodes = tw_new_array(
			&world->arena, model->n_nodes, struct node),
		.row_of = tw_new_array(
			&world->arena, model->n_revisions, uint32_t),
		.active = tw_new_array(
			&world->arena, model->n_revisions, uint32_t)};
	world->chronicle = &it->tap;
	add_rows(it);
	for (uint32_t i = 0; i < world->obs.timeline.rows.n; i++)
		show_row(it, i);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (it->pods[r].phase != PHASE_ABSENT)
			show_pod(it, r);
	for (uint32_t n = 0; n < model->n_nodes; n++)
		show_node(it, n);
}
