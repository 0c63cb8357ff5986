/*
 * Hosts outside the cluster whose names have fewer dots than `ndots` and no
 * final one: each look-up asks for them in every search domain of the pod
 * before it asks for the name itself (twins/model/dns.h).
 */
#include "harness/lint/rules.h"

/* NAMESPACE.svc.cluster.local, svc.cluster.local, cluster.local. */
#define OF_CLUSTER 3

static const struct tw_spec_workload *workload_of(
	const struct tw_spec *spec, const char *key)
{
	return tw_map_get(&spec->workloads, key);
}

/* Search domains of the pod; 0: it asks no server of the cluster. */
static size_t domains(
	const struct tw_spec *spec, const struct tw_spec_workload *it)
{
	const struct tw_spec_resolver *r = &it->resolver;
	const char *policy = r->policy.v ? r->policy.v : "ClusterFirst";

	if (!strcmp(it->kind, "compose") || !strcmp(policy, "Default") ||
		(!strcmp(policy, "ClusterFirst") &&
			tw_int_or(r->host_network, 0)))
		return 0;
	if (!strcmp(policy, "None"))
		return r->searches.n;
	return OF_CLUSTER + spec->dns.search.n + r->searches.n;
}

static bool is_outside(
	const struct tw_spec *spec, const struct tw_spec_name *name)
{
	const struct tw_spec_service *to =
		name->callee ? tw_map_get(&spec->services, name->callee) : NULL;

	return !to || (to->external && !to->external_name.v);
}

static int64_t dots_of(const char *host)
{
	int64_t dots = 0;

	for (; *host; host++)
		dots += *host == '.';
	return dots;
}

static void check_name(
	const struct tw_lint_context *c, const struct tw_spec_name *name)
{
	const struct tw_spec_workload *pods =
		workload_of(c->spec, name->caller);
	const char *host = name->host.v;
	struct tw_diag *diag;
	int64_t ndots;
	size_t n;

	if (!pods || !is_outside(c->spec, name) ||
		host[strlen(host) - 1] == '.')
		return;
	ndots = tw_int_or(
		pods->resolver.ndots, tw_int_or(c->spec->dns.ndots, 5));
	n = domains(c->spec, pods);
	if (!n || dots_of(host) >= ndots)
		return;
	diag = tw_lint_find(c, "name-amplified", NULL, name->host.origin,
		"a look-up of %s by %s asks for %zu names, A and AAAA: %zu "
		"questions, %zu of them for nothing",
		host, pods->key, n + 1, 2 * (n + 1), 2 * n);
	diag->why = "it has fewer dots than ndots, so each search domain is "
		    "tried first; a DNS server that has too much to do fails "
		    "every call that has to look up";
	tw_diag_hint(c->diags, diag,
		"'%s.' with the final dot, or dnsConfig: {options: [{name: "
		"ndots, value: '%lld'}]}",
		host, (long long)dots_of(host));
}

void tw_lint_names(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->names.n; i++)
		if (c->spec->names.v[i].in_manifests)
			check_name(c, &c->spec->names.v[i]);
}
