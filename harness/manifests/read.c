/*
 * Objects to the spec, by a table of groups and kinds.
 */
#include "harness/manifests/custom.h"
#include "harness/manifests/reader.h"

struct kind {
	const char *group, *kind;
	void (*read)(
		struct tw_manifest_reader *r); /* NULL: others look it up */
	int pass;   /* what it needs is read before it */
	bool quiet; /* read by others, or of no weight: not counted as kept */
};

static const struct kind kinds[] = {
	{"", "Service", tw_read_service, 1, false},
	{"networking.istio.io", "ServiceEntry", tw_read_service_entry, 1,
		false},
	{"apps", "Deployment", tw_read_workload, 2, false},
	{"apps", "StatefulSet", tw_read_workload, 2, false},
	{"apps", "DaemonSet", tw_read_workload, 2, false},
	{"apps", "ReplicaSet", tw_read_workload, 2, false},
	{"", "ReplicationController", tw_read_workload, 2, false},
	{"", "Pod", tw_read_workload, 2, false},
	{"", "Node", tw_read_node, 1, false},
	{"scheduling.k8s.io", "PriorityClass", tw_read_priority_class, 1,
		false},
	{"storage.k8s.io", "StorageClass", tw_read_storage_class, 1, false},
	{"", "PersistentVolume", tw_read_persistent_volume, 1, false},
	{"", "PersistentVolumeClaim", tw_read_claim, 1, false},
	{"batch", "Job", tw_read_job, 2, false},
	{"batch", "CronJob", tw_read_job, 2, false},
	{"policy", "PodDisruptionBudget", tw_read_budget, 1, false},
	{"argoproj.io", "Rollout", tw_read_workload, 2, false},
	{"autoscaling", "HorizontalPodAutoscaler", tw_read_autoscaler, 3,
		false},
	{"keda.sh", "ScaledObject", tw_read_scaled_object, 3, false},
	{"autoscaling.k8s.io", "VerticalPodAutoscaler", tw_read_vertical, 3,
		false},
	{"compose", "Service", tw_read_compose, 2, false},
	{"networking.istio.io", "DestinationRule", tw_read_destination_rule, 3,
		false},
	{"networking.istio.io", "VirtualService", tw_read_virtual_service, 4,
		false},
	{"gateway.networking.k8s.io", "HTTPRoute", tw_read_http_route, 4,
		false},
	{"gateway.networking.k8s.io", "GRPCRoute", tw_read_grpc_route, 4,
		false},
	{"policy.linkerd.io", "HTTPRoute", tw_read_http_route, 4, false},
	{"linkerd.io", "ServiceProfile", tw_read_service_profile, 3, false},
	{"networking.k8s.io", "Ingress", tw_read_ingress, 4, false},
	{"networking.k8s.io", "NetworkPolicy", tw_read_network_policy, 3,
		false},
	{"", "ConfigMap", NULL, 0, true},
	{"", "Secret", NULL, 0, true},
	{"", "Namespace", tw_read_namespace, 1, false},
	{"", "ServiceAccount", NULL, 0, true},
	{"node.k8s.io", "RuntimeClass", NULL, 0, true},
};

#define PASSES 4

static const struct kind *kind_of(const struct tw_object *object)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(object->group, kinds[i].group) &&
			!strcmp(object->kind, kinds[i].kind))
			return &kinds[i];
	return NULL;
}

static void keep(struct tw_manifest_reader *r, struct tw_object *object)
{
	struct tw_spec_kept kept = {.group = tw_manifest_keep(r, object->group),
		.kind = tw_manifest_keep(r, object->kind),
		.namespace = tw_manifest_keep(r, object->namespace),
		.name = tw_manifest_keep(r, object->name),
		.pos = object->doc->pos};
	size_t *count = tw_map_get(&r->m->kept, object->kind);

	kept.pos.file = tw_manifest_keep(r, kept.pos.file);
	tw_vec_push_in(&r->spec->arena, &r->spec->kept, kept);
	if (!count) {
		count = tw_new(&r->m->arena, size_t);
		tw_map_put(&r->m->kept, object->kind, count);
	}
	++*count;
	tw_custom_add(r->m, object);
}

