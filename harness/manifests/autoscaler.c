/*
 * HorizontalPodAutoscalers: autoscaling/v2 (v2beta2 is alike), and v1 with
 * what it keeps of v2 in annotations. Defaults: pkg/apis/autoscaling/{v1,v2}/
 * defaults.go of Kubernetes 1.36.
 */
#include "harness/manifests/reader.h"

static const struct {
	const char *type, *member;
} sources[] = {
	[TW_HPA_RESOURCE] = {"Resource", "resource"},
	[TW_HPA_CONTAINER] = {"ContainerResource", "containerResource"},
	[TW_HPA_PODS] = {"Pods", "pods"},
	[TW_HPA_OBJECT] = {"Object", "object"},
	[TW_HPA_EXTERNAL] = {"External", "external"},
};

#define N_SOURCES (sizeof sources / sizeof *sources)

static enum tw_hpa_source source_of(const char *type)
{
	for (size_t i = 0; type && i < N_SOURCES; i++)
		if (!strcmp(sources[i].type, type))
			return (enum tw_hpa_source)i;
	return TW_HPA_UNKNOWN;
}

struct tw_spec_autoscaler *tw_manifest_scaler(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	struct tw_spec_autoscaler *to =
		tw_new(&r->spec->arena, struct tw_spec_autoscaler);

	to->key = tw_spec_key(r->spec, object->namespace, object->name);
	to->kind = tw_manifest_keep(r, object->kind);
	to->namespace = tw_manifest_keep(r, object->namespace);
	to->name = tw_manifest_keep(r, object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	tw_vec_push_in(&r->spec->arena, &r->spec->autoscalers, to);
	return to;
}

/* ---- metrics -------------------------------------------------------- */

/* A target that is no number above 0 is refused by the API server. */
static void read_percent(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_int *to)
{
	if (tw_manifest_int(r, node, 1, INT32_MAX, to))
		tw_yaml_use(node);
}

static void read_quantity(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_int *to)
{
	if (tw_manifest_quantity(r, node, true, to))
		tw_yaml_use(node);
}

/* {type, averageUtilization | averageValue | value}; v2beta1 had the last
 * three, and targetAverageUtilization, beside the name. */
static void read_target(struct tw_manifest_reader *r, struct tw_yaml *target,
	struct tw_spec_hpa_metric *to)
{
	read_percent(
		r, tw_yaml_get(target, "averageUtilization"), &to->utilization);
	read_quantity(
		r, tw_yaml_get(target, "averageValue"), &to->average_value);
	read_quantity(r, tw_yaml_get(target, "value"), &to->value);
	tw_yaml_use(tw_yaml_get(target, "type"));
}

static void read_object(struct tw_manifest_reader *r, struct tw_yaml *object,
	struct tw_spec_hpa_metric *to)
{
	const char *kind = tw_yaml_text(tw_yaml_get(object, "kind"));
	const char *name = tw_yaml_text(tw_yaml_get(object, "name"));

	if (!kind || !name) {
		tw_manifest_error(r, object,
			"an Object metric needs describedObject: {kind, "
			"name}");
		return;
	}
	tw_set_text(&to->object,
		tw_arena_printf(&r->spec->arena, "%s/%s", kind, name),
		tw_manifest_origin(r, object, NULL));
	tw_yaml_use_all(object);
}

static void check_target(struct tw_manifest_reader *r, struct tw_yaml *body,
	const struct tw_spec_hpa_metric *it)
{
	struct tw_yaml *target = tw_yaml_get(body, "target");
	struct tw_diag *d;

	if (it->utilization.origin || it->average_value.origin ||
		it->value.origin)
		return;
	d = tw_manifest_error(
		r, target ? target : body, "this metric has no target");
	d->hint = "target: {type: Utilization, averageUtilization: 70}, or "
		  "averageValue or value";
}

static void read_metric(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_autoscaler *to)
{
	struct tw_yaml *type = tw_yaml_get(node, "type"), *body, *named;
	struct tw_spec_hpa_metric it = {.source = source_of(tw_yaml_text(type)),
		.origin = tw_manifest_origin(r, node, NULL)};
	struct tw_diag *d;

	if (it.source == TW_HPA_UNKNOWN) {
		d = tw_manifest_error(r, type ? type : node,
			"'%s' is no type of metric",
			tw_yaml_text(type) ? tw_yaml_text(type) : "");
		d->hint = "Resource, ContainerResource, Pods, Object or "
			  "External";
		return;
	}
	body = tw_yaml_get(node, sources[it.source].member);
	if (!tw_yaml_is(body, TW_YAML_MAPPING)) {
		tw_manifest_error(
			r, node, "'%s' is missing", sources[it.source].member);
		return;
	}
	tw_yaml_use(type);
	named = tw_yaml_get(body, "metric");
	if (tw_manifest_text(
		    r, tw_yaml_get(named ? named : body, "name"), &it.name))
		tw_yaml_use(tw_yaml_get(named ? named : body, "name"));
	if (tw_manifest_text(r, tw_yaml_get(body, "container"), &it.container))
		tw_yaml_use(tw_yaml_get(body, "container"));
	if (it.source == TW_HPA_OBJECT)
		read_object(r, tw_yaml_get(body, "describedObject"), &it);
	read_target(r, tw_yaml_get(body, "target"), &it);
	check_target(r, body, &it);
	tw_vec_push_in(&r->spec->arena, &to->metrics, it);
}

/* ---- behaviour ------------------------------------------------------ */

static void read_policies(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_spec_hpa_rules *to)
{
	if (!tw_yaml_is(list, TW_YAML_SEQUENCE))
		return;
	to->has_policies = true;
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_spec_hpa_policy policy = {0};

		tw_manifest_text(r, tw_yaml_get(it, "type"), &policy.type);
		tw_manifest_int(r, tw_yaml_get(it, "value"), 1, INT32_MAX,
			&policy.value);
		/* At most half an hour (validation.go). */
		if (tw_manifest_seconds(r, tw_yaml_get(it, "periodSeconds"), 1,
			    &policy.period) &&
			policy.period.v > 1800 * TW_S)
			tw_manifest_error(r, tw_yaml_get(it, "periodSeconds"),
				"more than 1800 seconds");
		if (!policy.type.v || (strcmp(policy.type.v, "Pods") &&
					      strcmp(policy.type.v, "Percent")))
			tw_manifest_error(
				r, it, "a policy is of type Pods or Percent");
		else
			tw_vec_push_in(&r->spec->arena, &to->policies, policy);
	}
	tw_yaml_use_all(list);
}

