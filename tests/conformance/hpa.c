/*
 * The HorizontalPodAutoscaler: its arithmetic, and whole reconciliations.
 * Times of the cases are seconds from the moment of evaluation, 0 here.
 */
#include "tests/conformance/hpa.h"

/* ---- one metric ----------------------------------------------------- */

static void set_metric(const struct tw_yaml *metric, struct tw_hpa_ask *to)
{
	const char *type = conformance_get_text(metric, "type", "");
	bool per_pod = strstr(type, "_per_pod");

	to->target = conformance_get_int(metric, "target",
		conformance_get_int(metric, "target_value", 0));
	to->type = per_pod ? TW_HPA_AVERAGE_VALUE : TW_HPA_VALUE;
	if (!strcmp(type, "resource")) {
		to->source = hpa_given(metric, "container") ? TW_HPA_CONTAINER
							    : TW_HPA_RESOURCE;
		to->cpu = hpa_text_is(metric, "resource", "cpu");
		to->type = TW_HPA_AVERAGE_VALUE;
		if (hpa_given(metric, "target_utilization")) {
			to->type = TW_HPA_UTILIZATION;
			to->target = conformance_get_int(
				metric, "target_utilization", 0);
		}
	} else if (!strcmp(type, "pods")) {
		to->source = TW_HPA_PODS;
		to->type = TW_HPA_AVERAGE_VALUE;
	} else if (!strncmp(type, "object", 6)) {
		to->source = TW_HPA_OBJECT;
	} else if (!strncmp(type, "external", 8)) {
		to->source = TW_HPA_EXTERNAL;
	} else {
		to->source = TW_HPA_UNKNOWN;
	}
}

static const char *error_name(enum tw_hpa_error error)
{
	static const char *const names[] = {
		[TW_HPA_OK] = NULL,
		[TW_HPA_NO_METRICS] = "no-metrics",
		[TW_HPA_NO_USABLE_METRICS] = "no-usable-metrics",
		[TW_HPA_NO_KNOWN_PODS] = "no-metrics-for-known-pods",
		[TW_HPA_NO_REQUEST] = "missing-request",
		[TW_HPA_NO_PODS] = "no-pods",
		[TW_HPA_BAD_TYPE] = "invalid-type",
	};

	return names[error];
}

static void replicas(struct conformance *c)
{
	const struct tw_yaml *metric = tw_yaml_get(c->in, "metric");
	const struct tw_yaml *tolerance = tw_yaml_get(c->in, "tolerance");
	struct tw_hpa_ask ask = {
		.tolerance = {conformance_get_real(tolerance, "up", 0.1),
			conformance_get_real(tolerance, "down", 0.1), false},
		.timing = hpa_timing(c->in),
		.current = conformance_get_int(c->in, "current_replicas", 0)};
	struct tw_hpa_answer got;

	ask.status = ask.current;
	set_metric(metric, &ask);
	ask.pods = hpa_pods(c, conformance_get_text(metric, "container", NULL),
		&ask.n_pods);
	ask.values = hpa_values(c, &ask.n_values);
	tw_hpa_replicas(&ask, &got);
	conformance_text(c, "error", tw_yaml_get(c->want, "error"),
		error_name(got.error));
	if (got.error && !hpa_given(c->want, "error"))
		conformance_differs(c, "error: %s", error_name(got.error));
	if (got.error)
		return;
	conformance_int(
		c, "replicas", tw_yaml_get(c->want, "replicas"), got.replicas);
	conformance_int(c, "utilization", tw_yaml_get(c->want, "utilization"),
		got.utilization);
	conformance_int(
		c, "raw_value", tw_yaml_get(c->want, "raw_value"), got.value);
	conformance_int(c, "usage", tw_yaml_get(c->want, "usage"), got.value);
}

