#include "twins/world/tap.h"

#include "twins/base/assert.h"

static const char *phrase(enum tw_tap_kind kind)
{
	static const char *const phrases[] = {
		[TW_TAP_ARRIVES] = "arrives",
		[TW_TAP_SENT] = "is sent",
		[TW_TAP_STARTS] = "starts",
		[TW_TAP_QUEUED] = "is queued",
		[TW_TAP_SHED] = "is shed",
		[TW_TAP_FINISHES] = "finishes",
		[TW_TAP_RESET] = "is reset",
		[TW_TAP_RETRIES] = "is tried again",
		[TW_TAP_TIMES_OUT] = "times out",
		[TW_TAP_RETURNS] = "returns",
		[TW_TAP_DIES] = "dies",
		[TW_TAP_READY] = "is ready",
		[TW_TAP_LISTED] = "is listed",
		[TW_TAP_UNLISTED] = "is no longer listed",
		[TW_TAP_OVERFLOWS] = "overflows",
		[TW_TAP_DENIED] = "is not tried again: no budget",
		[TW_TAP_EJECTED] = "is ejected",
		[TW_TAP_BACK] = "is no longer ejected",
		[TW_TAP_KILLED] = "is killed",
		[TW_TAP_PAUSES] = "pauses",
		[TW_TAP_RESUMES] = "resumes",
		[TW_TAP_CREATED] = "is created",
		[TW_TAP_PENDING] = "is pending",
		[TW_TAP_SCHEDULED] = "is assigned to",
		[TW_TAP_CONTAINER] = "says",
		[TW_TAP_STARTED] = "runs",
		[TW_TAP_RESTARTED] = "is started again",
		[TW_TAP_LISTENS] = "listens",
		[TW_TAP_POD_READY] = "is ready for requests",
		[TW_TAP_UNREADY] = "is not ready for requests",
		[TW_TAP_STOPPING] = "is being deleted",
		[TW_TAP_TERMINATED] = "is gone",
		[TW_TAP_SIZED] = "has siblings",
		[TW_TAP_SCALER] = "says",
		[TW_TAP_RECOMMENDED] = "recommends",
		[TW_TAP_ROLLED_OUT] = "is rolled out",
		[TW_TAP_DEADLINE] = "makes no progress:",
		[TW_TAP_KEPT] = "is not evicted from",
		[TW_TAP_PREEMPTED] = "is preempted on",
		[TW_TAP_EVICTED] = "is evicted from",
		[TW_TAP_NODE_NOT_READY] = "is not ready",
		[TW_TAP_NODE_READY] = "is ready",
		[TW_TAP_TAINTED] = "is tainted NoExecute",
		[TW_TAP_UNTAINTED] = "is no longer tainted NoExecute",
		[TW_TAP_NODE_ADDED] = "is added",
		[TW_TAP_NODE_REMOVED] = "is removed",
		[TW_TAP_PRESSED] = "is under memory pressure",
		[TW_TAP_NOT_PRESSED] = "is no longer under memory pressure",
		[TW_TAP_SHORT] = "has to reclaim memory",
		[TW_TAP_CORDONED] = "is cordoned",
		[TW_TAP_UNCORDONED] = "is uncordoned",
		[TW_TAP_SUCCEEDED] = "succeeded",
		[TW_TAP_FAILED] = "failed",
		[TW_TAP_JOB_STARTED] = "starts",
		[TW_TAP_JOB_COMPLETE] = "is complete",
		[TW_TAP_JOB_FAILED] = "failed",
		[TW_TAP_JOB_SKIPPED] = "does not start",
		[TW_TAP_DRAINED] = "is drained",
		[TW_TAP_NOT_DRAINED] = "is not drained",
		[TW_TAP_FAULT_ON] = "begins",
		[TW_TAP_FAULT_OFF] = "ends",
	};

	tw_assert(kind < sizeof phrases / sizeof *phrases);
	return phrases[kind];
}

static const char *workload_of(const struct tw_model *model, uint32_t replica)
{
	uint32_t revision = model->replicas[replica].revision;

	return model->workloads[model->workload_of[revision]].name;
}

