/*
 * Calls whose addresses lead nowhere, as one side's manifests show it.
 */
#include "harness/manifests/link.h"

#include <stdio.h>

/* The service that a step's text names, seen from a namespace. */
static const struct tw_spec_service *named(const struct tw_spec *spec,
	const struct tw_spec_service *from, const char *name)
{
	const struct tw_spec_service *to = NULL;

	if (!strchr(name, '/'))
		to = tw_spec_find_service(spec, from->namespace, name);
	return to ? to : tw_spec_find_service(spec, NULL, name);
}

static bool steps_call(const struct tw_spec *spec,
	const struct tw_spec_service *from, const struct tw_spec_steps *steps,
	const char *callee)
{
	for (size_t i = 0; i < steps->n; i++) {
		const struct tw_spec_step *step = steps->v[i];
		const struct tw_spec_service *to =
			step->kind == TW_STEP_CALL && step->service.v
				? named(spec, from, step->service.v)
				: NULL;

		if ((to && !strcmp(to->key, callee)) ||
			steps_call(spec, from, &step->children, callee))
			return true;
	}
	return false;
}

static bool endpoints_call(const struct tw_spec *spec,
	const struct tw_spec_service *from, const struct tw_map *endpoints,
	const char *callee)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct tw_spec_endpoint *it = endpoints->v[i].value;

		if (steps_call(spec, from, &it->steps, callee))
			return true;
	}
	return false;
}

bool tw_link_calls(const struct tw_spec *spec,
	const struct tw_spec_service *service, const char *callee)
{
	if (endpoints_call(spec, service, &service->endpoints, callee))
		return true;
	for (size_t i = 0; i < service->workloads.n; i++)
		if (endpoints_call(spec, service,
			    &service->workloads.v[i]->behaviour, callee))
			return true;
	return false;
}

bool tw_link_sever(struct tw_spec *spec, const char *caller, const char *callee,
	struct tw_pos pos, const char *why)
{
	const struct tw_origin *origin =
		tw_spec_origin(spec, TW_FROM_MANIFEST, pos, NULL);
	struct tw_spec_severed severed = {
		.caller = tw_arena_strdup(&spec->arena, caller),
		.callee = tw_arena_strdup(&spec->arena, callee),
		.why = {tw_arena_strdup(&spec->arena, why), origin}};

	for (size_t i = 0; i < spec->severed.n; i++)
		if (!strcmp(spec->severed.v[i].caller, caller) &&
			!strcmp(spec->severed.v[i].callee, callee))
			return false;
	tw_vec_push_in(&spec->arena, &spec->severed, severed);
	return true;
}

bool tw_address_is_of(const struct tw_manifest_address *address,
	const struct tw_spec_service *service)
{
	for (size_t i = 0; i < service->workloads.n; i++)
		if (!strcmp(service->workloads.v[i]->key, address->workload))
			return true;
	return false;
}

/* ---- what is told ----------------------------------------------------- */

static void hint_service(const struct tw_spec *spec,
	const struct tw_manifest_address *it, struct tw_diags *diags,
	struct tw_diag *diag)
{
	TW_VEC(const char *) names = {0};

	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		if (s->has_object)
			tw_vec_push(&names, s->name);
	}
	tw_diag_nearest(diags, diag, it->host, names.v, names.n);
	tw_vec_release(&names);
}

/* "it has 80 and 8080 (metrics)" */
static void hint_ports(const struct tw_spec_service *s, struct tw_diags *diags,
	struct tw_diag *diag)
{
	struct tw_buf text = {0};

	for (size_t i = 0; i < s->ports.n; i++)
		tw_buf_printf(&text, "%s%lld", i ? ", " : "",
			(long long)s->ports.v[i].port.v);
	tw_diag_hint(diags, diag, "Service %s has %s", s->key,
		text.n ? tw_buf_text(&text) : "no port");
	tw_buf_release(&text);
}

static void tell(const struct tw_spec *spec,
	const struct tw_manifest_address *it, struct tw_diags *diags)
{
	const struct tw_spec_service *to =
		it->service ? tw_map_get(&spec->services, it->service) : NULL;
	struct tw_diag *diag;

	if (to && it->state == TW_ADDRESS_NO_PORT) {
		diag = tw_diag(diags, TW_WARNING, it->pos,
			"%s of %s leads to port %lld of Service %s, which "
			"nobody opens",
			it->name, it->workload, (long long)it->port, to->key);
		hint_ports(to, diags, diag);
	} else {
		diag = tw_diag(diags, TW_WARNING, it->pos,
			"%s of %s leads to '%s', and there is no such Service",
			it->name, it->workload, it->host);
		hint_service(spec, it, diags, diag);
	}
	diag->rule = "address-to-nowhere";
	diag->why = "calls to it fail at once";
}

