/*
 * KEDA's ScaledObject: an autoscaler whose triggers are metrics. The operator
 * itself wakes the target from 0 and puts it to sleep again; in between a
 * HorizontalPodAutoscaler scales by external metrics (keda.sh/docs/2.17,
 * "ScaledObject specification" and "Scaling Deployments, StatefulSets &
 * Custom Resources"). A trigger's metric is called `s0-prometheus` (its place
 * and its type), or by its `name`; a twin model says what it is (`metrics:`).
 */
#include "harness/manifests/reader.h"

/* The key that holds the target, a trigger type; of others the first of these
 * that is there. */
static const char *const targets[] = {"threshold", "value", "queueLength",
	"lagThreshold", "listLength", "targetValue", "targetQueryValue",
	"metricValue", "desiredReplicas", "messageCount"};
static const char *const activations[] = {"activationThreshold",
	"activationValue", "activationQueueLength", "activationLagThreshold",
	"activationListLength", "activationTargetValue",
	"activationMessageCount"};

static struct tw_yaml *first_of(
	struct tw_yaml *map, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tw_yaml_get(map, keys[i]))
			return tw_yaml_get(map, keys[i]);
	return NULL;
}

static void read_resource(struct tw_manifest_reader *r, struct tw_yaml *trigger,
	struct tw_yaml *target, const char *type, struct tw_spec_hpa_metric *to)
{
	struct tw_yaml *metadata = tw_yaml_get(trigger, "metadata");
	struct tw_yaml *kind = tw_yaml_get(trigger, "metricType");
	struct tw_yaml *container = tw_yaml_get(metadata, "containerName");

	if (!kind)
		kind = tw_yaml_get(metadata, "type");
	tw_yaml_use(kind);
	to->source = TW_HPA_RESOURCE;
	tw_set_text(&to->name, tw_manifest_keep(r, type), to->origin);
	if (tw_manifest_text(r, container, &to->container)) {
		to->source = TW_HPA_CONTAINER;
		tw_yaml_use(container);
	}
	if (tw_yaml_text(kind) && !strcmp(tw_yaml_text(kind), "AverageValue"))
		tw_manifest_quantity(r, target, true, &to->average_value);
	else
		tw_manifest_int(r, target, 1, INT32_MAX, &to->utilization);
}

static void read_external(struct tw_manifest_reader *r, struct tw_yaml *trigger,
	struct tw_yaml *target, const char *type, size_t i,
	struct tw_spec_hpa_metric *to)
{
	struct tw_yaml *metadata = tw_yaml_get(trigger, "metadata");
	struct tw_yaml *kind = tw_yaml_get(trigger, "metricType");
	struct tw_yaml *activation = first_of(metadata, activations,
		sizeof activations / sizeof *activations);
	struct tw_yaml *name = tw_yaml_get(trigger, "name");
	bool is_value =
		tw_yaml_text(kind) && !strcmp(tw_yaml_text(kind), "Value");

	to->source = TW_HPA_EXTERNAL;
	tw_yaml_use(kind);
	if (tw_manifest_text(r, name, &to->name))
		tw_yaml_use(name);
	else
		tw_set_text(&to->name,
			tw_arena_printf(&r->spec->arena, "s%zu-%s", i, type),
			to->origin);
	tw_manifest_quantity(
		r, target, true, is_value ? &to->value : &to->average_value);
	if (tw_manifest_quantity(r, activation, true, &to->activation))
		tw_yaml_use(activation);
}

static void read_trigger(struct tw_manifest_reader *r, struct tw_yaml *trigger,
	size_t i, struct tw_spec_autoscaler *to)
{
	const char *type = tw_yaml_text(tw_yaml_get(trigger, "type"));
	struct tw_yaml *target = first_of(tw_yaml_get(trigger, "metadata"),
		targets, sizeof targets / sizeof *targets);
	struct tw_spec_hpa_metric it = {
		.origin = tw_manifest_origin(r, trigger, NULL)};
	struct tw_diag *d;

	if (!type) {
		tw_manifest_error(r, trigger, "this trigger has no 'type'");
		return;
	}
	tw_yaml_use(tw_yaml_get(trigger, "type"));
	if (!target) {
		d = tw_manifest_note(r, trigger,
			"the twin finds no target in this %s trigger: it is "
			"left out",
			type);
		d->rule = "autoscaler-trigger";
		return;
	}
	tw_yaml_use(target);
	if (!strcmp(type, "cpu") || !strcmp(type, "memory"))
		read_resource(r, trigger, target, type, &it);
	else
		read_external(r, trigger, target, type, i, &it);
	tw_vec_push_in(&r->spec->arena, &to->metrics, it);
}

static void read_seconds(
	struct tw_manifest_reader *r, struct tw_yaml *node, struct tw_int *to)
{
	if (tw_manifest_seconds(r, node, 0, to))
		tw_yaml_use(node);
}

static void read_count(struct tw_manifest_reader *r, struct tw_yaml *node,
	int64_t min, struct tw_int *to)
{
	if (tw_manifest_int(r, node, min, INT32_MAX, to))
		tw_yaml_use(node);
}

void tw_read_scaled_object(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *ref = tw_yaml_get(spec, "scaleTargetRef");
	struct tw_yaml *triggers = tw_yaml_get(spec, "triggers");
	struct tw_spec_autoscaler *to;

	if (!tw_yaml_is(spec, TW_YAML_MAPPING)) {
		tw_manifest_error(r, spec, "'spec' is missing");
		return;
	}
	to = tw_manifest_scaler(r);
	if (!tw_manifest_text(r, tw_yaml_get(ref, "name"), &to->target_name))
		tw_manifest_error(r, ref, "'scaleTargetRef.name' is missing");
	if (!tw_manifest_text(r, tw_yaml_get(ref, "kind"), &to->target_kind))
		tw_set_text(&to->target_kind, "Deployment", to->origin);
	tw_yaml_use(tw_yaml_get(ref, "kind"));
	tw_yaml_use(tw_yaml_get(ref, "name"));
	read_count(r, tw_yaml_get(spec, "minReplicaCount"), 0, &to->min);
	read_count(r, tw_yaml_get(spec, "maxReplicaCount"), 1, &to->max);
	read_count(r, tw_yaml_get(spec, "idleReplicaCount"), 0, &to->idle);
	read_seconds(r, tw_yaml_get(spec, "pollingInterval"), &to->polling);
	read_seconds(r, tw_yaml_get(spec, "cooldownPeriod"), &to->cooldown);
	for (size_t i = 0; i < tw_yaml_count(triggers); i++)
		read_trigger(r, tw_yaml_item(triggers, i), i, to);
	tw_manifest_behavior(r,
		tw_yaml_path(spec, "advanced", "horizontalPodAutoscalerConfig",
			"behavior", NULL),
		to);
}
