#include "twins/cluster/hpa.h"

#include "twins/base/assert.h"

#include <string.h>

void tw_hpa_state_release(struct tw_hpa_state *state)
{
	tw_vec_release(&state->recommendations);
	tw_vec_release(&state->history.up);
	tw_vec_release(&state->history.down);
}

/* ---- words ---------------------------------------------------------- */

static bool is_resource(const struct tw_hpa_reading *reading)
{
	return reading->source == TW_HPA_RESOURCE ||
	       reading->source == TW_HPA_CONTAINER;
}

void tw_hpa_metric_name(const struct tw_hpa_reading *reading, struct tw_buf *to)
{
	const char *name = reading->name ? reading->name : "";
	const char *container =
		reading->source == TW_HPA_CONTAINER ? " container" : "";

	switch (reading->source) {
	case TW_HPA_RESOURCE:
	case TW_HPA_CONTAINER:
		if (reading->type == TW_HPA_UTILIZATION)
			tw_buf_printf(to,
				"%s%s resource utilization (percentage of "
				"request)",
				name, container);
		else
			tw_buf_printf(to, "%s%s resource", name, container);
		break;
	case TW_HPA_PODS:
		tw_buf_printf(to, "pods metric %s", name);
		break;
	case TW_HPA_OBJECT:
		tw_buf_printf(to, "%s metric %s",
			reading->object ? reading->object : "", name);
		break;
	case TW_HPA_EXTERNAL:
	case TW_HPA_UNKNOWN:
		tw_buf_printf(to, "external metric %s", name);
		break;
	}
}

void tw_hpa_message(const struct tw_hpa_decision *decision,
	const struct tw_hpa_reading *readings, int64_t was, struct tw_buf *to)
{
	tw_buf_printf(
		to, "New size: %lld; reason: ", (long long)decision->replicas);
	if (decision->why) {
		tw_buf_printf(to, "%s", decision->why);
	} else if (decision->proposed < was || decision->metric < 0) {
		tw_buf_printf(to, "All metrics below target");
	} else {
		tw_hpa_metric_name(&readings[decision->metric], to);
		tw_buf_printf(to, " above target");
	}
}

const char *tw_hpa_failure_reason(
	const struct tw_hpa_reading *reading, enum tw_hpa_error error)
{
	static const char *const of[] = {
		[TW_HPA_RESOURCE] = "FailedGetResourceMetric",
		[TW_HPA_CONTAINER] = "FailedGetContainerResourceMetric",
		[TW_HPA_PODS] = "FailedGetPodsMetric",
		[TW_HPA_OBJECT] = "FailedGetObjectMetric",
		[TW_HPA_EXTERNAL] = "FailedGetExternalMetric",
		[TW_HPA_UNKNOWN] = "InvalidMetricSourceType",
	};

	return error == TW_HPA_BAD_TYPE ? of[TW_HPA_UNKNOWN]
					: of[reading->source];
}

const char *tw_hpa_error_text(enum tw_hpa_error error)
{
	switch (error) {
	case TW_HPA_OK:
		break;
	case TW_HPA_NO_METRICS:
		return "no metrics returned";
	case TW_HPA_NO_USABLE_METRICS:
		return "did not receive metrics for targeted pods (pods might "
		       "be unready)";
	case TW_HPA_NO_KNOWN_PODS:
		return "no metrics returned matched known pods";
	case TW_HPA_NO_REQUEST:
		return "missing request";
	case TW_HPA_NO_PODS:
		return "no pods returned by selector while calculating "
		       "replica count";
	case TW_HPA_BAD_TYPE:
		return "unknown metric source type";
	}
	return "";
}

/* ---- metrics -------------------------------------------------------- */

static void ask_one(const struct tw_hpa_rule *rule,
	const struct tw_hpa_reading *reading, const struct tw_hpa_view *view,
	struct tw_hpa_answer *to)
{
	const struct tw_hpa_ask ask = {.source = reading->source,
		.type = reading->type,
		.target = reading->target,
		.cpu = is_resource(reading) && reading->name &&
		       !strcmp(reading->name, "cpu"),
		.tolerance = rule->tolerance,
		.timing = rule->timing,
		.current = view->spec_replicas,
		.status = view->status_replicas,
		.pods = reading->pods,
		.n_pods = reading->n_pods,
		.values = reading->values,
		.n_values = reading->n_values,
		.now = view->now};