static bool is_policy_key(const struct tw_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->netpols.n; i++)
		if (tw_netpol_names(spec->netpols.v[i], key))
			return true;
	return false;
}

/* A label of a pod counts where a Service, a subset or a NetworkPolicy selects
 * by its key. */
static bool is_selected_by(const struct tw_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		for (size_t k = 0; k < s->selector.n; k++)
			if (!strcmp(s->selector.v[k].key, key))
				return true;
		for (size_t k = 0; k < s->subsets.n; k++) {
			const struct tw_labels *labels =
				&s->subsets.v[k].labels;

			for (size_t j = 0; j < labels->n; j++)
				if (!strcmp(labels->v[j].key, key))
					return true;
		}
	}
	return false;
}

/* What the answer was is kept by key: workloads have the same ones. */
static bool is_used(
	const struct tw_spec *spec, struct tw_map *known, const char *key)
{
	static const char yes, no;
	const char *answer = tw_map_get(known, key);

	if (!answer) {
		answer = is_selected_by(spec, key) || is_policy_key(spec, key)
				 ? &yes
				 : &no;
		tw_map_put(known, key, (void *)(uintptr_t)answer);
	}
	return answer == &yes;
}

static void use_labels(struct tw_manifest_reader *r, struct tw_map *known,
	const struct tw_object *object)
{
	struct tw_yaml *labels =
		!strcmp(object->kind, "Pod")
			? tw_yaml_path(object->doc, "metadata", "labels", NULL)
			: tw_yaml_path(object->doc, "spec", "template",
				  "metadata", "labels", NULL);

	if (!tw_yaml_is(labels, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < labels->pairs.n; i++) {
		const char *key = tw_yaml_text(labels->pairs.v[i].key);

		if (key && is_used(r->spec, known, key))
			tw_yaml_use(labels->pairs.v[i].value);
	}
}

static void read_pass(struct tw_manifest_reader *r, int pass)
{
	for (size_t i = 0; i < r->m->objects.n; i++) {
		struct tw_object *object = r->m->objects.v[i];
		const struct kind *kind = kind_of(object);

		r->object = object;
		if (pass == 1)
			tw_manifest_fields(r);
		if (!kind && pass == 1)
			keep(r, object);
		if (!kind || kind->pass != pass)
			continue;
		/* Nothing asks for a budget where nobody evicts. */
		object->modelled = r->m->managed ||
				   strcmp(kind->kind, "PodDisruptionBudget");
		kind->read(r);
	}
}

/* Who evicts asks budgets. */
static bool has_evictor(const struct tw_manifests *m)
{
	for (size_t i = 0; i < m->objects.n; i++)
		if (!strcmp(m->objects.v[i]->kind, "VerticalPodAutoscaler"))
			return true;
	return false;
}

int tw_manifests_spec(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags)
{
	struct tw_manifest_reader r = {.m = m, .spec = spec, .diags = diags};
	size_t errors = diags->errors;
	struct tw_map known;

	tw_compose_finish(m, diags);
	m->managed |= has_evictor(m);
	for (int pass = 1; pass <= PASSES; pass++)
		read_pass(&r, pass);
	tw_custom_owners(m);
	tw_linkerd_services(&r);
	tw_spec_link(spec);
	tw_mesh_find(spec);
	tw_map_init(&known, NULL);
	for (size_t i = 0; i < m->objects.n; i++) {
		const struct kind *kind = kind_of(m->objects.v[i]);

		if (kind && kind->read == tw_read_workload)
			use_labels(&r, &known, m->objects.v[i]);
	}
	tw_map_release(&known);
	tw_manifests_find_grpc(&r);
	tw_manifests_find_edges(&r);
	return diags->errors == errors ? 0 : -1;
}