/* In the list of that name, if and only if the pod is in that group. */
static void expect_group(
	struct conformance *c, const char *list, const char *pod, bool is)
{
	const struct tw_yaml *names = tw_yaml_get(c->want, list);
	bool listed = false;

	for (size_t i = 0; i < tw_yaml_count(names); i++)
		listed |= !strcmp(tw_yaml_text(tw_yaml_item(names, i)), pod);
	if (listed != is)
		conformance_differs(
			c, "%s: %s is %sin it", list, pod, is ? "" : "not ");
}

static void group_pods(struct conformance *c)
{
	const struct tw_yaml *list = tw_yaml_get(c->in, "pods");
	const struct tw_hpa_timing timing = hpa_timing(c->in);
	bool cpu = hpa_text_is(c->in, "resource", "cpu");
	int64_t ready = 0;
	size_t n;
	const struct tw_hpa_pod *pods = hpa_pods(c, NULL, &n);

	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const char *name =
			conformance_get_text(tw_yaml_item(list, i), "name", "");
		enum tw_hpa_group group =
			tw_hpa_group_of(&pods[i], cpu, &timing, 0);

		ready += group == TW_HPA_READY;
		expect_group(c, "unready", name, group == TW_HPA_UNREADY);
		expect_group(c, "missing", name, group == TW_HPA_MISSING);
		expect_group(c, "ignored", name, group == TW_HPA_IGNORED);
	}
	conformance_int(
		c, "ready_count", tw_yaml_get(c->want, "ready_count"), ready);
}

static void requests(struct conformance *c)
{
	const struct tw_yaml *pods = tw_yaml_get(c->in, "pods");
	const struct tw_yaml *want = tw_yaml_get(c->want, "requests");
	bool failed = false;

	for (size_t i = 0; i < tw_yaml_count(pods); i++) {
		const struct tw_yaml *pod = tw_yaml_item(pods, i);
		const char *name = conformance_get_text(pod, "name", "");
		int64_t got;

		if (hpa_request_of(c, pod,
			    conformance_get_text(c->in, "resource", "cpu"),
			    conformance_get_text(c->in, "container", NULL),
			    conformance_get_bool(
				    c->in, "pod_level_enabled", false),
			    &got))
			conformance_int(c, name, tw_yaml_get(want, name), got);
		else
			failed = true;
	}
	if (failed != hpa_given(c->want, "error"))
		conformance_differs(
			c, "error: %s", failed ? "missing-request" : "none");
}

/* ---- limits and windows --------------------------------------------- */

static void changes_of(const struct tw_yaml *list, struct tw_hpa_changes *to)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		tw_vec_push(to,
			((struct tw_hpa_change){-hpa_seconds(it, "age_s"),
				conformance_get_int(it, "change", 0), false}));
	}
}

static void limit_default(struct conformance *c)
{
	enum tw_hpa_limit limit;
	int64_t got = tw_hpa_limit_default(
		conformance_get_int(c->in, "current_replicas", 0),
		conformance_get_int(c->in, "desired_replicas", 0),
		conformance_get_int(c->in, "min_replicas", 1),
		conformance_get_int(c->in, "max_replicas", 0), &limit);

	conformance_int(c, "replicas", tw_yaml_get(c->want, "replicas"), got);
	conformance_text(c, "reason", tw_yaml_get(c->want, "reason"),
		tw_hpa_limit_reason(limit));
}

static void limit_behavior(struct conformance *c)
{
	struct hpa_rules up, down;
	struct tw_hpa_history history = {0};
	const struct tw_hpa_bounds bounds = {
		hpa_rules(tw_yaml_get(c->in, "up"), true, &up),
		hpa_rules(tw_yaml_get(c->in, "down"), false, &down),
		conformance_get_int(c->in, "min_replicas", 1),
		conformance_get_int(c->in, "max_replicas", 0)};
	enum tw_hpa_limit limit;
	int64_t got;

	changes_of(tw_yaml_get(c->in, "up_events"), &history.up);
	changes_of(tw_yaml_get(c->in, "down_events"), &history.down);
	got = tw_hpa_limit_rate(&bounds, &history,
		conformance_get_int(c->in, "current_replicas", 0),
		conformance_get_int(c->in, "desired_replicas", 0), 0, &limit);
	conformance_int(c, "replicas", tw_yaml_get(c->want, "replicas"), got);
	conformance_text(c, "reason", tw_yaml_get(c->want, "reason"),
		tw_hpa_limit_reason(limit));
	tw_vec_release(&history.up);
	tw_vec_release(&history.down);
}