/* A service that a model alone describes may be outside the cluster. */
static bool is_in_a_model(
	const struct tw_spec *spec, const struct tw_manifest_address *it)
{
	const struct tw_spec_service *s =
		tw_spec_find_service(spec, NULL, it->host);

	return s && !s->has_object && s->endpoints.n;
}

static bool is_told(
	const struct tw_manifests *m, const struct tw_manifest_address *it)
{
	for (const struct tw_manifest_address *k = m->addresses.v; k < it; k++)
		if (k->pos.line == it->pos.line &&
			k->pos.column == it->pos.column &&
			k->pos.file == it->pos.file &&
			!strcmp(k->host, it->host) && k->port == it->port)
			return true;
	return false;
}

/* ---- what is severed -------------------------------------------------- */

/* The ports of a service decide whether its callers reach it. */
static void use_ports(
	struct tw_manifests *m, const struct tw_spec_service *service)
{
	for (size_t i = 0; i < service->ports.n; i++) {
		tw_manifests_use(m, service->ports.v[i].port.origin->pos);
		if (service->ports.v[i].name.origin)
			tw_manifests_use(
				m, service->ports.v[i].name.origin->pos);
		if (service->ports.v[i].target_name.origin)
			tw_manifests_use(
				m, service->ports.v[i].target_name.origin->pos);
	}
}

/* Severs the calls by an address to a port that nobody opens, where no other
 * address leads to the service. */
static void judge_port(struct tw_manifests *m, struct tw_spec *spec,
	const struct tw_spec_service *from,
	const struct tw_manifest_address *it)
{
	char why[512];

	if (!tw_address_is_of(it, from) ||
		!tw_link_calls(spec, from, it->service))
		return;
	for (size_t i = 0; i < m->addresses.n; i++) {
		const struct tw_manifest_address *other = &m->addresses.v[i];

		if (other->service && !strcmp(other->service, it->service) &&
			other->state != TW_ADDRESS_NO_PORT &&
			tw_address_is_of(other, from))
			return;
	}
	snprintf(why, sizeof why, "%s: nobody opens port %lld", it->name,
		(long long)it->port);
	tw_link_sever(spec, from->key, it->service, it->pos, why);
	tw_manifests_use(m, it->pos);
	use_ports(m, tw_map_get(&spec->services, it->service));
}

/* Whether an entry leads to a port that its service does not have. */
static bool misses_port(const struct tw_spec_entry *entry,
	const struct tw_spec_service *service)
{
	if (!entry->port.origin && !entry->port_name.v)
		return false;
	for (size_t i = 0; i < service->ports.n; i++) {
		const struct tw_spec_port *it = &service->ports.v[i];

		if (entry->port.origin
				? it->port.v == entry->port.v
				: it->name.v && !strcmp(it->name.v,
							entry->port_name.v))
			return false;
	}
	return service->has_object && service->ports.n;
}

/* Requests from outside, where no entry leads to a port of the service. */
static void judge_entries(struct tw_manifests *m, struct tw_spec *spec,
	const struct tw_spec_service *service)
{
	const struct tw_spec_entry *missing = NULL;
	struct tw_pos pos;

	for (size_t i = 0; i < spec->entries.n; i++) {
		const struct tw_spec_entry *it = spec->entries.v[i];

		if (!it->service.v || strcmp(it->service.v, service->key) != 0)
			continue;
		if (!misses_port(it, service))
			return;
		missing = it;
	}
	if (!missing)
		return;
	pos = missing->port.origin ? missing->port.origin->pos
				   : missing->port_name.origin->pos;
	tw_link_sever(spec, "outside", service->key, pos,
		"the way in leads to a port that the Service does not have");
	tw_manifests_use(m, pos);
	use_ports(m, service);
}

void tw_addresses_judge(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags)
{
	for (size_t i = 0; i < m->addresses.n; i++) {
		const struct tw_manifest_address *it = &m->addresses.v[i];

		if (it->state != TW_ADDRESS_NO_PORT &&
			it->state != TW_ADDRESS_NO_SERVICE)
			continue;
		if (it->sure && !is_in_a_model(spec, it) && !is_told(m, it))
			tell(spec, it, diags);
		for (size_t k = 0;
			it->state == TW_ADDRESS_NO_PORT && k < spec->services.n;
			k++)
			judge_port(m, spec, spec->services.v[k].value, it);
	}
	for (size_t i = 0; i < spec->services.n; i++)
		judge_entries(m, spec, spec->services.v[i].value);
}
