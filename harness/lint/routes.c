/*
 * Routes to what is not there.
 */
#include "harness/lint/rules.h"

static void hint_service(
	const struct tw_lint_context *c, const char *key, struct tw_diag *diag)
{
	TW_VEC(const char *) names = {0};
	const struct tw_map *all = &c->spec->services;

	for (size_t i = 0; i < all->n; i++)
		if (tw_lint_service(c->spec, all->v[i].key))
			tw_vec_push(&names, all->v[i].key);
	if (!diag->hint)
		tw_diag_nearest(c->diags, diag, key, names.v, names.n);
	tw_vec_release(&names);
}

/* "namespace/name": only where the namespace's Services are known. */
static bool may_be_elsewhere(const struct tw_spec *spec, const char *key)
{
	const char *slash = strchr(key, '/');
	char *namespace = tw_strdup(key);
	bool known;

	namespace[slash ? slash - key : 0] = '\0';
	known = tw_lint_has_services(spec, namespace);
	tw_free(namespace);
	return !known;
}

static bool check_service(const struct tw_lint_context *c, const char *key,
	const struct tw_origin *origin)
{
	struct tw_diag *diag;

	if (tw_lint_service(c->spec, key))
		return true;
	if (may_be_elsewhere(c->spec, key))
		return false;
	diag = tw_lint_find(c, "route-to-nowhere", "route-to-nowhere", origin,
		"the route leads to the service '%s', which is not there", key);
	diag->why = "requests that take it are answered 503";
	hint_service(c, key, diag);
	return false;
}

static bool has_port(
	const struct tw_spec_service *s, const struct tw_spec_entry *entry)
{
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct tw_spec_port *it = &s->ports.v[i];

		if (entry->port.origin
				? it->port.v == entry->port.v
				: it->name.v && !strcmp(it->name.v,
							entry->port_name.v))
			return true;
	}
	return false;
}

static void check_entry(
	const struct tw_lint_context *c, const struct tw_spec_entry *entry)
{
	const struct tw_spec_service *s;
	struct tw_diag *diag;

	if (!entry->service.v ||
		!check_service(c, entry->service.v, entry->service.origin))
		return;
	s = tw_lint_service(c->spec, entry->service.v);
	if (!s->has_object || !s->ports.n ||
		(!entry->port.origin && !entry->port_name.origin) ||
		has_port(s, entry))
		return;
	if (entry->port.origin)
		diag = tw_lint_find(c, "route-to-nowhere", NULL,
			entry->port.origin, "Service %s has no port %lld",
			s->key, (long long)entry->port.v);
	else
		diag = tw_lint_find(c, "route-to-nowhere", NULL,
			entry->port_name.origin,
			"Service %s has no port named '%s'", s->key,
			entry->port_name.v);
	diag->why = "requests that take this route are answered 503";
}

static bool has_subset(const struct tw_spec_service *s, const char *name)
{
	for (size_t i = 0; i < s->subsets.n; i++)
		if (!strcmp(s->subsets.v[i].name, name))
			return true;
	return false;
}

static void check_destination(const struct tw_lint_context *c,
	const struct tw_spec_policy *policy,
	const struct tw_spec_destination *it)
{
	const char *key = it->service.v ? it->service.v : policy->callee;
	const struct tw_spec_service *s = tw_lint_service(c->spec, key);
	const char *names[16];
	struct tw_diag *diag;
	size_t n = 0;

	if (it->service.v)
		check_service(c, key, it->service.origin);
	if (!s || !it->subset.v || has_subset(s, it->subset.v))
		return;
	diag = tw_lint_find(c, "route-to-nowhere", "route-to-nowhere",
		it->subset.origin, "no DestinationRule gives %s a subset '%s'",
		key, it->subset.v);
	diag->why = "requests that are routed to it are answered 503";
	for (; n < s->subsets.n && n < 16; n++)
		names[n] = s->subsets.v[n].name;
	if (!diag->hint)
		tw_diag_nearest(c->diags, diag, it->subset.v, names, n);
}

void tw_lint_routes(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->entries.n; i++)
		check_entry(c, c->spec->entries.v[i]);
	for (size_t i = 0; i < c->spec->policies.n; i++) {
		const struct tw_spec_policy *it = c->spec->policies.v[i];

		for (size_t k = 0; k < it->destinations.n; k++)
			check_destination(c, it, &it->destinations.v[k]);
	}
}
