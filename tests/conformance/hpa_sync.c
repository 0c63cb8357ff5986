/* Whole reconciliations of an autoscaler. */
#include "tests/conformance/hpa.h"

static enum tw_hpa_source source_of(const char *type)
{
	static const struct {
		const char *name;
		enum tw_hpa_source source;
	} all[] = {
		{"Resource", TW_HPA_RESOURCE},
		{"ContainerResource", TW_HPA_CONTAINER},
		{"Pods", TW_HPA_PODS},
		{"Object", TW_HPA_OBJECT},
		{"External", TW_HPA_EXTERNAL},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i].name, type))
			return all[i].source;
	return TW_HPA_UNKNOWN;
}

static const char *member(enum tw_hpa_source source)
{
	static const char *const names[] = {"resource", "containerResource",
		"pods", "object", "external", "-"};

	return names[source];
}

static int64_t quantity(const struct tw_yaml *map, const char *key)
{
	int64_t v = 0;

	tw_parse_quantity(tw_yaml_str(tw_yaml_get(map, key)), &v);
	return v;
}

static void set_target(const struct tw_yaml *target, struct tw_hpa_reading *to)
{
	if (hpa_given(target, "averageUtilization")) {
		to->type = TW_HPA_UTILIZATION;
		to->target =
			conformance_get_int(target, "averageUtilization", 0);
	} else if (hpa_given(target, "averageValue")) {
		to->type = TW_HPA_AVERAGE_VALUE;
		to->target = quantity(target, "averageValue");
	} else {
		to->type = TW_HPA_VALUE;
		to->target = quantity(target, "value");
	}
}

/* The i-th value of a pods metric is that of pod p<i>. */
static void set_values(struct conformance *c, struct tw_hpa_reading *to,
	struct tw_hpa_pod *pods, size_t n_pods)
{
	to->values = hpa_values(c, &to->n_values);
	if (to->source == TW_HPA_OBJECT && to->n_values > 1)
		to->n_values = 1;
	if (to->source != TW_HPA_PODS)
		return;
	for (size_t i = 0; i < n_pods; i++) {
		pods[i].has_sample = i < to->n_values;
		if (pods[i].has_sample)
			pods[i].value = to->values[i];
	}
}

static void reading_of(struct conformance *c, const struct tw_yaml *metric,
	struct tw_hpa_reading *to)
{
	const struct tw_yaml *body, *named;
	struct tw_hpa_pod *pods;

	*to = (struct tw_hpa_reading){
		.source = source_of(conformance_get_text(metric, "type", ""))};
	body = tw_yaml_get(metric, member(to->source));
	named = tw_yaml_get(body, "metric");
	to->name = conformance_get_text(named ? named : body, "name", NULL);
	set_target(tw_yaml_get(body, "target"), to);
	pods = hpa_pods(
		c, conformance_get_text(body, "container", NULL), &to->n_pods);
	set_values(c, to, pods, to->n_pods);
	to->pods = pods;
}

static void sync(struct conformance *c)
{
	const struct tw_yaml *metrics = tw_yaml_get(c->in, "metrics");
	const struct tw_yaml *behavior = tw_yaml_get(c->in, "behavior");
	size_t n = tw_yaml_count(metrics);
	struct tw_hpa_reading *readings =
		tw_new_array(&c->arena, n + 1, struct tw_hpa_reading);
	struct tw_hpa_state state = {
		.begun = hpa_given(c->in, "recommendations")};
	struct hpa_rules up, down;
	struct tw_hpa_rule rule = {
		.min = conformance_get_int(c->in, "min_replicas", 1),
		.max = conformance_get_int(c->in, "max_replicas", 0),
		.tolerance = {TW_HPA_TOLERANCE, TW_HPA_TOLERANCE, false},
		.timing = hpa_timing(c->in),
		.downscale = TW_HPA_DOWNSCALE};
	struct tw_hpa_decision got;

	if (!tw_yaml_is_null(behavior)) {
		rule.up = hpa_rules(tw_yaml_get(behavior, "up"), true, &up);
		rule.down =
			hpa_rules(tw_yaml_get(behavior, "down"), false, &down);
	}
	for (size_t i = 0; i < n; i++)
		reading_of(c, tw_yaml_item(metrics, i), &readings[i]);
	hpa_recommendations(
		tw_yaml_get(c->in, "recommendations"), &state.recommendations);
	tw_hpa_sync(&rule,
		&(struct tw_hpa_view){.readings = readings,
			.n = n,
			.spec_replicas =
				conformance_get_int(c->in, "spec_replicas", 0),
			.status_replicas = conformance_get_int(
				c->in, "status_replicas", 0)},
		&state, &got);
	conformance_int(
		c, "replicas", tw_yaml_get(c->want, "replicas"), got.replicas);
	tw_hpa_state_release(&state);
}

const struct conformance_adapter conformance_hpa_sync[] = {
	{"hpa-sync", "sync", sync},
	{NULL, NULL, NULL},
};
