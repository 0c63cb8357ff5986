/*
 * PodDisruptionBudgets (policy/v1). Only an eviction asks for them.
 */
#include "harness/manifests/reader.h"

#include <string.h>

/* Pods or a percentage (pkg/apis/policy/validation,
 * ValidatePodDisruptionBudgetSpec). */
static bool is_share(const char *text)
{
	struct tw_str s = tw_str_of(text);
	int64_t v;

	if (s.n && s.p[s.n - 1] == '%') {
		s.n--;
		return tw_parse_int(s, &v) && v >= 0 && v <= 100;
	}
	return tw_parse_int(s, &v) && v >= 0 && v <= INT32_MAX;
}

static void read_share(struct tw_manifest_reader *r, struct tw_yaml *spec,
	const char *name, struct tw_text *to)
{
	struct tw_yaml *node = tw_yaml_get(spec, name);

	if (!node || !tw_manifest_text(r, node, to))
		return;
	if (!is_share(to->v)) {
		tw_manifest_error(r, node,
			"%s is a number of pods or a percentage up to 100%%, "
			"not '%s'",
			name, to->v);
		*to = (struct tw_text){0};
	} else if (r->m->managed) {
		tw_yaml_use(node);
	}
}

static void read_policy(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_budget *to)
{
	struct tw_yaml *node = tw_yaml_get(spec, "unhealthyPodEvictionPolicy");

	if (!node || !tw_manifest_text(r, node, &to->unhealthy))
		return;
	if (strcmp(to->unhealthy.v, "IfHealthyBudget") &&
		strcmp(to->unhealthy.v, "AlwaysAllow"))
		tw_manifest_error(r, node,
			"unhealthyPodEvictionPolicy is IfHealthyBudget or "
			"AlwaysAllow, not '%s'",
			to->unhealthy.v);
	else if (r->m->managed)
		tw_yaml_use(node);
}

void tw_read_budget(struct tw_manifest_reader *r)
{
	struct tw_yaml *spec = tw_yaml_get(r->object->doc, "spec");
	struct tw_yaml *selector = tw_yaml_get(spec, "selector");
	struct tw_spec_budget *to =
		tw_new(&r->spec->arena, struct tw_spec_budget);

	to->namespace = tw_manifest_keep(r, r->object->namespace);
	to->name = tw_manifest_keep(r, r->object->name);
	to->origin = tw_manifest_origin(r, NULL, NULL);
	to->has_selector = selector != NULL;
	tw_manifest_selector(r, selector, &to->selector);
	read_share(r, spec, "minAvailable", &to->min_available);
	read_share(r, spec, "maxUnavailable", &to->max_unavailable);
	read_policy(r, spec, to);
	if (r->m->managed)
		tw_yaml_use_all(selector);
	if (to->min_available.v && to->max_unavailable.v)
		tw_manifest_error(r, tw_yaml_get(spec, "maxUnavailable"),
			"minAvailable and maxUnavailable exclude each other");
	else if (to->min_available.v || to->max_unavailable.v)
		tw_vec_push_in(&r->spec->arena, &r->spec->budgets, to);
}
