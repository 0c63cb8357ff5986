/*
 * VerticalPodAutoscalers: autoscaling.k8s.io/v1, v1beta2 is alike. What is an
 * error is what the admission controller refuses (kubernetes/autoscaler,
 * vertical-pod-autoscaler 1.5, pkg/admission-controller/resource/vpa/
 * handler.go, ValidateVPA). `status.recommendation` is what the run begins
 * with.
 */
#include "harness/manifests/reader.h"

#include <string.h>

static const char *const resource_names[TW_VERTICAL_RESOURCES] = {
	"cpu", "memory"};

/* A list of cpu and memory to "cpu memory". */
static void read_resources(
	struct tw_manifest_reader *r, struct tw_yaml *list, struct tw_text *to)
{
	struct tw_buf text = {0};

	if (!list || tw_yaml_is_null(list))
		return;
	if (!tw_yaml_is(list, TW_YAML_SEQUENCE)) {
		tw_manifest_error(r, list, "expected a list of cpu and memory");
		return;
	}
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *node = tw_yaml_item(list, i);
		const char *name = tw_yaml_text(node);
		struct tw_diag *d;

		if (name && (!strcmp(name, resource_names[0]) ||
				    !strcmp(name, resource_names[1]))) {
			tw_buf_printf(&text, "%s%s", text.n ? " " : "", name);
			continue;
		}
		d = tw_manifest_error(r, node, "'%s' is no resource of a VPA",
			name ? name : "");
		d->hint = "cpu or memory";
	}
	tw_set_text(to, tw_manifest_keep(r, tw_buf_text(&text)),
		tw_manifest_origin(r, list, NULL));
	tw_yaml_use_all(list);
	tw_buf_release(&text);
}

/* ---- resourcePolicy ------------------------------------------------- */

static void read_bounds(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_vertical_container *to)
{
	struct tw_yaml *min = tw_yaml_get(node, "minAllowed");
	struct tw_yaml *max = tw_yaml_get(node, "maxAllowed");

	for (int i = 0; i < TW_VERTICAL_RESOURCES; i++) {
		struct tw_yaml *least = tw_yaml_get(min, resource_names[i]);
		struct tw_yaml *most = tw_yaml_get(max, resource_names[i]);
		struct tw_spec_bound *it = &to->bounds[i];

		if (tw_manifest_quantity(
			    r, least, i == TW_VERTICAL_CPU, &it->min))
			tw_yaml_use(least);
		if (tw_manifest_quantity(
			    r, most, i == TW_VERTICAL_CPU, &it->max))
			tw_yaml_use(most);
		if (it->min.origin && it->max.origin && it->max.v < it->min.v)
			tw_manifest_error(r, most,
				"maxAllowed of %s is less than its minAllowed",
				resource_names[i]);
	}
}

static void read_container(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_vertical *to)
{
	static const char *const modes[] = {"Auto", "Off", NULL};
	static const char *const values[] = {
		"RequestsAndLimits", "RequestsOnly", NULL};
	struct tw_yaml *name = tw_yaml_get(node, "containerName");
	struct tw_spec_vertical_container it = {
		.name = tw_manifest_keep(r, tw_yaml_text(name))};
	struct tw_diag *d;

	if (!it.name || !*it.name) {
		d = tw_manifest_error(
			r, node, "a containerPolicy needs 'containerName'");
		d->hint = "the name of a container, or '*' for all others";
		return;
	}
	for (size_t i = 0; i < to->containers.n; i++)
		if (!strcmp(to->containers.v[i].name, it.name))
			tw_manifest_error(r, name,
				"'%s' has a containerPolicy already", it.name);
	tw_yaml_use(name);
	tw_manifest_word(r, tw_yaml_get(node, "mode"), "mode", modes, &it.mode);
	tw_manifest_word(r, tw_yaml_get(node, "controlledValues"),
		"controlledValues", values, &it.values);
	if (it.mode.v && !strcmp(it.mode.v, "Off") && it.values.v)
		tw_manifest_error(r, tw_yaml_get(node, "controlledValues"),
			"controlledValues beside mode: Off");
	read_resources(
		r, tw_yaml_get(node, "controlledResources"), &it.resources);
	read_bounds(r, node, &it);
	tw_vec_push_in(&r->spec->arena, &to->containers, it);
}

/* ---- updatePolicy --------------------------------------------------- */

static void read_requirement(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_vertical *to)
{
	static const char *const changes[] = {
		"TargetHigherThanRequests", "TargetLowerThanRequests", NULL};
	struct tw_spec_vertical_requirement it = {0};

	read_resources(r, tw_yaml_get(node, "resources"), &it.resources);
	tw_manifest_word(r, tw_yaml_get(node, "changeRequirement"),
		"changeRequirement", changes, &it.change);
	if (!it.resources.v || !it.change.v)
		tw_manifest_error(r, node,
			"an evictionRequirement needs 'resources' and "
			"'changeRequirement'");
	else
		tw_vec_push_in(&r->spec->arena, &to->requirements, it);
}

