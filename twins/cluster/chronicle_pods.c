/* What happens to pods. */
#include "twins/cluster/chronicle_parts.h"

#include "twins/cluster/workloads.h"

struct tw_chronicle_row *tw_chronicle_row_of(
	struct tw_chronicle *it, uint32_t replica, uint32_t *at)
{
	*at = it->row_of[it->world->model->replicas[replica].revision];
	return *at == TW_NONE ? NULL : &it->rows[*at];
}

static uint32_t is_active(uint32_t phase)
{
	return phase == TW_PHASE_PENDING || phase == TW_PHASE_STARTING ||
	       phase == TW_PHASE_READY;
}

static void set_phase(struct tw_chronicle *it, uint32_t replica,
	enum tw_chronicle_phase phase)
{
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	if (!row || it->pods[replica].phase == phase)
		return;
	row->pods[it->pods[replica].phase]--;
	row->pods[phase]++;
	it->active[it->world->model->replicas[replica].revision] +=
		is_active(phase) - is_active(it->pods[replica].phase);
	it->pods[replica].phase = (uint8_t)phase;
	if (phase != TW_PHASE_ABSENT)
		tw_chronicle_show_pod(it, replica);
	tw_chronicle_show_row(it, at);
}

static void set_listed(struct tw_chronicle *it, uint32_t replica, bool listed)
{
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	if (!row || it->pods[replica].listed == listed)
		return;
	it->pods[replica].listed = listed;
	row->endpoints += listed ? 1U : -1U;
	tw_chronicle_show_row(it, at);
}

static void created(struct tw_chronicle *it, uint32_t replica)
{
	it->pods[replica] =
		(struct tw_chronicle_pod){.created = tw_world_now(it->world),
			.phase = it->pods[replica].phase,
			.listed = it->pods[replica].listed,
			.restarted = TW_NEVER,
			.node = TW_NONE,
			.told = -1};
	set_phase(it, replica, TW_PHASE_PENDING);
}

/* A container that ended, whatever started it again. */
static void killed(struct tw_chronicle *it, uint32_t replica, const char *cause)
{
	struct tw_chronicle_pod *pod = &it->pods[replica];
	const char *name = tw_chronicle_replica_name(it, replica);
	const char *rest = cause ? strchr(cause, ':') : NULL;
	char reason[64];

	pod->told = tw_world_now(it->world);
	pod->ended = NULL;
	if (!rest || rest[1] != ' ' ||
		(size_t)(rest - cause) >= sizeof reason) {
		tw_chronicle_say(it, "Pod", name, true, "Killed", "%s",
			cause ? cause : "its process ended");
		return;
	}
	memcpy(reason, cause, (size_t)(rest - cause));
	reason[rest - cause] = '\0';
	tw_chronicle_say(it, "Pod", name, true, reason, "%s", rest + 2);
	if (strcmp(reason, "Unhealthy") != 0)
		pod->ended = tw_observation_name(&it->world->obs, reason);
	else
		tw_chronicle_say(it, "Pod", name, false, "Killing",
			"Container %s failed %.*s, will be restarted",
			tw_chronicle_container_name(it, replica),
			(int)strcspn(rest + 2, "f") - 1, rest + 2);
}

/* What kubectl shows from now on. */
static void show_starting(struct tw_chronicle *it, uint32_t replica)
{
	if (it->pods[replica].phase == TW_PHASE_STARTING)
		tw_chronicle_show_pod(it, replica);
	else
		set_phase(it, replica, TW_PHASE_STARTING);
}

/* It waits, where its back-off says so, and is started again. */
static void died(struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_world_replica *now = &it->world->replicas[replica];
	struct tw_chronicle_pod *pod = &it->pods[replica];
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	/* Its node is gone: the control plane does not know yet. */
	if (!row || now->health == TW_GONE ||
		pod->phase == TW_PHASE_TERMINATING)
		return;
	if (pod->told != tw_world_now(it->world)) {
		pod->ended = "Error"; /* SIGKILL */
		tw_chronicle_say(it, "Pod",
			tw_chronicle_replica_name(it, replica), true, "Killed",
			"Container %s was killed",
			tw_chronicle_container_name(it, replica));
	}
	/* It is counted from when it is started again. */
	show_starting(it, replica);
	if (now->backoff.last <= tw_world_now(it->world))
		return;
	pod->waits = true;
	tw_chronicle_say(it, "Pod", tw_chronicle_replica_name(it, replica),
		true, "BackOff",
		"Back-off restarting failed container %s in pod %s",
		tw_chronicle_container_name(it, replica),
		tw_chronicle_replica_name(it, replica));
	tw_chronicle_show_pod(it, replica);
}

