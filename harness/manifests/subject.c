/*
 * What an object is about: the services whose requests it can change.
 */
#include "harness/manifests/reader.h"

static bool workload_is_reached(const struct tw_spec *spec,
	const struct tw_object *object, tw_manifest_reached *reached, void *to)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		for (size_t k = 0; k < s->workloads.n; k++) {
			const struct tw_spec_workload *w = s->workloads.v[k];

			if (!strcmp(w->name, object->name) &&
				!strcmp(w->namespace, object->namespace) &&
				!strcmp(w->kind, object->kind) &&
				reached(to, s->key))
				return true;
		}
	}
	return false;
}

static bool host_is_reached(struct tw_spec *spec,
	const struct tw_object *object, const struct tw_yaml *host,
	tw_manifest_reached *reached, void *to)
{
	struct tw_str name = tw_yaml_str(host);
	const char *key =
		name.n ? tw_manifests_host_key(spec, object->namespace, name)
		       : NULL;

	return !key || reached(to, key); /* no name of the cluster: unknown */
}

bool tw_manifests_is_reached(const struct tw_object *object,
	struct tw_spec *spec, tw_manifest_reached *reached, void *to)
{
	static const char *const workloads[] = {"Deployment", "StatefulSet",
		"DaemonSet", "ReplicaSet", "ReplicationController", "Pod",
		"Rollout"};
	struct tw_yaml *hosts =
		tw_yaml_path(object->doc, "spec", "hosts", NULL);
	const char *key;

	if (!strcmp(object->kind, "Service")) { /* of Compose, too */
		key = tw_arena_printf(
			&spec->arena, "%s/%s", object->namespace, object->name);
		return reached(to, key);
	}
	for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
		if (!strcmp(object->kind, workloads[i]))
			return workload_is_reached(spec, object, reached, to);
	if (!strcmp(object->kind, "DestinationRule"))
		return host_is_reached(spec, object,
			tw_yaml_path(object->doc, "spec", "host", NULL),
			reached, to);
	if (strcmp(object->kind, "VirtualService") || !tw_yaml_count(hosts))
		return true;
	for (size_t i = 0; i < tw_yaml_count(hosts); i++)
		if (host_is_reached(
			    spec, object, tw_yaml_item(hosts, i), reached, to))
			return true;
	return false;
}
