/* Argo Rollouts' analysis and canary arithmetic, by the functions that a
 * gate's `argo:` judge calls. */
#include "tests/conformance/conformance.h"
#include "harness/judges/argo.h"
#include "harness/judges/argo_pods.h"

#include <stdlib.h>

static enum tw_argo_phase phase_of(const char *name)
{
	int i = TW_ARGO_FAILED;

	while (i > TW_ARGO_NONE && strcmp(tw_argo_phase_names[i], name))
		i--;
	return (enum tw_argo_phase)i;
}

static enum tw_argo_phase get_phase(const struct tw_yaml *map, const char *key)
{
	return phase_of(conformance_get_text(map, key, ""));
}

static void want_phase(
	struct conformance *c, const char *key, enum tw_argo_phase got)
{
	conformance_text(
		c, key, tw_yaml_get(c->want, key), tw_argo_phase_names[got]);
}

static void assess(struct conformance *c)
{
	struct tw_yaml *m = tw_yaml_get(c->in, "metric");
	struct tw_yaml *r = tw_yaml_get(c->in, "result");
	struct tw_argo_limits limits = {conformance_get_int(m, "count", 0),
		!tw_yaml_is_null(tw_yaml_get(m, "interval")),
		conformance_get_int(m, "failure_limit", 0),
		conformance_get_int(m, "inconclusive_limit", 0),
		conformance_get_int(m, "consecutive_error_limit", 4),
		conformance_get_int(m, "consecutive_success_limit", 0)};
	struct tw_argo_counts counts = {get_phase(r, "phase"),
		conformance_get_int(r, "count", 0),
		conformance_get_int(r, "successful", 0),
		conformance_get_int(r, "failed", 0),
		conformance_get_int(r, "inconclusive", 0),
		conformance_get_int(r, "consecutive_error", 0),
		conformance_get_int(r, "consecutive_success", 0),
		get_phase(r, "last_measurement")};

	want_phase(c, "phase",
		tw_argo_assess(&limits, &counts,
			conformance_get_bool(c->in, "terminating", false))
			.phase);
}

static enum tw_argo_truth truth(const struct tw_yaml *map, const char *key)
{
	const struct tw_yaml *node = tw_yaml_get(map, key);
	bool value;

	if (tw_yaml_is_null(node))
		return TW_ARGO_ABSENT;
	if (!tw_yaml_bool(node, &value))
		return TW_ARGO_BROKEN;
	return value ? TW_ARGO_TRUE : TW_ARGO_FALSE;
}

static void evaluate(struct conformance *c)
{
	want_phase(c, "phase",
		tw_argo_evaluate(
			truth(c->in, "success"), truth(c->in, "failure")));
}

static void worse(struct conformance *c)
{
	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_argo_is_worse(get_phase(c->in, "a"), get_phase(c->in, "b")));
}

static void worst(struct conformance *c)
{
	want_phase(c, "phase",
		tw_argo_worst(get_phase(c->in, "a"), get_phase(c->in, "b")));
}

static void terminating(struct conformance *c)
{
	struct tw_yaml *list = tw_yaml_get(c->in, "metrics");
	size_t n = tw_yaml_count(list);
	struct tw_argo_part *parts =
		tw_new_array(&c->arena, n + 1, struct tw_argo_part);

	for (size_t i = 0; i < n; i++)
		parts[i] = (struct tw_argo_part){
			get_phase(tw_yaml_item(list, i), "phase"),
			conformance_get_bool(
				tw_yaml_item(list, i), "dry_run", false)};
	conformance_bool(c, "value", tw_yaml_get(c->want, "value"),
		tw_argo_terminates(
			conformance_get_bool(c->in, "terminate", false),
			get_phase(c->in, "phase"), parts, n));
}

static void weight_to_replicas(struct conformance *c)
{
	conformance_int(c, "replicas", tw_yaml_get(c->want, "replicas"),
		tw_argo_weighted(conformance_get_int(c->in, "replicas", 0),
			conformance_get_int(c->in, "weight", 0),
			conformance_get_int(c->in, "max_weight", 100)));
}

