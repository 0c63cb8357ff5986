/* What happens to nodes and Jobs. */
#include "twins/cluster/chronicle_parts.h"

#include <string.h>

/* What `kubectl get nodes` says of it, and how many are ready. */
static void see_node(struct tw_chronicle *it, const struct tw_tap_event *event)
{
	struct tw_chronicle_row *row = &it->rows[it->nodes_row];
	uint32_t n = tw_chronicle_node_of(it, event->node);
	bool ready = event->kind == TW_TAP_NODE_READY;

	if (n == TW_NONE)
		return;
	if (event->kind == TW_TAP_CORDONED || event->kind == TW_TAP_UNCORDONED)
		it->nodes[n].cordoned = event->kind == TW_TAP_CORDONED;
	else if (event->kind != TW_TAP_NODE_NOT_READY && !ready)
		return;
	else if (it->nodes[n].lost == ready) {
		it->nodes[n].lost = !ready;
		row->pods[TW_PHASE_READY] += ready ? 1U : -1U;
		tw_chronicle_show_row(it, it->nodes_row);
	}
	tw_chronicle_show_node(it, n);
}

/* By the cluster autoscaler. */
static void nodes_change(struct tw_chronicle *it, uint32_t by)
{
	it->rows[it->nodes_row].desired += by;
	it->rows[it->nodes_row].pods[TW_PHASE_READY] += by;
	tw_chronicle_show_row(it, it->nodes_row);
}

void tw_chronicle_about_node(
	struct tw_chronicle *it, const struct tw_tap_event *event)
{
	const char *name = event->node;

	see_node(it, event);

	switch (event->kind) {
	case TW_TAP_NODE_NOT_READY:
		tw_chronicle_say(it, "Node", name, false, "NodeNotReady",
			"Node %s status is now: NodeNotReady", name);
		break;
	case TW_TAP_NODE_READY:
		tw_chronicle_say(it, "Node", name, false, "NodeReady",
			"Node %s status is now: NodeReady", name);
		break;
	case TW_TAP_NODE_ADDED:
		tw_chronicle_say(it, "Node", name, false, "RegisteredNode",
			"Node %s event: Registered Node %s in Controller", name,
			name);
		nodes_change(it, 1);
		break;
	case TW_TAP_NODE_REMOVED:
		tw_chronicle_say(it, "Node", name, false, "RemovingNode",
			"Node %s event: Removing Node %s from Controller", name,
			name);
		nodes_change(it, (uint32_t)-1);
		break;
	case TW_TAP_PRESSED:
		tw_chronicle_say(it, "Node", name, false,
			"NodeHasInsufficientMemory",
			"Node %s status is now: NodeHasInsufficientMemory",
			name);
		break;
	case TW_TAP_NOT_PRESSED:
		tw_chronicle_say(it, "Node", name, false,
			"NodeHasSufficientMemory",
			"Node %s status is now: NodeHasSufficientMemory", name);
		break;
	case TW_TAP_SHORT:
		tw_chronicle_say(it, "Node", name, true, "EvictionThresholdMet",
			"Attempting to reclaim memory");
		break;
	case TW_TAP_CORDONED:
		tw_chronicle_say(it, "Node", name, false, "NodeNotSchedulable",
			"Node %s status is now: NodeNotSchedulable", name);
		break;
	case TW_TAP_UNCORDONED:
		tw_chronicle_say(it, "Node", name, false, "NodeSchedulable",
			"Node %s status is now: NodeSchedulable", name);
		break;
	case TW_TAP_DRAINED:
		tw_chronicle_say(it, "Node", name, false, "Drained",
			"node/%s drained", name);
		break;
	case TW_TAP_NOT_DRAINED:
		tw_chronicle_say(it, "Node", name, true, "DrainFailed",
			"unable to drain node \"%s\" due to error: %s, "
			"continuing command...",
			name, event->cause);
		break;
	case TW_TAP_TAINTED:
		tw_chronicle_say(it, "Node", name, true, "Tainted",
			"%s:NoExecute", event->cause);
		break;
	case TW_TAP_UNTAINTED:
		tw_chronicle_say(it, "Node", name, false, "Untainted",
			"%s:NoExecute", event->cause);
		break;
	default:
		break;
	}
}

/* A cause is "Reason: message". */
static void say_cause(struct tw_chronicle *it, const char *kind,
	const char *object, bool warning, const char *cause)
{
	const char *rest = strchr(cause, ':');
	char reason[64] = "";

	if (!rest || rest[1] != ' ' || (size_t)(rest - cause) >= sizeof reason)
		return;
	memcpy(reason, cause, (size_t)(rest - cause));
	tw_chronicle_say(it, kind, object, warning, reason, "%s", rest + 2);
}

void tw_chronicle_about_job(
	struct tw_chronicle *it, const struct tw_tap_event *event)
{
	const char *name = event->workload;
	bool cron =
		event->object_kind && !strcmp(event->object_kind, "CronJob");
	const char *bare = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;

	switch (event->kind) {
	case TW_TAP_JOB_STARTED:
		if (cron)
			tw_chronicle_say(it, "CronJob", name, false,
				"SuccessfulCreate", "Created job %s", bare);
		break;
	case TW_TAP_JOB_COMPLETE:
		tw_chronicle_say(
			it, "Job", name, false, "Completed", "Job completed");
		break;
	case TW_TAP_JOB_FAILED:
	case TW_TAP_JOB_SKIPPED:
		say_cause(it,
			event->kind == TW_TAP_JOB_SKIPPED && cron ? "CronJob"
								  : "Job",
			name, event->kind == TW_TAP_JOB_FAILED, event->cause);
		break;
	default:
		break;
	}
}