static void count_restart(
	struct tw_chronicle *it, uint32_t replica, struct tw_chronicle_row *row)
{
	struct tw_chronicle_pod *pod = &it->pods[replica];

	pod->restarts++;
	row->restarts++;
	pod->restarted = tw_world_now(it->world);
	pod->waits = false;
	pod->ended = NULL;
	/* Its kubelet has told of each container since its node is back. */
	if (pod->phase != TW_PHASE_PENDING)
		tw_chronicle_say(it, "Pod",
			tw_chronicle_replica_name(it, replica), false,
			"Started", "Started container %s",
			tw_chronicle_container_name(it, replica));
}

/* It runs again, and starts up. */
static void restarted(struct tw_chronicle *it, uint32_t replica)
{
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	if (!row)
		return;
	count_restart(it, replica, row);
	it->pods[replica].state = NULL;
	it->pods[replica].said_ready = false;
	tw_chronicle_show_pod(it, replica);
	set_phase(it, replica, TW_PHASE_STARTING);
	tw_chronicle_show_row(it, at);
}

static void is_ready(struct tw_chronicle *it, uint32_t replica, bool again)
{
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	if (!row)
		return;
	if (again)
		count_restart(it, replica, row);
	it->pods[replica].said_ready = false;
	set_phase(it, replica, TW_PHASE_READY);
	if (again)
		tw_chronicle_show_row(it, at);
}

static void unlisted(struct tw_chronicle *it, uint32_t replica)
{
	if (it->world->replicas[replica].health == TW_GONE) {
		/* Its kubelet cannot say that its containers are not. */
		it->pods[replica].said_ready |=
			it->pods[replica].phase == TW_PHASE_READY;
		set_phase(it, replica, TW_PHASE_STARTING);
	}
	set_listed(it, replica, false);
}

/* TW_NONE: there is none of this name. */
uint32_t tw_chronicle_node_of(const struct tw_chronicle *it, const char *name)
{
	const struct tw_model *model = it->world->model;

	for (uint32_t n = 0; n < model->n_nodes; n++)
		if (model->nodes[n].name == name)
			return n;
	return TW_NONE;
}

/* Its kubelet says something of it before it runs. */
static void container_says(
	struct tw_chronicle *it, const struct tw_tap_event *event)
{
	struct tw_chronicle_pod *pod = &it->pods[event->replica];

	if (event->reason)
		tw_chronicle_say(it, "Pod",
			tw_chronicle_replica_name(it, event->replica),
			event->warning, event->reason, "%s", event->cause);
	if (!event->state || (pod->state && !strcmp(pod->state, event->state)))
		return;
	pod->state = tw_observation_name(&it->world->obs, event->state);
	if (is_active(pod->phase)) /* after its node was lost */
		set_phase(it, event->replica, TW_PHASE_PENDING);
	tw_chronicle_show_pod(it, event->replica);
}

/* Whether the kubelet tells of each container by itself. */
static bool starts_by_steps(const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;

	return model->lives &&
	       (model->lives[model->replicas[replica].revision].n_containers ||
		       (model->storage.first &&
			       model->storage.first[replica] !=
				       model->storage.first[replica + 1]));
}

/* One that had to wait for its volumes, and for nothing else. */
static void containers_started(struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;

	if (!model->lives[model->replicas[replica].revision].n_containers)
		tw_chronicle_say(it, "Pod",
			tw_chronicle_replica_name(it, replica), false,
			"Started", "Started container %s",
			tw_chronicle_container_name(it, replica));
	it->pods[replica].state = NULL;
	set_phase(it, replica, TW_PHASE_STARTING);
}

/* Its kubelet starts it, if it is there. */
static void started(struct tw_chronicle *it, uint32_t replica, const char *node)
{
	uint32_t n = tw_chronicle_node_of(it, node);

	if (n == TW_NONE || it->world->node_down[n])
		return;
	if (starts_by_steps(it, replica)) {
		it->pods[replica].node = n;
		return;
	}
	tw_chronicle_say(it, "Pod", tw_chronicle_replica_name(it, replica),
		false, "Started", "Started container %s",
		tw_chronicle_container_name(it, replica));
	it->pods[replica].node = n;
	set_phase(it, replica, TW_PHASE_STARTING);
}

static void sized(struct tw_chronicle *it, uint32_t replica, uint32_t desired)
{
	uint32_t at;
	struct tw_chronicle_row *row = tw_chronicle_row_of(it, replica, &at);

	if (!row)
		return;
	row->desired = desired;
	tw_chronicle_show_row(it, at);
}

