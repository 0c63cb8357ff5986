/*
 * Whose pods are in Istio's mesh, as far as manifests show it (Istio,
 * "Installing the Sidecar", and pkg/kube/inject, injectRequired):
 *	a namespace with istio-injection: enabled, or without that label and
 *	with istio.io/rev, injects, but where the pod says false;
 *	one without either injects where the pod's label says true, or its
 *	label istio.io/rev a revision (an annotation alone asks nobody);
 *	any other value of istio-injection, and hostNetwork, forbid it.
 * The pod's label sidecar.istio.io/inject counts before its annotation. The
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

static bool is_yes(const char *value)
{
	static const char *const words[] = {"true", "yes", "y", "on"};

	for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
		if (!strcmp(value, words[i]))
			return true;
	return false;
}

static bool is_injected(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	const struct tw_labels *of =
		tw_map_get(&spec->namespaces, workload->namespace);
	const char *own = label(&workload->labels, "sidecar.istio.io/inject");
	const char *namespace = label(of, "istio-injection");
	bool asked = is_yes(own) || label(&workload->labels, "istio.io/rev");

	if (tw_int_or(workload->resolver.host_network, 0))
		return false;
	if (!own)
		own = workload->injection.v;
	if (own && !is_yes(own))
		return false;
	if (namespace)
		return !strcmp(namespace, "enabled");
	return label(of, "istio.io/rev") || asked;
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
