/*
 * Ports that lead nowhere. Containers need not declare the ports they listen
 * on, so a number is doubted only where all of a workload's containers declare
 * some; a name has to be declared to mean anything.
 */
#include "harness/lint/rules.h"

static bool is_opened(
	const struct tw_spec_workload *w, const char *name, int64_t number)
{
	for (size_t i = 0; i < w->containers.n; i++) {
		const struct tw_spec_container *it = w->containers.v[i];

		for (size_t k = 0; k < it->ports.n; k++) {
			if (name ? it->ports.v[k].name.v &&
						!strcmp(it->ports.v[k].name.v,
							name)
				 : it->ports.v[k].port.v == number)
				return true;
		}
	}
	return false;
}

static bool declares_all(const struct tw_spec_workload *w)
{
	size_t containers = 0;

	for (size_t i = 0; i < w->containers.n; i++) {
		if (w->containers.v[i]->is_init)
			continue;
		containers++;
		if (!w->containers.v[i]->ports.n)
			return false;
	}
	return containers != 0;
}

/* "server opens 8080 (http) and 9090" */
static void hint_opened(const struct tw_lint_context *c,
	const struct tw_spec_workload *w, struct tw_diag *diag)
{
	struct tw_buf text = {0};

	for (size_t i = 0; i < w->containers.n; i++) {
		const struct tw_spec_container *it = w->containers.v[i];

		for (size_t k = 0; k < it->ports.n; k++)
			tw_buf_printf(&text, "%s%lld%s%s%s", text.n ? ", " : "",
				(long long)it->ports.v[k].port.v,
				it->ports.v[k].name.v ? " (" : "",
				it->ports.v[k].name.v ? it->ports.v[k].name.v
						      : "",
				it->ports.v[k].name.v ? ")" : "");
	}
	tw_diag_hint(c->diags, diag, "%s %s opens %s", w->kind, w->name,
		text.n ? tw_buf_text(&text) : "no port");
	tw_buf_release(&text);
}

static void check_port(const struct tw_lint_context *c,
	const struct tw_spec_service *s, const struct tw_spec_port *port)
{
	const char *name = port->target_name.v;
	int64_t number = tw_int_or(port->target, port->port.v);
	struct tw_diag *diag;

	for (size_t i = 0; i < s->workloads.n; i++) {
		const struct tw_spec_workload *w = s->workloads.v[i];

		if (is_opened(w, name, number) || (!name && !declares_all(w)))
			return;
	}
	if (name)
		diag = tw_lint_find(c, "port-not-opened", NULL,
			port->target_name.origin,
			"no container behind Service %s has a port named '%s'",
			s->key, name);
	else
		diag = tw_lint_find(c, "port-not-opened", NULL,
			port->target.origin ? port->target.origin
					    : port->port.origin,
			"no container behind Service %s opens port %lld",
			s->key, (long long)number);
	diag->why = "connections to this port of the Service are refused";
	hint_opened(c, s->workloads.v[0], diag);
}

void tw_lint_ports(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *s = c->spec->services.v[i].value;

		/* A headless Service leads to pods whatever its ports say. */
		if (!s->workloads.n || s->headless)
			continue;
		for (size_t k = 0; k < s->ports.n; k++)
			check_port(c, s, &s->ports.v[k]);
	}
}

static bool is_same_port(
	const struct tw_spec_port *a, const struct tw_spec_port *b)
{
	const char *left = a->protocol.v ? a->protocol.v : "TCP";
	const char *right = b->protocol.v ? b->protocol.v : "TCP";

	return a->port.v == b->port.v && !strcmp(left, right);
}

void tw_lint_duplicate_ports(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->services.n; i++) {
		const struct tw_spec_service *s = c->spec->services.v[i].value;

		for (size_t k = 1; k < s->ports.n; k++) {
			size_t j = 0;
			struct tw_diag *diag;

			while (j < k &&
				!is_same_port(&s->ports.v[j], &s->ports.v[k]))
				j++;
			if (j == k)
				continue;
			diag = tw_lint_find(c, "duplicate-port", NULL,
				s->ports.v[k].port.origin,
				"Service %s has port %lld twice", s->key,
				(long long)s->ports.v[k].port.v);
			diag->why = "the API server refuses the Service";
		}
	}
}
