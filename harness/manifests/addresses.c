/*
 * Where the addresses lead that env values and arguments hold.
 */
#include "harness/manifests/custom.h"
#include "harness/manifests/edges.h"

#include <ctype.h>

/* ---- ports ------------------------------------------------------------ */

static bool opens(
	const struct tw_spec_workload *w, const char *name, int64_t number)
{
	for (size_t i = 0; i < w->containers.n; i++) {
		const struct tw_spec_container *c = w->containers.v[i];

		for (size_t k = 0; k < c->ports.n; k++)
			if (name ? c->ports.v[k].name.v &&
						!strcmp(c->ports.v[k].name.v,
							name)
				 : c->ports.v[k].port.v == number)
				return true;
	}
	return false;
}

static bool any_opens(
	const struct tw_spec_service *s, const char *name, int64_t number)
{
	for (size_t i = 0; i < s->workloads.n; i++)
		if (opens(s->workloads.v[i], name, number))
			return true;
	return false;
}

/* Containers need not declare the ports that they listen on, but a name has
 * to be declared to mean anything. */
static enum tw_address_state behind_port(
	const struct tw_spec_service *s, const struct tw_spec_port *port)
{
	if (!s->workloads.n)
		return TW_ADDRESS_GOOD;
	if (port->target_name.v)
		return any_opens(s, port->target_name.v, 0)
			       ? TW_ADDRESS_GOOD
			       : TW_ADDRESS_NO_PORT;
	return any_opens(s, NULL, tw_int_or(port->target, port->port.v))
		       ? TW_ADDRESS_GOOD
		       : TW_ADDRESS_UNSURE;
}

static bool is_compose(const struct tw_spec_service *s)
{
	return s->workloads.n && !strcmp(s->workloads.v[0]->kind, "compose");
}

enum tw_address_state tw_address_port(
	const struct tw_spec_service *s, int64_t port)
{
	if (!port || s->external_name.v)
		return TW_ADDRESS_GOOD;
	for (size_t i = 0; i < s->ports.n; i++)
		if (s->ports.v[i].port.v == port)
			return behind_port(s, &s->ports.v[i]);
	/* There one reaches the containers themselves, whatever was declared */
	if (s->headless || is_compose(s))
		return any_opens(s, NULL, port) ? TW_ADDRESS_GOOD
						: TW_ADDRESS_UNSURE;
	return s->ports.n ? TW_ADDRESS_NO_PORT : TW_ADDRESS_UNSURE;
}

/* ---- addresses -------------------------------------------------------- */

static bool has_letter(struct tw_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (isalpha((unsigned char)text.p[i]))
			return true;
	return false;
}

static bool has_services(const struct tw_spec *spec, const char *key)
{
	size_t n = (size_t)(strchr(key, '/') - key);

	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		if (s->has_object && !strncmp(s->namespace, key, n) &&
			!s->namespace[n])
			return true;
	}
	return false;
}

/* Whether a name that no Service has is one of this cluster all the same. Of
 * "a.b" it is so where b is a namespace that we know. */
static bool is_of_cluster(struct tw_spec *spec, const char *namespace,
	struct tw_str host, const char **key)
{
	static const char *const elsewhere[] = {
		"localhost", "host.docker.internal", "kubernetes"};

	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (tw_str_equal(host, elsewhere[i]))
			return false;
	*key = tw_manifests_host_key(spec, namespace, host);
	if (!*key || !has_letter(host))
		return false;
	return memmem(host.p, host.n, ".svc", 4) || has_services(spec, *key);
}

/* "--cart-addr=cart:80" is known by "argument --cart-addr". */
static const char *name_of(
	struct tw_manifests *m, const struct tw_address_found *found)
{
	const char *value = found->text->v;
	const char *end = strpbrk(value, "= ");

	if (found->name[0])
		return tw_arena_printf(&m->arena, "env %s", found->name);
	if (value[0] != '-' || !end)
		return "an argument";
	return tw_arena_printf(
		&m->arena, "argument %.*s", (int)(end - value), value);
}

/* Names with a dot that end in letters: neither "10.0.0.7" nor "a.yaml:1". */
static bool is_outside(struct tw_str host)
{
	const char *dot = host.n ? memrchr(host.p, '.', host.n) : NULL;
	size_t n = dot ? (size_t)(host.p + host.n - dot) - 1 : 0;

	if (n < 2 || dot == host.p)
		return false;
	for (size_t i = 1; i <= n; i++)
		if (!isalpha((unsigned char)dot[i]))
			return false;
	return !memmem(host.p, host.n, "localhost", 9) &&
	       !memmem(host.p, host.n, ".internal", 9) &&
	       !memmem(host.p, host.n, ".svc", 4);
}

/* The name as it is written, for look-ups (twins/model/dns.h). */
static void keep_name(struct tw_manifest_reader *r,
	const struct tw_address_found *found, const char *callee)
{
	struct tw_spec *spec = r->spec;
	struct tw_spec_name name = {.caller = found->from->key,
		.callee = callee,
		.host = {tw_arena_strndup(
				 &spec->arena, found->host.p, found->host.n),
			found->text->origin},
		.in_manifests = true};

	tw_vec_push_in(&spec->arena, &spec->names, name);
}

static void add_outsider(
	struct tw_manifest_reader *r, const struct tw_address_found *found)
{
	struct tw_manifests *m = r->m;
	struct tw_manifest_outsider it = {
		.workload = found->from->key, .pos = found->text->origin->pos};
	struct tw_str host = found->host;

	if (host.n && host.p[host.n - 1] == '.')
		host.n--; /* the root of all names */
	if (!found->address || !is_outside(host))
		return;
	it.host = tw_arena_strndup(&m->arena, host.p, host.n);
	it.name = name_of(m, found);
	if (tw_edge_is_telemetry(it.name, it.host))
		return;
	for (size_t i = 0; i < m->outsiders.n; i++)
		if (!strcmp(m->outsiders.v[i].workload, it.workload) &&
			!strcmp(m->outsiders.v[i].host, it.host))
			return;
	keep_name(r, found, NULL);
	tw_vec_push(&m->outsiders, it);
}

void tw_address_add(
	struct tw_manifest_reader *r, const struct tw_address_found *found)
{
	struct tw_manifests *m = r->m;
	const struct tw_spec_service *to = found->service;
	struct tw_manifest_address address = {.workload = found->from->key,
		.port = found->port,
		.sure = found->address && strcmp(found->from->kind, "compose"),
		.pos = found->text->origin->pos};
	struct tw_manifest_custom *owner = NULL;
	const char *key = NULL;

	if (to) {
		for (size_t i = 0; i < to->workloads.n; i++)
			if (to->workloads.v[i] == found->from)
				return; /* itself */
		keep_name(r, found, to->key);
		address.service = to->key;
		address.state = tw_address_port(to, found->port);
	} else if (is_of_cluster(r->spec, found->from->namespace, found->host,
			   &key)) {
		address.state = TW_ADDRESS_NO_SERVICE;
		address.sure |=
			memmem(found->host.p, found->host.n, ".svc", 4) != NULL;
		owner = tw_custom_owner(m, key);
	} else {
		add_outsider(r, found);
		return;
	}
	address.host =
		tw_arena_strndup(&m->arena, found->host.p, found->host.n);
	address.name = name_of(m, found);
	if (tw_edge_is_telemetry(address.name, address.host))
		return;
	if (owner) {
		address.state = TW_ADDRESS_OWNED;
		tw_custom_reach(m, owner, &address, key);
	}
	tw_vec_push(&m->addresses, address);
}
