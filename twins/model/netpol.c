#include "twins/model/netpol.h"

const char *tw_protocol_name(enum tw_protocol protocol)
{
	static const char *const names[] = {"TCP", "UDP", "SCTP"};

	return names[protocol];
}

bool tw_cidr_holds(const struct tw_cidr *cidr, const struct tw_ip *ip)
{
	unsigned whole = cidr->prefix / 8, rest = cidr->prefix % 8;

	if (ip->size != cidr->ip.size)
		return false;
	if (memcmp(ip->bytes, cidr->ip.bytes, whole) != 0)
		return false;
	return !rest ||
	       !((ip->bytes[whole] ^ cidr->ip.bytes[whole]) >> (8 - rest));
}

/* ---- peers ---------------------------------------------------------- */

static bool block_fits(
	const struct tw_netpol_peer *peer, const struct tw_ip *known)
{
	static const struct tw_ip usual = {.bytes = {10, 244, 0, 1}, .size = 4};
	const struct tw_ip *ip = known->size ? known : &usual;

	if (!tw_cidr_holds(&peer->block, ip))
		return false;
	for (size_t i = 0; i < peer->except.n; i++)
		if (tw_cidr_holds(&peer->except.v[i], ip))
			return false;
	return true;
}

bool tw_netpol_namespace_fits(const struct tw_label_selector *selector,
	const struct tw_netpol_pod *pod)
{
	const struct tw_label name = {TW_METADATA_NAME, pod->namespace};
	struct tw_labels labels = {0};
	bool fits;

	/* The label that every namespace has; nobody can change it. */
	tw_vec_push(&labels, name);
	for (size_t i = 0;
		pod->namespace_labels && i < pod->namespace_labels->n; i++)
		if (strcmp(pod->namespace_labels->v[i].key, TW_METADATA_NAME))
			tw_vec_push(&labels, pod->namespace_labels->v[i]);
	fits = tw_label_selector_fits(selector, &labels);
	tw_vec_release(&labels);
	return fits;
}

bool tw_netpol_peer_fits(const struct tw_netpol *policy,
	const struct tw_netpol_peer *peer, const struct tw_netpol_pod *pod)
{
	if (peer->is_block)
		return block_fits(peer, &pod->ip);
	if (peer->has_namespaces
			? !tw_netpol_namespace_fits(&peer->namespaces, pod)
			: strcmp(policy->namespace, pod->namespace))
		return false;
	return !peer->has_pods ||
	       tw_label_selector_fits(&peer->pods, pod->labels);
}

bool tw_netpol_admits_strangers(const struct tw_netpol_rule *rule)
{
	if (!rule->peers.n)
		return true;
	for (size_t i = 0; i < rule->peers.n; i++)
		if (rule->peers.v[i].is_block ||
			rule->peers.v[i].has_namespaces)
			return true;
	return false;
}

/* ---- ports ---------------------------------------------------------- */

static bool names_port(const struct tw_netpol_port *it,
	const struct tw_netpol_pod *destination, int port)
{
	for (size_t i = 0; i < destination->ports.n; i++) {
		const struct tw_pod_port *own = &destination->ports.v[i];

		if (own->name && !strcmp(own->name, it->name) &&
			own->protocol == it->protocol && own->number == port)
			return true;
	}
	return false;
}

bool tw_netpol_ports_fit(const struct tw_netpol_rule *rule,
	const struct tw_netpol_pod *destination, int port,
	enum tw_protocol protocol)
{
	if (!rule->ports.n)
		return true;
	for (size_t i = 0; i < rule->ports.n; i++) {
		const struct tw_netpol_port *it = &rule->ports.v[i];

		if (it->protocol != protocol)
			continue;
		if (!port || (!it->name && !it->first))
			return true;
		if (it->name ? destination && names_port(it, destination, port)
			     : port >= it->first && port <= it->last)
			return true;
	}
	return false;
}

/* ---- labels --------------------------------------------------------- */

static bool rule_names(const struct tw_netpol_rule *rule, const char *key)
{
	for (size_t i = 0; i < rule->peers.n; i++)
		if (tw_label_selector_names(&rule->peers.v[i].pods, key))
			return true;
	return false;
}

bool tw_netpol_names(const struct tw_netpol *policy, const char *key)
{
	if (tw_label_selector_names(&policy->pods, key))
		return true;
	for (size_t i = 0; i < policy->in.n; i++)
		if (rule_names(&policy->in.v[i], key))
			return true;
	for (size_t i = 0; i < policy->out.n; i++)
		if (rule_names(&policy->out.v[i], key))
			return true;
	return false;
}
