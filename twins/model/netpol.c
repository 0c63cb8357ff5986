#include "twins/model/netpol.h"

#define METADATA_NAME "kubernetes.io/metadata.name"
#define DNS_NAMESPACE "kube-system"
#define DNS_PORT      53

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

static bool namespace_fits(const struct tw_label_selector *selector,
	const struct tw_netpol_pod *pod)
{
	const struct tw_label name = {METADATA_NAME, pod->namespace};
	struct tw_labels labels = {0};
	bool fits;

	/* The label that every namespace has; nobody can change it. */
	tw_vec_push(&labels, name);
	for (size_t i = 0;
		pod->namespace_labels && i < pod->namespace_labels->n; i++)
		if (strcmp(pod->namespace_labels->v[i].key, METADATA_NAME))
			tw_vec_push(&labels, pod->namespace_labels->v[i]);
	fits = tw_label_selector_fits(selector, &labels);
	tw_vec_release(&labels);
	return fits;
}

static bool peer_fits(const struct tw_netpol *policy,
	const struct tw_netpol_peer *peer, const struct tw_netpol_pod *pod)
{
	if (peer->is_block)
		return block_fits(peer, &pod->ip);
	if (peer->has_namespaces ? !namespace_fits(&peer->namespaces, pod)
				 : strcmp(policy->namespace, pod->namespace))
		return false;
	return !peer->has_pods ||
	       tw_label_selector_fits(&peer->pods, pod->labels);
}

/* Somebody whose namespace, labels and address we do not know. */
static bool admits_strangers(const struct tw_netpol_rule *rule)
{
	if (!rule->peers.n)
		return true;
	for (size_t i = 0; i < rule->peers.n; i++)
		if (rule->peers.v[i].is_block ||
			rule->peers.v[i].has_namespaces)
			return true;
	return false;
}

static bool peers_fit(const struct tw_netpol *policy,
	const struct tw_netpol_rule *rule, const struct tw_netpol_pod *peer)
{
	if (!peer)
		return admits_strangers(rule);
	if (!rule->peers.n)
		return true;
	for (size_t i = 0; i < rule->peers.n; i++)
		if (peer_fits(policy, &rule->peers.v[i], peer))
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

static bool ports_fit(const struct tw_netpol_rule *rule,
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

/* ---- policies ------------------------------------------------------- */

static bool is_for(
	const struct tw_netpol *policy, const struct tw_netpol_pod *pod)
{
	return !strcmp(policy->namespace, pod->namespace) &&
	       tw_label_selector_fits(&policy->pods, pod->labels);
}

struct direction {
	bool ingress;
	const struct tw_netpol_pod *own, *peer, *destination;
	int port;
	enum tw_protocol protocol;
};

static bool lets_through(
	const struct tw_netpol *policy, const struct direction *d)
{
	size_t n = d->ingress ? policy->in.n : policy->out.n;

	for (size_t i = 0; i < n; i++) {
		const struct tw_netpol_rule *rule =
			d->ingress ? &policy->in.v[i] : &policy->out.v[i];

		if (peers_fit(policy, rule, d->peer) &&
			ports_fit(rule, d->destination, d->port, d->protocol))
			return true;
	}
	return false;
}

/* NULL: open; else the policy that closes it and speaks of these pods most
 * closely: a person looks there first. */
static const struct tw_netpol *closed_by(
	const struct tw_netpols *policies, const struct direction *d)
{
	const struct tw_netpol *first = NULL;

	for (size_t i = 0; i < policies->n; i++) {
		const struct tw_netpol *it = policies->v[i];

		if (!(d->ingress ? it->ingress : it->egress) ||
			!is_for(it, d->own))
			continue;
		if (lets_through(it, d))
			return NULL;
		if (!first || it->pods.n > first->pods.n)
			first = it;
	}
	return first;
}

struct tw_netpol_verdict tw_netpol_judge(const struct tw_netpols *policies,
	const struct tw_netpol_pod *from, const struct tw_netpol_pod *to,
	int port, enum tw_protocol protocol)
{
	struct direction d = {
		.own = from,
		.peer = to,
		.destination = to,
		.port = port,
		.protocol = protocol,
	};
	struct tw_netpol_verdict verdict = {.allowed = true};

	if (from)
		verdict.by = closed_by(policies, &d);
	if (!verdict.by) {
		d.ingress = true;
		d.own = to;
		d.peer = from;
		verdict.by = closed_by(policies, &d);
		verdict.by_ingress = verdict.by;
	}
	verdict.allowed = !verdict.by;
	return verdict;
}

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

/* ---- names ---------------------------------------------------------- */

/* The DNS pods' labels are the distribution's own affair. */
static bool may_be_dns(
	const struct tw_netpol *policy, const struct tw_netpol_rule *rule)
{
	return admits_strangers(rule) ||
	       !strcmp(policy->namespace, DNS_NAMESPACE);
}

bool tw_netpol_has_dns(const struct tw_netpols *policies,
	const struct tw_netpol_pod *pod, const struct tw_netpol **by)
{
	*by = NULL;
	for (size_t i = 0; i < policies->n; i++) {
		const struct tw_netpol *it = policies->v[i];

		if (!it->egress || !is_for(it, pod))
			continue;
		for (size_t k = 0; k < it->out.n; k++)
			if (may_be_dns(it, &it->out.v[k]) &&
				(ports_fit(&it->out.v[k], NULL, DNS_PORT,
					 TW_UDP) ||
					ports_fit(&it->out.v[k], NULL, DNS_PORT,
						TW_TCP)))
				return true;
		if (!*by)
			*by = it;
	}
	return !*by;
}
