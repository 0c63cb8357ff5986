/*
 * Whose pods are in Istio's mesh, as far as manifests show it: by the label
 * sidecar.istio.io/inject of the pod, or istio-injection and istio.io/rev of
 * its namespace (Istio, "Sidecar injection": the pod's label counts first). The
 * ambient mode's ztunnel does not retry, so its label is none of these.
 */
#include "harness/manifests/reader.h"

static const char *label(const struct tw_labels *labels, const char *key)
{
	for (size_t i = 0; labels && i < labels->n; i++)
		if (!strcmp(labels->v[i].key, key))
			return labels->v[i].value;
	return NULL;
}

static bool is_injected(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	const struct tw_labels *of =
		tw_map_get(&spec->namespaces, workload->namespace);
	const char *own = label(&workload->labels, "sidecar.istio.io/inject");
	const char *namespace = label(of, "istio-injection");

	if (own)
		return !strcmp(own, "true");
	if (namespace)
		return !strcmp(namespace, "enabled");
	return label(of, "istio.io/rev") != NULL;
}

void tw_mesh_find(struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *it = spec->services.v[i].value;

		it->sidecar = it->workloads.n != 0;
		for (size_t k = 0; k < it->workloads.n; k++)
			it->sidecar &= is_injected(spec, it->workloads.v[k]);
	}
}
