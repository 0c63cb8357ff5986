/*
 * NetworkPolicies that do not say what they are meant to: for nobody, from
 * nobody, to a port that nobody has. Peers of other namespaces may be other
 * teams' and are not doubted.
 */
#include "harness/lint/rules.h"

#include <string.h>

static bool selects(const struct tw_spec *spec, const char *namespace,
	const struct tw_label_selector *pods)
{
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (!strcmp(it->namespace, namespace) &&
			tw_label_selector_fits(pods, &it->labels))
			return true;
	}
	return false;
}

/* The pods that miss a selector by one value that is nearly theirs. */
static void hint_labels(const struct tw_lint_context *c, const char *namespace,
	const struct tw_label_selector *pods, struct tw_diag *diag)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *it =
			c->spec->workloads.v[i].value;

		for (size_t k = 0;
			k < pods->n && !strcmp(it->namespace, namespace); k++) {
			const struct tw_label_requirement *one = &pods->v[k];
			const char *has = tw_label_value(&it->labels, one->key);

			if (!has || one->op != TW_LABEL_IN || !one->values.n ||
				!tw_nearest(one->values.v[0], &has, 1))
				continue;
			tw_diag_hint(c->diags, diag,
				"the pods of %s %s have %s: %s", it->kind,
				it->name, one->key, has);
			return;
		}
	}
}

void tw_lint_idle_policies(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->netpols.n; i++) {
		const struct tw_netpol *it = c->spec->netpols.v[i];
		struct tw_diag *diag;

		if (!tw_lint_has_workloads(c->spec, it->namespace) ||
			selects(c->spec, it->namespace, &it->pods))
			continue;
		diag = tw_lint_find(c, "policy-selects-nothing", NULL,
			it->origin,
			"no pod has the labels that NetworkPolicy %s/%s is "
			"for",
			it->namespace, it->name);
		diag->why = "it keeps nobody from anything";
		hint_labels(c, it->namespace, &it->pods, diag);
	}
}

static void check_peers(const struct tw_lint_context *c,
	const struct tw_netpol *policy, const struct tw_netpol_rule *rule,
	bool in)
{
	for (size_t i = 0; i < rule->peers.n; i++) {
		const struct tw_netpol_peer *it = &rule->peers.v[i];
		struct tw_diag *diag;

		if (it->is_block || it->has_namespaces ||
			selects(c->spec, policy->namespace, &it->pods))
			continue;
		diag = tw_lint_find(c, "policy-peer-nobody", NULL, it->origin,
			"NetworkPolicy %s/%s lets %s pods that are not in its "
			"namespace",
			policy->namespace, policy->name,
			in ? "in" : "its pods out to");
		diag->why =
			"a podSelector without a namespaceSelector is about "
			"the policy's own namespace";
		diag->hint = "a namespaceSelector beside it, where they are in "
			     "another one";
		hint_labels(c, policy->namespace, &it->pods, diag);
	}
}

void tw_lint_policy_peers(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->netpols.n; i++) {
		const struct tw_netpol *it = c->spec->netpols.v[i];

		if (!selects(c->spec, it->namespace, &it->pods))
			continue;
		for (size_t k = 0; it->ingress && k < it->in.n; k++)
			check_peers(c, it, &it->in.v[k], true);
		for (size_t k = 0; it->egress && k < it->out.n; k++)
			check_peers(c, it, &it->out.v[k], false);
	}
}

/* ---- ports ----------------------------------------------------------- */

TW_VEC_TYPE(names, const char *);

/* Whether it has the port; those that it has are added to `near`. */
static bool opens(const struct tw_spec_workload *it,
	const struct tw_netpol_port *port, struct names *near)
{
	for (size_t i = 0; i < it->containers.n; i++) {
		const struct tw_spec_container *box = it->containers.v[i];

		for (size_t k = 0; k < box->ports.n; k++) {
			const char *name = box->ports.v[k].name.v;

			if (!name || box->ports.v[k].protocol != port->protocol)
				continue;
			if (!strcmp(name, port->name))
				return true;
			tw_vec_push(near, name);
		}
	}
	return false;
}

/* Whether a rule for the way out is about pods of the policy's namespace
 * alone. */
static bool stays_inside(const struct tw_netpol_rule *rule)
{
	for (size_t i = 0; i < rule->peers.n; i++)
		if (rule->peers.v[i].is_block ||
			rule->peers.v[i].has_namespaces)
			return false;
	return rule->peers.n;
}

/* A name is one of the destination's: those that the policy is for, or, on
 * the way out, anybody's. */
static bool is_opened(const struct tw_spec *spec,
	const struct tw_netpol *policy, const struct tw_netpol_port *port,
	bool in, struct names *near)
{
	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		if (in && (strcmp(it->namespace, policy->namespace) != 0 ||
				  !tw_label_selector_fits(
					  &policy->pods, &it->labels)))
			continue;
		if (opens(it, port, near))
			return true;
	}
	return false;
}

static void check_ports(const struct tw_lint_context *c,
	const struct tw_netpol *policy, const struct tw_netpol_rule *rule,
	bool in)
{
	for (size_t i = 0; i < rule->ports.n; i++) {
		const struct tw_netpol_port *it = &rule->ports.v[i];
		struct names near = {0};
		struct tw_diag *diag;

		if (it->name && !is_opened(c->spec, policy, it, in, &near)) {
			diag = tw_lint_find(c, "policy-port-unknown", NULL,
				it->origin,
				"no pod that NetworkPolicy %s/%s is about has "
				"a "
				"%s port named '%s'",
				policy->namespace, policy->name,
				tw_protocol_name(it->protocol), it->name);
			diag->why = "this port admits nothing";
			tw_diag_nearest(
				c->diags, diag, it->name, near.v, near.n);
		}
		tw_vec_release(&near);
	}
}

void tw_lint_policy_ports(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->netpols.n; i++) {
		const struct tw_netpol *it = c->spec->netpols.v[i];

		if (!selects(c->spec, it->namespace, &it->pods))
			continue;
		for (size_t k = 0; it->ingress && k < it->in.n; k++)
			check_ports(c, it, &it->in.v[k], true);
		for (size_t k = 0; it->egress && k < it->out.n; k++)
			if (stays_inside(&it->out.v[k]))
				check_ports(c, it, &it->out.v[k], false);
	}
}
