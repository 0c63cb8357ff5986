/*
 * Istio's DestinationRule trafficPolicy, of a host or of a subset: what each
 * proxy does with the replicas. It becomes a rule of groups alone (spec.h);
 * those of subsets stand before that of the host, as they override it group by
 * group.
 */
#include "harness/manifests/reader.h"

static void use_int(struct tw_manifest_reader *r, struct tw_yaml *map,
	const char *name, struct tw_int *to)
{
	struct tw_yaml *it = tw_yaml_get(map, name);

	/* Istio: 0 counts as not given. */
	if (tw_manifest_int(r, it, 0, UINT32_MAX, to)) {
		tw_yaml_use(it);
		if (!to->v)
			*to = (struct tw_int){0};
	}
}

static void read_pool(struct tw_manifest_reader *r, struct tw_yaml *pool,
	struct tw_spec_policy *to)
{
	struct tw_yaml *http = tw_yaml_get(pool, "http");

	use_int(r, http, "http2MaxRequests", &to->breaker.max_requests);
	use_int(r, http, "maxRetries", &to->breaker.max_retries);
}

void tw_read_traffic_policy(struct tw_manifest_reader *r,
	struct tw_yaml *policy, const char *callee, const char *subset)
{
	struct tw_spec_policy *to;

	if (!tw_yaml_is(policy, TW_YAML_MAPPING))
		return;
	to = tw_new(&r->spec->arena, struct tw_spec_policy);
	to->callee = callee;
	to->subset = subset;
	to->origin = tw_manifest_origin(r, policy, NULL);
	read_pool(r, tw_yaml_get(policy, "connectionPool"), to);
	if (tw_spec_gives(to, &to->breaker, sizeof to->breaker))
		tw_vec_push_in(&r->spec->arena, &r->spec->policies, to);
}