static void read_rules(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_hpa_rules *to)
{
	struct tw_yaml *select = tw_yaml_get(node, "selectPolicy");
	struct tw_yaml *window =
		tw_yaml_get(node, "stabilizationWindowSeconds");
	struct tw_yaml *tolerance = tw_yaml_get(node, "tolerance");
	struct tw_int slack = {0};

	if (tw_manifest_text(r, select, &to->select)) {
		tw_yaml_use(select);
		if (strcmp(to->select.v, "Max") &&
			strcmp(to->select.v, "Min") &&
			strcmp(to->select.v, "Disabled"))
			tw_manifest_error(
				r, select, "expected Max, Min or Disabled");
	}
	if (tw_manifest_seconds(r, window, 0, &to->window)) {
		tw_yaml_use(window);
		if (to->window.v > 3600 * TW_S)
			tw_manifest_error(r, window, "more than 3600 seconds");
	}
	if (tw_manifest_quantity(r, tolerance, true, &slack) &&
		tw_set_real(
			&to->tolerance, (double)slack.v / 1000, slack.origin))
		tw_yaml_use(tolerance);
	read_policies(r, tw_yaml_get(node, "policies"), to);
}

void tw_manifest_behavior(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_autoscaler *to)
{
	if (tw_yaml_is_null(node))
		return;
	to->has_behavior = true;
	tw_yaml_use(node);
	read_rules(r, tw_yaml_get(node, "scaleUp"), &to->up);
	read_rules(r, tw_yaml_get(node, "scaleDown"), &to->down);
}

/* ---- the object ----------------------------------------------------- */

static void read_scale_target(struct tw_manifest_reader *r, struct tw_yaml *ref,
	struct tw_spec_autoscaler *to)
{
	tw_manifest_text(r, tw_yaml_get(ref, "kind"), &to->target_kind);
	if (!tw_manifest_text(r, tw_yaml_get(ref, "name"), &to->target_name))
		tw_manifest_error(r, ref, "'scaleTargetRef.name' is missing");
	tw_yaml_use(tw_yaml_get(ref, "kind"));
	tw_yaml_use(tw_yaml_get(ref, "name"));
}

/* Utilization of the CPU: v1's only metric, and v2's where it has none. */
static void add_cpu(struct tw_manifest_reader *r, struct tw_yaml *percent,
	struct tw_spec_autoscaler *to)
{
	struct tw_spec_hpa_metric it = {.source = TW_HPA_RESOURCE,
		.origin = tw_manifest_origin(r, percent, NULL)};

	tw_set_text(&it.name, "cpu", it.origin);
	if (tw_manifest_int(r, percent, 1, INT32_MAX, &it.utilization))
		tw_yaml_use(percent);
	else
		tw_set_int(&it.utilization, TW_HPA_CPU_UTILIZATION, it.origin);
	tw_vec_push_in(&r->spec->arena, &to->metrics, it);
}

void tw_read_autoscaler(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *list = tw_yaml_get(spec, "metrics");
	struct tw_yaml *min = tw_yaml_get(spec, "minReplicas");
	struct tw_yaml *max = tw_yaml_get(spec, "maxReplicas");
	struct tw_yaml *percent =
		tw_yaml_get(spec, "targetCPUUtilizationPercentage");
	struct tw_spec_autoscaler *to;

	if (!tw_yaml_is(spec, TW_YAML_MAPPING)) {
		tw_manifest_error(r, spec, "'spec' is missing");
		return;
	}
	to = tw_manifest_scaler(r);
	read_scale_target(r, tw_yaml_get(spec, "scaleTargetRef"), to);
	if (tw_manifest_int(r, min, 0, INT32_MAX, &to->min))
		tw_yaml_use(min);
	if (tw_manifest_int(r, max, 1, INT32_MAX, &to->max))
		tw_yaml_use(max);
	else if (tw_yaml_is_null(max))
		tw_manifest_error(r, spec, "'spec.maxReplicas' is missing");
	if (to->max.origin && to->max.v < tw_int_or(to->min, 1))
		tw_manifest_error(r, max,
			"maxReplicas %lld is less than minReplicas %lld",
			(long long)to->max.v, (long long)tw_int_or(to->min, 1));
	for (size_t i = 0; i < tw_yaml_count(list); i++)
		read_metric(r, tw_yaml_item(list, i), to);
	if (!tw_yaml_count(list))
		add_cpu(r, percent, to);
	tw_manifest_behavior(r, tw_yaml_get(spec, "behavior"), to);
}
