#include "harness/live/environment.h"

#include "harness/live/mention.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOPBACK "127.0.0.1"

/* ---- names ----------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && tw_str_equal_nocase((struct tw_str){name + n - m, m},
				 (struct tw_str){end, m});
}

/* Does the variable's name say that its value is where something is? */
static bool says_address(const char *name)
{
	static const char *const ends[] = {"HOST", "HOSTNAME", "ADDR",
		"ADDRESS", "URL", "URI", "ENDPOINT", "SERVER", "SERVICE",
		"UPSTREAM", "BACKEND", "TARGET", "HOSTS", "SERVERS", "ADDRS"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

/* Does it say that it is where this service itself listens? */
static bool says_own_port(const char *name)
{
	static const char *const names[] = {"PORT", "HTTP_PORT", "SERVER_PORT",
		"LISTEN_PORT", "APP_PORT", "SERVICE_PORT", "CONTAINER_PORT",
		"BIND_PORT", "WEB_PORT", "API_PORT", "LISTEN", "LISTEN_ADDR",
		"LISTEN_ADDRESS", "BIND", "BIND_ADDR", "BIND_ADDRESS", "ADDR",
		"ADDRESS", "HTTP_ADDR", "SERVER_ADDR", "ASPNETCORE_URLS"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (tw_str_equal_nocase(tw_str_of(name), tw_str_of(names[i])))
			return true;
	return false;
}

/* ---- dependencies ---------------------------------------------------- */

static int64_t port_or_first(
	const struct tw_spec_service *service, int64_t port)
{
	if (port)
		return port;
	return service->ports.n ? tw_int_or(service->ports.v[0].port, 80) : 80;
}

static const struct tw_live_dependency *dependency_of(
	const struct tw_live_dependencies *list,
	const struct tw_spec_service *service, int64_t port)
{
	port = port_or_first(service, port);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].service == service && list->v[i].port == port)
			return &list->v[i];
	return NULL;
}

void tw_live_depend(struct tw_live_dependencies *to,
	const struct tw_spec_service *service, int64_t port)
{
	struct tw_live_dependency dependency = {
		.service = service, .port = port_or_first(service, port)};

	if (!dependency_of(to, service, port))
		tw_vec_push(to, dependency);
}

const struct tw_spec_container *tw_live_container(
	const struct tw_spec_service *service)
{
	const struct tw_spec_container *first = NULL;
	const struct tw_spec_workload *workload;

	if (!service->workloads.n)
		return NULL;
	workload = service->workloads.v[0];
	/* A sidecar has no port of the Service: the first that has any. */
	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *c = workload->containers.v[i];

		if (c->is_init)
			continue;
		if (!first || (!first->ports.n && c->ports.n))
			first = c;
	}
	return first;
}

static void find_in(const struct tw_spec *spec,
	const struct tw_spec_service *candidate, const char *name,
	const char *value, struct tw_live_dependencies *to)
{
	struct tw_mention m;

	for (size_t at = 0;
		tw_mention_next(spec, candidate->namespace, value, at, &m);
		at = m.end)
		if (m.service != candidate &&
			(!m.bare || (name && says_address(name))))
			tw_live_depend(to, m.service, m.port);
}

void tw_live_find_dependencies(const struct tw_spec *spec,
	const struct tw_spec_service *candidate,
	struct tw_live_dependencies *to)
{
	const struct tw_spec_container *c = tw_live_container(candidate);

	for (size_t i = 0; c && i < c->env.n; i++)
		if (c->env.v[i].value.v)
			find_in(spec, candidate, c->env.v[i].name,
				c->env.v[i].value.v, to);
	for (size_t i = 0; c && i < c->args.n; i++)
		if (c->args.v[i].v)
			find_in(spec, candidate, NULL, c->args.v[i].v, to);
}