static void stabilize_default(struct conformance *c)
{
	struct tw_hpa_recommendations log = {0};

	hpa_recommendations(tw_yaml_get(c->in, "recommendations"), &log);
	conformance_int(c, "replicas", tw_yaml_get(c->want, "replicas"),
		tw_hpa_stabilize(&log, hpa_seconds(c->in, "window_s"),
			conformance_get_int(c->in, "desired_replicas", 0), 0));
	conformance_int(c, "log_length", tw_yaml_get(c->want, "log_length"),
		(int64_t)log.n);
	tw_vec_release(&log);
}

static void stabilize_behavior(struct conformance *c)
{
	const struct tw_yaml *want = tw_yaml_get(c->want, "log");
	struct tw_hpa_recommendations log = {0};

	hpa_recommendations(tw_yaml_get(c->in, "recommendations"), &log);
	conformance_int(c, "replicas", tw_yaml_get(c->want, "replicas"),
		tw_hpa_stabilize_both(&log, hpa_seconds(c->in, "up_window_s"),
			hpa_seconds(c->in, "down_window_s"),
			conformance_get_int(c->in, "current_replicas", 0),
			conformance_get_int(c->in, "desired_replicas", 0), 0));
	if (want && tw_yaml_count(want) != log.n)
		conformance_differs(c, "log: %zu entries", log.n);
	for (size_t i = 0; want && i < log.n && i < tw_yaml_count(want); i++)
		conformance_int(
			c, "log", tw_yaml_item(want, i), log.v[i].replicas);
	tw_vec_release(&log);
}

static void store_event(struct conformance *c)
{
	const struct tw_yaml *rules = tw_yaml_get(c->in, "rules");
	const struct tw_yaml *want = tw_yaml_get(c->want, "events");
	struct tw_hpa_changes changes = {0};
	struct hpa_rules space;

	changes_of(tw_yaml_get(c->in, "events"), &changes);
	conformance_int(c, "change_in_60s",
		tw_yaml_get(c->want, "change_in_60s"),
		tw_hpa_changed(&changes, 60 * TW_S, 0));
	if (rules && !tw_yaml_is_null(rules))
		tw_hpa_log_change(&changes, hpa_rules(rules, true, &space),
			conformance_get_int(c->in, "change", 0), 0);
	if (want && tw_yaml_count(want) != changes.n)
		conformance_differs(c, "events: %zu entries", changes.n);
	for (size_t i = 0; i < changes.n && i < tw_yaml_count(want); i++) {
		const struct tw_yaml *it = tw_yaml_item(want, i);

		conformance_int(c, "change", tw_yaml_get(it, "change"),
			changes.v[i].replicas);
		conformance_bool(c, "outdated", tw_yaml_get(it, "outdated"),
			changes.v[i].outdated);
	}
	tw_vec_release(&changes);
}

const struct conformance_adapter conformance_hpa[] = {
	{"hpa", "replicas", replicas},
	{"hpa", "group_pods", group_pods},
	{"hpa", "requests", requests},
	{"hpa", "limit_default", limit_default},
	{"hpa", "limit_behavior", limit_behavior},
	{"hpa", "stabilize_default", stabilize_default},
	{"hpa", "stabilize_behavior", stabilize_behavior},
	{"hpa", "store_event", store_event},
	{NULL, NULL, NULL},
};