static void read_update(struct tw_manifest_reader *r, struct tw_yaml *policy,
	struct tw_spec_vertical *to)
{
	static const char *const modes[] = {"Off", "Initial", "Recreate",
		"Auto", "InPlaceOrRecreate", NULL};
	struct tw_yaml *min = tw_yaml_get(policy, "minReplicas");
	struct tw_yaml *list = tw_yaml_get(policy, "evictionRequirements");

	tw_manifest_word(r, tw_yaml_get(policy, "updateMode"), "updateMode",
		modes, &to->mode);
	if (tw_manifest_int(r, min, 1, INT32_MAX, &to->min_replicas))
		tw_yaml_use(min);
	for (size_t i = 0; i < tw_yaml_count(list); i++)
		read_requirement(r, tw_yaml_item(list, i), to);
}

/* ---- status --------------------------------------------------------- */

static void read_advice(struct tw_manifest_reader *r, struct tw_yaml *node,
	struct tw_spec_vertical *to)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{"target", offsetof(struct tw_spec_advice, target)},
		{"lowerBound", offsetof(struct tw_spec_advice, lower)},
		{"upperBound", offsetof(struct tw_spec_advice, upper)},
		{"uncappedTarget", offsetof(struct tw_spec_advice, uncapped)},
	};
	struct tw_spec_vertical_advice it = {
		.name = tw_manifest_keep(
			r, tw_yaml_text(tw_yaml_get(node, "containerName")))};

	if (!it.name) {
		tw_manifest_error(r, node,
			"a containerRecommendation needs 'containerName'");
		return;
	}
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct tw_yaml *of = tw_yaml_get(node, rows[k].name);

		for (int i = 0; i < TW_VERTICAL_RESOURCES; i++)
			tw_manifest_quantity(r,
				tw_yaml_get(of, resource_names[i]),
				i == TW_VERTICAL_CPU,
				(struct tw_int *)((char *)&it.of[i] +
						  rows[k].offset));
	}
	tw_vec_push_in(&r->spec->arena, &to->advice, it);
}

/* ---- the object ----------------------------------------------------- */

static void read_target(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_vertical *to)
{
	struct tw_yaml *ref = tw_yaml_get(spec, "targetRef");
	struct tw_yaml *kind = tw_yaml_get(ref, "kind");
	struct tw_yaml *name = tw_yaml_get(ref, "name");
	struct tw_diag *d;

	if (tw_manifest_text(r, kind, &to->target_kind))
		tw_yaml_use(kind);
	if (tw_manifest_text(r, name, &to->target_name)) {
		tw_yaml_use(name);
		return;
	}
	d = tw_manifest_error(
		r, ref ? ref : spec, "'spec.targetRef.name' is missing");
	d->hint = "targetRef: {apiVersion: apps/v1, kind: Deployment, name: …}";
}

void tw_read_vertical(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	struct tw_yaml *spec = tw_yaml_get(object->doc, "spec");
	struct tw_yaml *policies =
		tw_yaml_path(spec, "resourcePolicy", "containerPolicies", NULL);
	struct tw_yaml *recommended = tw_yaml_path(object->doc, "status",
		"recommendation", "containerRecommendations", NULL);
	struct tw_yaml *recommender = tw_yaml_get(
		tw_yaml_item(tw_yaml_get(spec, "recommenders"), 0), "name");
	struct tw_spec_vertical *to;

	if (!tw_yaml_is(spec, TW_YAML_MAPPING)) {
		tw_manifest_error(r, spec, "'spec' is missing");
		return;
	}
	to = tw_new(&r->spec->arena, struct tw_spec_vertical);
	to->key = tw_spec_key(r->spec, object->namespace, object->name);
	to->namespace = tw_manifest_keep(r, object->namespace);
	to->name = tw_manifest_keep(r, object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	read_target(r, spec, to);
	read_update(r, tw_yaml_get(spec, "updatePolicy"), to);
	for (size_t i = 0; i < tw_yaml_count(policies); i++)
		read_container(r, tw_yaml_item(policies, i), to);
	for (size_t i = 0; i < tw_yaml_count(recommended); i++)
		read_advice(r, tw_yaml_item(recommended, i), to);
	if (tw_yaml_text(recommender) &&
		strcmp(tw_yaml_text(recommender), "default") != 0 &&
		tw_manifest_text(r, recommender, &to->recommender))
		tw_yaml_use(recommender);
	tw_vec_push_in(&r->spec->arena, &r->spec->verticals, to);
}