/* Of what the event is about, after its time. */
static void about_node(const struct tw_tap_event *event, struct tw_buf *out)
{
	tw_buf_printf(out, " node %s %s", event->node, phrase(event->kind));
	if (event->cause)
		tw_buf_printf(out, ": %s", event->cause);
}

static void about_job(const struct tw_tap_event *event, struct tw_buf *out)
{
	tw_buf_printf(out, " job %s %s", event->workload, phrase(event->kind));
	if (event->cause)
		tw_buf_printf(out, ": %s", event->cause);
}

static void about_container(const struct tw_model *model,
	const struct tw_tap_event *event, struct tw_buf *out)
{
	tw_buf_printf(
		out, " replica %s ", model->replicas[event->replica].name);
	if (event->reason)
		tw_buf_printf(out, "%s: %s", event->reason, event->cause);
	else
		tw_buf_printf(out, "is %s", event->state);
}

static void about_rollout(const struct tw_model *model,
	const struct tw_tap_event *event, struct tw_buf *out)
{
	tw_buf_printf(out, " %s %s",
		event->replica == TW_NONE
			? tw_model_caller_name(model, event->service)
			: workload_of(model, event->replica),
		phrase(event->kind));
	if (event->cause)
		tw_buf_printf(out, " %s", event->cause);
}

static void about_replica(const struct tw_model *model,
	const struct tw_tap_event *event, struct tw_buf *out)
{
	tw_buf_printf(out, " replica %s %s",
		model->replicas[event->replica].name, phrase(event->kind));
	if (event->node)
		tw_buf_printf(out, " %s", event->node);
	if (event->kind == TW_TAP_EJECTED || event->kind == TW_TAP_BACK)
		tw_buf_printf(out, " by %s",
			tw_model_caller_name(model, event->caller));
	if (event->cause)
		tw_buf_printf(out, ": %s", event->cause);
}

static void about_call(const struct tw_model *model,
	const struct tw_tap_event *event, struct tw_buf *out)
{
	bool sent = event->kind == TW_TAP_SENT;

	tw_buf_printf(out, " %s %s",
		model->services[model->endpoints[event->endpoint].service].key,
		model->endpoints[event->endpoint].name);
	if (event->attempt)
		tw_buf_printf(out, " attempt %u", event->attempt);
	tw_buf_printf(out, " %s", phrase(event->kind));
	if (event->replica != TW_NONE)
		tw_buf_printf(out, " %s %s", sent ? "to" : "on",
			model->replicas[event->replica].name);
	if (sent || event->kind == TW_TAP_RETURNS)
		tw_buf_printf(out, " %s %s", sent ? "by" : "to",
			tw_model_caller_name(model, event->caller));
	if (event->status)
		tw_buf_printf(out, " %d", event->status);
}

void tw_tap_text(const struct tw_model *model, const struct tw_tap_event *event,
	struct tw_buf *out)
{
	tw_buf_printf(out, "%lld.%09llds", (long long)(event->at / TW_S),
		(long long)(event->at % TW_S));
	if (event->fault)
		tw_buf_printf(
			out, " fault %s %s", event->fault, phrase(event->kind));
	else if (event->replica == TW_NONE && event->node)
		about_node(event, out);
	else if (event->workload)
		about_job(event, out);
	else if (event->kind == TW_TAP_SCALER)
		tw_buf_printf(out, " %s %s %s: %s", event->object_kind,
			event->object, event->reason, event->cause);
	else if (event->kind == TW_TAP_RECOMMENDED)
		tw_buf_printf(
			out, " %s %s", event->object, phrase(event->kind));
	else if (event->kind == TW_TAP_CONTAINER)
		about_container(model, event, out);
	else if (event->kind == TW_TAP_SIZED)
		tw_buf_printf(out, " %s should have %d replicas",
			workload_of(model, event->replica), event->status);
	else if (event->kind == TW_TAP_ROLLED_OUT ||
		 event->kind == TW_TAP_DEADLINE)
		about_rollout(model, event, out);
	else if (event->endpoint == TW_NONE)
		about_replica(model, event, out);
	else
		about_call(model, event, out);
}
