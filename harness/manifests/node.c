/*
 * Nodes, as `kubectl get nodes -o yaml` prints them, and PriorityClasses.
 */
#include "harness/manifests/reader.h"

/* ---- nodes ---------------------------------------------------------- */

static void read_taints(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_taints *to)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_taint taint = {
			.key = tw_manifest_keep_text(r, tw_yaml_get(it, "key")),
			.value = tw_manifest_keep_text(
				r, tw_yaml_get(it, "value"))};

		if (tw_manifest_taint_effect(
			    r, tw_yaml_get(it, "effect"), &taint.effect))
			tw_vec_push_in(&r->spec->arena, to, taint);
	}
}

static void read_images(struct tw_manifest_reader *r, struct tw_yaml *list,
	struct tw_node_spec *to)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		struct tw_yaml *it = tw_yaml_item(list, i);
		struct tw_yaml *names = tw_yaml_get(it, "names");
		struct tw_node_image image = {0};
		struct tw_int size = {0};

		tw_manifest_int(
			r, tw_yaml_get(it, "sizeBytes"), 0, INT64_MAX, &size);
		image.size = size.v;
		for (size_t k = 0; k < tw_yaml_count(names); k++) {
			const char *name = tw_yaml_text(tw_yaml_item(names, k));

			if (name)
				tw_vec_push_in(&r->spec->arena, &image.names,
					tw_manifest_image(r, name));
		}
		tw_vec_push_in(&r->spec->arena, &to->images, image);
	}
}

void tw_manifest_node(struct tw_manifest_reader *r, const struct tw_yaml *doc,
	struct tw_node_spec *to)
{
	struct tw_yaml *meta = tw_yaml_get(doc, "metadata");
	struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	struct tw_yaml *status = tw_yaml_get(doc, "status");
	struct tw_yaml *has = tw_yaml_get(status, "allocatable");

	to->name = tw_manifest_keep_text(r, tw_yaml_get(meta, "name"));
	tw_manifest_labels(r, tw_yaml_get(meta, "labels"), &to->labels);
	read_taints(r, tw_yaml_get(spec, "taints"), &to->taints);
	tw_yaml_bool(tw_yaml_get(spec, "unschedulable"), &to->unschedulable);
	if (!has)
		has = tw_yaml_get(status, "capacity");
	for (size_t i = 0; tw_yaml_is(has, TW_YAML_MAPPING) && i < has->pairs.n;
		i++) {
		const char *name = tw_yaml_text(has->pairs.v[i].key);
		struct tw_int amount = {0};

		if (name && tw_manifest_quantity(r, has->pairs.v[i].value,
				    !strcmp(name, TW_RESOURCE_CPU), &amount))
			tw_resource_add(&r->spec->arena, &to->allocatable,
				tw_manifest_keep(r, name), amount.v);
	}
	read_images(r, tw_yaml_get(status, "images"), to);
}

#define OLD_ZONE   "failure-domain.beta.kubernetes.io/zone"
#define OLD_REGION "failure-domain.beta.kubernetes.io/region"

static void set(struct tw_manifest_reader *r, struct tw_int *field, int64_t v)
{
	if (v)
		tw_set_int(field, v, tw_manifest_origin(r, NULL, NULL));
}

void tw_read_node(struct tw_manifest_reader *r)
{
	struct tw_node_spec *object =
		tw_new(&r->spec->arena, struct tw_node_spec);
	struct tw_spec_node *node =
		tw_new(&r->spec->arena, struct tw_spec_node);
	const char *zone, *region;

	tw_manifest_node(r, r->object->doc, object);
	zone = tw_label_value(&object->labels, TW_NODE_ZONE);
	if (!zone)
		zone = tw_label_value(&object->labels, OLD_ZONE);
	node->name = object->name;
	node->object = object;
	node->origin = tw_manifest_origin(r, NULL, NULL);
	if (zone)
		tw_set_text(&node->zone, zone, node->origin);
	region = tw_label_value(&object->labels, TW_NODE_REGION);
	if (!region)
		region = tw_label_value(&object->labels, OLD_REGION);
	if (region)
		tw_set_text(&node->region, region, node->origin);
	set(r, &node->cpu,
		tw_resource_amount(&object->allocatable, TW_RESOURCE_CPU));
	set(r, &node->memory,
		tw_resource_amount(&object->allocatable, TW_RESOURCE_MEMORY));
	set(r, &node->pods,
		tw_resource_amount(&object->allocatable, TW_RESOURCE_PODS));
	tw_yaml_use_all(tw_yaml_get(r->object->doc, "spec"));
	tw_yaml_use_all(
		tw_yaml_path(r->object->doc, "metadata", "labels", NULL));
	tw_vec_push_in(&r->spec->arena, &r->spec->nodes, node);
}

/* pkg/apis/scheduling/types.go, HighestUserDefinablePriority. */
#define HIGHEST_OF_USERS 1000000000

void tw_read_priority_class(struct tw_manifest_reader *r)
{
	struct tw_yaml *value = tw_yaml_get(r->object->doc, "value");
	int64_t *priority = tw_new(&r->spec->arena, int64_t);
	struct tw_yaml *policy;
	struct tw_int v = {0};
	bool usual = false;

	if (!tw_manifest_int(r, value, INT32_MIN,
		    tw_str_starts(tw_str_of(r->object->name), "system-")
			    ? INT32_MAX
			    : HIGHEST_OF_USERS,
		    &v))
		return;
	*priority = v.v;
	tw_yaml_use(value);
	tw_map_put(&r->spec->priorities, r->object->name, priority);
	policy = tw_yaml_get(r->object->doc, "preemptionPolicy");
	if (policy && tw_yaml_text(policy) &&
		!strcmp(tw_yaml_text(policy), "Never"))
		tw_map_put(&r->spec->polite, r->object->name, priority);
	if (r->m->managed)
		tw_yaml_use(policy);
	if (tw_yaml_bool(
		    tw_yaml_get(r->object->doc, "globalDefault"), &usual) &&
		usual)
		r->spec->usual_priority = v.v;
}