int64_t tw_live_container_port(const struct tw_spec_service *candidate)
{
	const struct tw_spec_container *c = tw_live_container(candidate);
	const struct tw_spec_port *port =
		candidate->ports.n ? &candidate->ports.v[0] : NULL;

	for (size_t i = 0; c && i < c->ports.n; i++) {
		const struct tw_spec_container_port *p = &c->ports.v[i];

		if (port && port->target_name.v && p->name.v &&
			strcmp(port->target_name.v, p->name.v) == 0)
			return p->port.v;
	}
	if (port && port->target.origin)
		return port->target.v;
	if (c && c->ports.n)
		return c->ports.v[0].port.v;
	return port ? port->port.v : 0;
}

/* ---- values ---------------------------------------------------------- */

struct rewrite {
	struct tw_live_environment *to;
	const struct tw_spec *spec;
	const struct tw_spec_service *candidate;
	const struct tw_live_dependencies *dependencies;
	const struct tw_spec_container *container;
	int64_t container_port;
	uint16_t port;
};

const char *tw_live_fill_port(
	struct tw_arena *arena, const char *text, uint16_t port)
{
	struct tw_buf to = {0};
	const char *mark, *kept;

	while ((mark = strstr(text, "{port}"))) {
		tw_buf_add(&to, text, (size_t)(mark - text));
		tw_buf_printf(&to, "%u", port);
		text = mark + 6;
	}
	tw_buf_add_text(&to, text);
	kept = tw_arena_strdup(arena, tw_buf_text(&to));
	tw_buf_release(&to);
	return kept;
}

/* Replaces a variable that is there: the later one wins. */
static void put(
	struct tw_live_environment *to, const char *name, const char *value)
{
	const char *entry = tw_arena_printf(&to->arena, "%s=%s", name, value);
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i < to->v.n; i++) {
		if (strncmp(to->v.v[i], entry, n) == 0) {
			to->v.v[i] = entry;
			return;
		}
	}
	tw_vec_push(&to->v, entry);
}

/* "catalog.shop:8080" -> "127.0.0.1:40001"; a bare name in X_HOST keeps its
 * form, "127.0.0.1", because X_PORT says the rest. */
static bool put_address(
	const struct rewrite *r, const char *name, const char *value)
{
	struct tw_buf to = {0};
	struct tw_mention m;
	size_t done = 0;

	for (size_t at = 0; tw_mention_next(
		     r->spec, r->candidate->namespace, value, at, &m);
		at = m.end) {
		const struct tw_live_dependency *d =
			dependency_of(r->dependencies, m.service, m.port);

		if (!d || (m.bare && !says_address(name)))
			continue;
		tw_buf_add(&to, value + done, m.begin - done);
		tw_buf_add_text(&to, LOOPBACK);
		if (!m.bare || !ends_with(name, "HOST"))
			tw_buf_printf(&to, ":%u", d->listener);
		done = m.end;
	}
	if (done > 0) {
		tw_buf_add_text(&to, value + done);
		put(r->to, name, tw_buf_text(&to));
	}
	tw_buf_release(&to);
	return done > 0;
}

/* X_PORT beside an X_HOST (X_ADDR, X_SERVICE …) that names a Service. */
static const struct tw_live_dependency *sibling(
	const struct rewrite *r, const char *name)
{
	size_t n = strlen(name) - 4; /* the underscore stays */
	struct tw_mention m;

	for (size_t i = 0; i < r->container->env.n; i++) {
		const struct tw_spec_env *e = &r->container->env.v[i];

		if (!e->value.v || strncmp(e->name, name, n) != 0 ||
			!says_address(e->name) ||
			!tw_mention_next(r->spec, r->candidate->namespace,
				e->value.v, 0, &m) ||
			!m.bare)
			continue;
		return dependency_of(r->dependencies, m.service, 0);
	}
	return NULL;
}

/* The container's own port, as a number or at the end of ":8080",
 * "0.0.0.0:8080", "http://+:8080". */