/* On a lost node nobody stops it, and one without a node has nobody. */
static bool has_kubelet(const struct tw_chronicle *it, uint32_t replica)
{
	uint32_t node = it->world->replicas[replica].node;

	return node != TW_NONE && !it->world->node_down[node];
}

static const char *workload_name(
	const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;

	return model
		->workloads
			[model->workload_of[model->replicas[replica].revision]]
		.name;
}

static const char *newest_set(const struct tw_chronicle *it, uint32_t replica)
{
	const struct tw_model *model = it->world->model;
	uint32_t w = model->workload_of[model->replicas[replica].revision];

	return model->revisions[tw_managed_of(it->world, w)->now].set;
}

static void stopping(struct tw_chronicle *it, uint32_t r)
{
	struct tw_chronicle_pod *pod = &it->pods[r];

	if (!is_active(pod->phase))
		return; /* what ended is only forgotten */
	/* There is nothing to stop in one that is being started. */
	if ((pod->phase != TW_PHASE_PENDING || !pod->state) &&
		has_kubelet(it, r))
		tw_chronicle_say(it, "Pod", tw_chronicle_replica_name(it, r),
			false, "Killing", "Stopping container %s",
			tw_chronicle_container_name(it, r));
	/* Its containers run, and are ready, until they end. */
	pod->said_ready |= pod->phase == TW_PHASE_READY;
	set_phase(it, r, TW_PHASE_TERMINATING);
}

/* What the control plane decides about a pod; false: it is something else. */
static bool decided(struct tw_chronicle *it, const struct tw_tap_event *event)
{
	uint32_t r = event->replica;
	const char *name = tw_chronicle_replica_name(it, r);

	switch (event->kind) {
	case TW_TAP_PENDING:
		tw_chronicle_say(it, "Pod", name, true, "FailedScheduling",
			"%s",
			event->cause ? event->cause : "it fits on no node");
		return true;
	case TW_TAP_SCHEDULED:
		tw_chronicle_say(it, "Pod", name, false, "Scheduled",
			"Successfully assigned %s to %s", name, event->node);
		started(it, r, event->node);
		return true;
	case TW_TAP_DEADLINE:
		tw_chronicle_say(it, "Deployment", workload_name(it, r), true,
			event->cause,
			"ReplicaSet \"%s\" has timed out progressing.",
			newest_set(it, r));
		return true;
	case TW_TAP_KEPT:
		tw_chronicle_say(it, "Pod", name, true, "EvictionRefused", "%s",
			event->cause);
		return true;
	case TW_TAP_PREEMPTED:
		tw_chronicle_say(it, "Pod", name, false, "Preempted",
			"%s on node %s", event->cause, event->node);
		return true;
	case TW_TAP_EVICTED:
		tw_chronicle_say(it, "Pod", name, false, "TaintManagerEviction",
			"Marking for deletion Pod %s", name);
		return true;
	default:
		return false;
	}
}

void tw_chronicle_about_pod(
	struct tw_chronicle *it, const struct tw_tap_event *event)
{
	uint32_t r = event->replica;

	if (decided(it, event))
		return;
	switch (event->kind) {
	case TW_TAP_CREATED:
		created(it, r);
		break;
	case TW_TAP_CONTAINER:
		container_says(it, event);
		break;
	case TW_TAP_STARTED:
		containers_started(it, r);
		break;
	case TW_TAP_RESTARTED:
		restarted(it, r);
		break;
	case TW_TAP_LISTENS: /* which no component tells of */
		if (it->pods[r].phase == TW_PHASE_PENDING)
			set_phase(it, r, TW_PHASE_STARTING);
		break;
	case TW_TAP_POD_READY:
		is_ready(it, r, false);
		break;
	case TW_TAP_READY:
		is_ready(it, r, true);
		break;
	case TW_TAP_UNREADY:
		tw_chronicle_say(it, "Pod", tw_chronicle_replica_name(it, r),
			true, "Unhealthy", "Readiness probe failed");
		set_phase(it, r, TW_PHASE_STARTING);
		break;
	case TW_TAP_KILLED:
		killed(it, r, event->cause);
		break;
	case TW_TAP_DIES:
		died(it, r);
		break;
	case TW_TAP_SUCCEEDED:
		set_phase(it, r, TW_PHASE_COMPLETED);
		break;
	case TW_TAP_FAILED:
		set_phase(it, r, TW_PHASE_FAILED);
		break;
	case TW_TAP_STOPPING:
		stopping(it, r);
		break;
	case TW_TAP_TERMINATED:
		set_phase(it, r, TW_PHASE_ABSENT);
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