	tw_hpa_replicas(&ask, to);
}

/* The largest proposal. False: what cannot be read forbids a decision, which
 * it does where nothing can be, or where the others would scale down. */
static bool ask_all(const struct tw_hpa_rule *rule,
	const struct tw_hpa_view *view, struct tw_hpa_decision *to)
{
	int64_t replicas = 0;

	for (size_t i = 0; i < view->n; i++) {
		struct tw_hpa_answer answer;

		ask_one(rule, &view->readings[i], view, &answer);
		if (answer.error) {
			if (!to->invalid++) {
				to->first_invalid = (int64_t)i;
				to->error = answer.error;
			}
		} else if (!replicas || answer.replicas > replicas) {
			replicas = answer.replicas;
			to->metric = (int64_t)i;
			to->answer = answer;
		}
	}
	if (to->invalid >= (int64_t)view->n ||
		(to->invalid && replicas < view->spec_replicas)) {
		to->active.reason = tw_hpa_failure_reason(
			&view->readings[to->first_invalid], to->error);
		return false;
	}
	to->proposed = replicas;
	to->active = (struct tw_hpa_condition){true, "ValidMetricFound"};
	return true;
}

/* ---- the decision --------------------------------------------------- */

static void normalise(const struct tw_hpa_rule *rule, int64_t current,
	tw_time now, struct tw_hpa_state *state, struct tw_hpa_decision *to)
{
	int64_t steady;

	to->able = (struct tw_hpa_condition){true, "ReadyForNewScale"};
	if (!rule->up) {
		steady = tw_hpa_stabilize(&state->recommendations,
			rule->downscale, to->proposed, now);
		if (steady != to->proposed)
			to->able.reason = "ScaleDownStabilized";
		to->replicas = tw_hpa_limit_default(
			current, steady, rule->min, rule->max, &to->limit);
	} else {
		const struct tw_hpa_bounds bounds = {
			rule->up, rule->down, rule->min, rule->max};

		steady = tw_hpa_stabilize_both(&state->recommendations,
			rule->up->window, rule->down->window, current,
			to->proposed, now);
		if (steady != to->proposed)
			to->able.reason = to->proposed >= current
						  ? "ScaleUpStabilized"
						  : "ScaleDownStabilized";
		to->replicas = tw_hpa_limit_rate(&bounds, &state->history,
			current, steady, now, &to->limit);
	}
	to->limited = (struct tw_hpa_condition){
		to->replicas != steady, tw_hpa_limit_reason(to->limit)};
}

static void log_change(const struct tw_hpa_rule *rule, int64_t from, int64_t to,
	tw_time now, struct tw_hpa_state *state)
{
	if (!rule->up)
		return;
	if (to > from)
		tw_hpa_log_change(&state->history.up, rule->up, to - from, now);
	else
		tw_hpa_log_change(
			&state->history.down, rule->down, from - to, now);
}

void tw_hpa_sync(const struct tw_hpa_rule *rule, const struct tw_hpa_view *view,
	struct tw_hpa_state *state, struct tw_hpa_decision *to)
{
	int64_t spec_replicas = view->spec_replicas;
	tw_time now = view->now;

	*to = (struct tw_hpa_decision){.replicas = spec_replicas,
		.proposed = -1,
		.metric = -1,
		.first_invalid = -1,
		.able = {true, "SucceededGetScale"}};
	tw_assert(view->n);
	if (!state->begun)
		tw_vec_push(&state->recommendations,
			((struct tw_hpa_recommendation){now, spec_replicas}));
	state->begun = true;
	if (!spec_replicas && rule->min) {
		to->active.reason = "ScalingDisabled";
		return;
	}
	if (spec_replicas > rule->max) {
		to->why = "Current number of replicas above Spec.MaxReplicas";
		to->replicas = rule->max;
	} else if (spec_replicas < rule->min) {
		to->why = "Current number of replicas below Spec.MinReplicas";
		to->replicas = rule->min;
	} else if (!ask_all(rule, view, to)) {
		return;
	} else {
		normalise(rule, spec_replicas, now, state, to);
	}
	to->rescale = to->replicas != spec_replicas;
	if (!to->rescale)
		return;
	to->able.reason = "SucceededRescale";
	log_change(rule, spec_replicas, to->replicas, now, state);
}
