#include "harness/manifests/rule.h"

const char *tw_rule_service(const struct tw_rule *rule)
{
	for (size_t i = 0; i < rule->policy.destinations.n; i++) {
		const struct tw_spec_destination *it =
			&rule->policy.destinations.v[i];

		if (tw_int_or(it->weight, 1) > 0)
			return it->service.v;
	}
	return NULL;
}

/* Whether it says more than "all of it to this one service". */
static bool says_more(const struct tw_rule *rule)
{
	const struct tw_spec_policy *p = &rule->policy;

	return p->timeout.origin || p->try_timeout.origin ||
	       p->retries.origin || p->conditions.n || p->mirrors.n ||
	       p->inject.delay.origin || p->inject.abort.origin ||
	       p->destinations.n > 1 ||
	       (p->destinations.n == 1 && p->destinations.v[0].subset.origin);
}

/* Several policies come of one rule: each has lists of its own. */
static void own_lists(
	struct tw_manifest_reader *r, struct tw_spec_policy *policy)
{
	struct tw_spec_policy from = *policy;

	policy->conditions = (struct tw_spec_conditions){0};
	for (size_t i = 0; i < from.conditions.n; i++)
		tw_vec_push_in(&r->spec->arena, &policy->conditions,
			from.conditions.v[i]);
	policy->mirrors.v = NULL;
	policy->mirrors.n = policy->mirrors.cap = 0;
	for (size_t i = 0; i < from.mirrors.n; i++)
		tw_vec_push_in(
			&r->spec->arena, &policy->mirrors, from.mirrors.v[i]);
}

void tw_rule_policy(struct tw_manifest_reader *r, const struct tw_rule *rule,
	const char *caller, const char *callee)
{
	struct tw_spec_policy *policy;
	const char *path = rule->path;

	policy = tw_new(&r->spec->arena, struct tw_spec_policy);
	*policy = rule->policy;
	policy->origin = rule->origin;
	policy->group = rule->group;
	policy->caller = tw_manifest_keep(r, caller);
	policy->callee = tw_manifest_keep(r, callee);
	if (rule->method)
		policy->endpoint =
			tw_arena_printf(&r->spec->arena, "%s **", rule->method);
	if (path && rule->match == TW_PATH_EXACT)
		tw_set_text(&policy->path_exact, tw_manifest_keep(r, path),
			rule->origin);
	else if (path && strcmp(path, "/") != 0)
		tw_set_text(&policy->path_prefix, tw_manifest_keep(r, path),
			rule->origin);
	own_lists(r, policy);
	policy->destinations.v = NULL;
	policy->destinations.n = policy->destinations.cap = 0;
	for (size_t i = 0; i < rule->policy.destinations.n; i++) {
		struct tw_spec_destination to = rule->policy.destinations.v[i];

		if (!strcmp(to.service.v, callee))
			to.service = (struct tw_text){0};
		tw_vec_push_in(&r->spec->arena, &policy->destinations, to);
	}
	tw_vec_push_in(&r->spec->arena, &r->spec->policies, policy);
}

void tw_rule_entry(struct tw_manifest_reader *r, const struct tw_rule *rule)
{
	const char *service = tw_rule_service(rule);
	struct tw_spec_entry *entry;

	if (!service && !rule->policy.respond.origin)
		return;
	entry = tw_new(&r->spec->arena, struct tw_spec_entry);
	entry->host = tw_manifest_keep(r, rule->host);
	entry->method = tw_manifest_keep(r, rule->method);
	entry->path = tw_manifest_keep(r, rule->path ? rule->path : "/");
	entry->match = rule->path ? rule->match : TW_PATH_PREFIX;
	entry->port = rule->port;
	entry->port_name = rule->port_name;
	entry->origin = rule->origin;
	entry->group = rule->group;
	entry->rewrite = rule->policy.rewrite;
	for (size_t i = 0; i < rule->policy.conditions.n; i++)
		tw_vec_push_in(&r->spec->arena, &entry->conditions,
			rule->policy.conditions.v[i]);
	if (rule->policy.respond.origin)
		entry->respond = rule->policy.respond;
	else
		tw_set_text(&entry->service, service, rule->origin);
	tw_vec_push_in(&r->spec->arena, &r->spec->entries, entry);
	if (service && says_more(rule))
		tw_rule_policy(r, rule, TW_CALLER_OUTSIDE, service);
}

void tw_rule_destination(struct tw_manifest_reader *r, struct tw_rule *rule,
	const char *service, struct tw_yaml *subset, struct tw_yaml *weight,
	const struct tw_yaml *at)
{
	struct tw_spec_destination to = {0};

	tw_set_text(&to.service, tw_manifest_keep(r, service),
		tw_manifest_origin(r, at, NULL));
	tw_manifest_text(r, tw_yaml_use(subset), &to.subset);
	tw_manifest_int(r, tw_yaml_use(weight), 0, 1000000, &to.weight);
	tw_vec_push_in(&r->spec->arena, &rule->policy.destinations, to);
}