static void want_pods(struct conformance *c, struct tw_argo_pods got)
{
	conformance_int(
		c, "canary", tw_yaml_get(c->want, "canary"), got.canary);
	conformance_int(
		c, "stable", tw_yaml_get(c->want, "stable"), got.stable);
}

/* A number, or a share of the replicas. */
static int64_t share(
	const struct tw_yaml *map, const char *key, int64_t replicas, bool up)
{
	const char *text = conformance_get_text(map, key, "0");
	size_t n = strlen(text);
	int64_t v = strtoll(text, NULL, 10);

	if (!n || text[n - 1] != '%')
		return v;
	return (replicas * v + (up ? 99 : 0)) / 100;
}

static void approximate(struct conformance *c)
{
	int64_t replicas = conformance_get_int(c->in, "replicas", 0);

	want_pods(c, tw_argo_approximate(replicas,
			     conformance_get_int(c->in, "weight", 0),
			     conformance_get_int(c->in, "max_weight", 100),
			     share(c->in, "max_surge", replicas, true)));
}

static struct tw_argo_set set_of(const struct tw_yaml *map, const char *key)
{
	struct tw_yaml *it = tw_yaml_get(map, key);

	return (struct tw_argo_set){conformance_get_int(it, "replicas", 0),
		conformance_get_int(it, "available", 0)};
}

static void basic(struct conformance *c)
{
	int64_t replicas = conformance_get_int(c->in, "replicas", 0);
	int64_t surge = share(c->in, "max_surge", replicas, true);
	int64_t unavailable = share(c->in, "max_unavailable", replicas, false);
	struct tw_yaml *older = tw_yaml_get(c->in, "older");

	if (!surge && !unavailable)
		unavailable = 1;
	want_pods(c, tw_argo_reconcile(replicas,
			     conformance_get_int(c->in, "weight", 0),
			     conformance_get_int(c->in, "max_weight", 100),
			     surge, unavailable, set_of(c->in, "stable"),
			     set_of(c->in, "canary"),
			     tw_yaml_is(older, TW_YAML_MAPPING)
				     ? conformance_get_int(older, "replicas", 0)
				     : conformance_get_int(c->in, "older", 0)));
}

static void routed(struct conformance *c)
{
	struct tw_yaml *scale = tw_yaml_get(c->in, "set_canary_scale");
	struct tw_argo_routing r = {
		.replicas = conformance_get_int(c->in, "replicas", 0),
		.step_weight = conformance_get_int(c->in, "step_weight", 0),
		.max_weight = conformance_get_int(c->in, "max_weight", 100),
		.promote_full =
			conformance_get_bool(c->in, "promote_full", false),
		.abort = conformance_get_bool(c->in, "abort", false),
		.abort_at_once = !conformance_get_int(
			c->in, "abort_scale_down_delay_s", -1),
		.min_pods = conformance_get_int(c->in, "min_pods", 0),
		.scale_replicas = conformance_get_int(scale, "replicas", -1),
		.scale_weight = conformance_get_int(scale, "weight", -1),
		.scale_matches = conformance_get_bool(
			scale, "match_traffic_weight", false)};

	want_pods(c, tw_argo_routed(&r));
}

const struct conformance_adapter conformance_argo[] = {
	{"argo-rollouts", "assess", assess},
	{"argo-rollouts", "evaluate", evaluate},
	{"argo-rollouts", "worse", worse},
	{"argo-rollouts", "worst", worst},
	{"argo-rollouts", "terminating", terminating},
	{"argo-rollouts", "weight_to_replicas", weight_to_replicas},
	{"argo-rollouts", "approximate", approximate},
	{"argo-rollouts", "basic", basic},
	{"argo-rollouts", "routed", routed},
	{NULL, NULL, NULL},
};