static bool put_own_port(
	const struct rewrite *r, const char *name, const char *value)
{
	char port[24];
	const char *colon = strrchr(value, ':');
	struct tw_buf to = {0};

	snprintf(port, sizeof port, "%" PRId64, r->container_port);
	/* A plain PORT is its own whatever the manifest says elsewhere. */
	if (strcmp(name, "PORT") != 0 &&
		(!r->container_port || !says_own_port(name) ||
			strcmp(colon ? colon + 1 : value, port) != 0))
		return false;
	if (colon && strstr(value, "://"))
		tw_buf_printf(&to, "%.*s://" LOOPBACK ":",
			(int)(strstr(value, "://") - value), value);
	else if (colon)
		tw_buf_add_text(&to, LOOPBACK ":");
	tw_buf_printf(&to, "%u", r->port);
	put(r->to, name, tw_buf_text(&to));
	tw_buf_release(&to);
	return true;
}

static void put_variable(const struct rewrite *r, const struct tw_spec_env *e)
{
	const struct tw_live_dependency *d = NULL;
	char port[8];
	int64_t number;

	if (!e->value.v) {
		tw_vec_push(&r->to->unknown,
			tw_arena_strdup(&r->to->arena, e->name));
		return;
	}
	if (ends_with(e->name, "_PORT") &&
		tw_parse_int(tw_str_of(e->value.v), &number))
		d = sibling(r, e->name);
	if (d) {
		snprintf(port, sizeof port, "%u", d->listener);
		put(r->to, e->name, port);
	} else if (!put_own_port(r, e->name, e->value.v) &&
		   !put_address(r, e->name, e->value.v)) {
		put(r->to, e->name,
			tw_live_fill_port(&r->to->arena, e->value.v, r->port));
	}
}

/* ---- the whole ------------------------------------------------------- */

static void inherit(struct tw_live_environment *to)
{
	static const char *const names[] = {"PATH", "HOME", "USER", "TMPDIR",
		"LANG", "TZ", "LD_LIBRARY_PATH"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i]))
			put(to, names[i], getenv(names[i]));
}

/* The variables that the kubelet injects for each Service of the namespace
 * (Kubernetes: "Service", discovering services, environment variables). */
static void inject(struct tw_live_environment *to,
	const struct tw_live_dependencies *dependencies)
{
	for (size_t i = dependencies->n; i-- > 0;) {
		const struct tw_live_dependency *d = &dependencies->v[i];
		char name[80], variable[100], value[48];
		size_t n = 0;

		for (const char *p = d->service->name; *p && n < 79; p++)
			name[n++] = *p == '-' || *p == '.'   ? '_'
				    : *p >= 'a' && *p <= 'z' ? (char)(*p - 32)
							     : *p;
		name[n] = '\0';
		snprintf(variable, sizeof variable, "%s_SERVICE_HOST", name);
		put(to, variable, LOOPBACK);
		snprintf(variable, sizeof variable, "%s_SERVICE_PORT", name);
		snprintf(value, sizeof value, "%u", d->listener);
		put(to, variable, value);
		snprintf(variable, sizeof variable, "%s_PORT", name);
		snprintf(value, sizeof value, "tcp://" LOOPBACK ":%u",
			d->listener);
		put(to, variable, value);
	}
}

void tw_live_environment_init(struct tw_live_environment *environment,
	const struct tw_spec *spec, const struct tw_spec_service *candidate,
	const struct tw_live_dependencies *dependencies, uint16_t port,
	const struct tw_labels *extra)
{
	struct rewrite r = {environment, spec, candidate, dependencies,
		tw_live_container(candidate), tw_live_container_port(candidate),
		port};
	char own[8];

	memset(environment, 0, sizeof *environment);
	tw_arena_init(&environment->arena);
	inherit(environment);
	inject(environment, dependencies);
	snprintf(own, sizeof own, "%u", port);
	put(environment, "PORT", own);
	for (size_t i = 0; r.container && i < r.container->env.n; i++)
		put_variable(&r, &r.container->env.v[i]);
	for (size_t i = 0; extra && i < extra->n; i++)
		put(environment, extra->v[i].key,
			tw_live_fill_port(
				&environment->arena, extra->v[i].value, port));
	tw_vec_push(&environment->v, NULL);
}

void tw_live_environment_release(struct tw_live_environment *environment)
{
	tw_vec_release(&environment->v);
	tw_vec_release(&environment->unknown);
	tw_arena_release(&environment->arena);
}
