#include "twins/model/netpol_index.h"

#include "twins/base/map.h"
#include "twins/base/text.h"

#define DNS_NAMESPACE "kube-system"
#define DNS_PORT      53

TW_VEC_TYPE(numbers, uint32_t);

/* Peers that mean the same pods. */
struct group {
	const struct tw_netpol *policy;
	const struct tw_netpol_peer *peer; /* the first of them */
	uint64_t *fits;			   /* a bit a pod; NULL: not yet */
};

struct names {
	bool known, has;
	const struct tw_netpol *by;
};

struct tw_netpol_index {
	struct tw_arena arena;
	const struct tw_netpols *policies;
	const struct tw_netpol_pod *pods;
	uint32_t n;
	struct tw_map namespaces; /* -> struct numbers *: pods */
	struct tw_map labelled;	  /* "namespace key=value" -> likewise */
	struct numbers *own;	  /* by pod: policies, in their order */
	uint32_t **in, **out;	  /* by policy: groups of peers, in order */
	TW_VEC(struct group) groups;
	struct tw_map by_text; /* what a peer says -> number of group + 1 */
	struct names *names;   /* by pod */
};

/* ---- pods by label -------------------------------------------------- */

static const char *label_text(struct tw_buf *to, const char *namespace,
	const char *key, const char *value)
{
	tw_buf_clear(to);
	tw_buf_printf(to, "%s %s=%s", namespace, key, value);
	return tw_buf_text(to);
}

static void list_under(struct tw_netpol_index *index, struct tw_map *map,
	const char *key, uint32_t pod)
{
	struct numbers *list = tw_map_get(map, key);

	if (!list) {
		list = tw_new(&index->arena, struct numbers);
		tw_map_put(map, key, list);
	}
	if (!list->n || list->v[list->n - 1] != pod)
		tw_vec_push_in(&index->arena, list, pod);
}

static void list_pods(struct tw_netpol_index *index)
{
	struct tw_buf text = {0};

	for (uint32_t p = 0; p < index->n; p++) {
		const struct tw_netpol_pod *it = &index->pods[p];

		list_under(index, &index->namespaces, it->namespace, p);
		for (size_t i = 0; i < it->labels->n; i++)
			list_under(index, &index->labelled,
				label_text(&text, it->namespace,
					it->labels->v[i].key,
					it->labels->v[i].value),
				p);
	}
	tw_buf_release(&text);
}

/* Those of a namespace that a selector may select. */
static const struct numbers *candidates(const struct tw_netpol_index *index,
	const char *namespace, const struct tw_label_selector *selector)
{
	static const struct numbers nobody = {0};
	const struct numbers *found = NULL;
	struct tw_buf text = {0};
	bool one = false;

	for (size_t i = 0; selector && !one && i < selector->n; i++) {
		const struct tw_label_requirement *it = &selector->v[i];

		one = it->op == TW_LABEL_IN && it->values.n == 1;
		if (one)
			found = tw_map_get(&index->labelled,
				label_text(&text, namespace, it->key,
					it->values.v[0]));
	}
	if (!one)
		found = tw_map_get(&index->namespaces, namespace);
	tw_buf_release(&text);
	return found ? found : &nobody;
}

static void list_own(struct tw_netpol_index *index)
{
	for (uint32_t p = 0; p < index->policies->n; p++) {
		const struct tw_netpol *it = index->policies->v[p];
		const struct numbers *some =
			candidates(index, it->namespace, &it->pods);

		for (size_t i = 0; i < some->n; i++)
			if (tw_label_selector_fits(
				    &it->pods, index->pods[some->v[i]].labels))
				tw_vec_push_in(&index->arena,
					&index->own[some->v[i]], p);
	}
}

/* ---- peers that say the same ---------------------------------------- */

static void add_selector(
	struct tw_buf *to, const struct tw_label_selector *selector)
{
	for (size_t i = 0; i < selector->n; i++) {
		const struct tw_label_requirement *it = &selector->v[i];

		tw_buf_printf(to, "\n%s %d", it->key, (int)it->op);
		for (size_t k = 0; k < it->values.n; k++)
			tw_buf_printf(to, " %s", it->values.v[k]);
	}
}

/* Without a text it is alone. */
static void add_peer_text(struct tw_buf *to, const struct tw_netpol *policy,
	const struct tw_netpol_peer *peer)
{
	if (peer->is_block)
		return;
	if (peer->has_namespaces)
		add_selector(to, &peer->namespaces);
	else
		tw_buf_add_text(to, policy->namespace);
	tw_buf_add_text(to, peer->has_pods ? "\npods" : "\nall");
	add_selector(to, &peer->pods);
}

static uint32_t group_of(struct tw_netpol_index *index, struct tw_buf *text,
	const struct tw_netpol *policy, const struct tw_netpol_peer *peer)
{
	uintptr_t known;

	tw_buf_clear(text);
	add_peer_text(text, policy, peer);
	known = (uintptr_t)tw_map_get_n(
		&index->by_text, tw_buf_text(text), text->n);
	if (text->n && known)
		return (uint32_t)known - 1;
	tw_vec_push_in(&index->arena, &index->groups,
		((struct group){.policy = policy, .peer = peer}));
	if (text->n)
		tw_map_put_n(&index->by_text, tw_buf_text(text), text->n,
			(void *)(uintptr_t)index->groups.n);
	return (uint32_t)index->groups.n - 1;
}

static uint32_t *groups_of(struct tw_netpol_index *index, struct tw_buf *text,
	const struct tw_netpol *policy, bool ingress)
{
	size_t n = ingress ? policy->in.n : policy->out.n;
	const struct tw_netpol_rule *rules =
		ingress ? policy->in.v : policy->out.v;
	struct numbers list = {0};

	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < rules[r].peers.n; i++)
			tw_vec_push_in(&index->arena, &list,
				group_of(index, text, policy,
					&rules[r].peers.v[i]));
	return list.v;
}

static void find_groups(struct tw_netpol_index *index)
{
	struct tw_buf text = {0};

	for (size_t p = 0; p < index->policies->n; p++) {
		const struct tw_netpol *it = index->policies->v[p];

		index->in[p] = groups_of(index, &text, it, true);
		index->out[p] = groups_of(index, &text, it, false);
	}
	tw_buf_release(&text);
}

static void mark(uint64_t *bits, uint32_t pod)
{
	bits[pod / 64] |= UINT64_C(1) << pod % 64;
}

static void mark_some(const struct tw_netpol_index *index,
	const struct group *group, const struct numbers *some)
{
	for (size_t i = 0; i < some->n; i++)
		if (!group->peer->has_pods ||
			tw_label_selector_fits(&group->peer->pods,
				index->pods[some->v[i]].labels))
			mark(group->fits, some->v[i]);
}

static void find_fits(struct tw_netpol_index *index, struct group *group)
{
	const struct tw_netpol_peer *peer = group->peer;
	const struct tw_label_selector *pods =
		peer->has_pods ? &peer->pods : NULL;

	group->fits = tw_new_array(&index->arena, index->n / 64 + 1, uint64_t);
	for (uint32_t p = 0; peer->is_block && p < index->n; p++)
		if (tw_netpol_peer_fits(group->policy, peer, &index->pods[p]))
			mark(group->fits, p);
	if (peer->is_block)
		return;
	if (!peer->has_namespaces)
		mark_some(index, group,
			candidates(index, group->policy->namespace, pods));
	for (size_t i = 0; peer->has_namespaces && i < index->namespaces.n;
		i++) {
		const struct tw_map_entry *it = &index->namespaces.v[i];
		const struct numbers *there = it->value;

		/* All of a namespace have its labels. */
		if (tw_netpol_namespace_fits(
			    &peer->namespaces, &index->pods[there->v[0]]))
			mark_some(
				index, group, candidates(index, it->key, pods));
	}
}

static bool is_in(struct tw_netpol_index *index, uint32_t group, uint32_t pod)
{
	struct group *it = &index->groups.v[group];

	if (!it->fits)
		find_fits(index, it);
	return it->fits[pod / 64] >> pod % 64 & 1;
}

/* ---- its life ------------------------------------------------------- */

struct tw_netpol_index *tw_netpol_index_new(const struct tw_netpols *policies,
	const struct tw_netpol_pod *pods, uint32_t n)
{
	struct tw_netpol_index *index = tw_calloc(1, sizeof *index);

	tw_arena_init(&index->arena);
	index->policies = policies;
	index->pods = pods;
	index->n = n;
	tw_map_init(&index->namespaces, &index->arena);
	tw_map_init(&index->labelled, &index->arena);
	tw_map_init(&index->by_text, &index->arena);
	if (!policies->n)
		return index;
	index->own = tw_new_array(&index->arena, n + 1, struct numbers);
	index->names = tw_new_array(&index->arena, n + 1, struct names);
	index->in = tw_new_array(&index->arena, policies->n, uint32_t *);
	index->out = tw_new_array(&index->arena, policies->n, uint32_t *);
	list_pods(index);
	list_own(index);
	find_groups(index);
	return index;
}

void tw_netpol_index_free(struct tw_netpol_index *index)
{
	if (!index)
		return;
	tw_arena_release(&index->arena);
	tw_free(index);
}

/* ---- a connection --------------------------------------------------- */

struct direction {
	bool ingress;
	uint32_t own, peer, destination;
	int port;
	enum tw_protocol protocol;
};

static bool peers_fit(struct tw_netpol_index *index,
	const struct tw_netpol_rule *rule, const uint32_t *groups,
	uint32_t peer)
{
	if (peer == TW_NETPOL_OUTSIDE)
		return tw_netpol_admits_strangers(rule);
	if (!rule->peers.n)
		return true;
	for (size_t i = 0; i < rule->peers.n; i++)
		if (is_in(index, groups[i], peer))
			return true;
	return false;
}

static bool lets_through(struct tw_netpol_index *index, uint32_t policy,
	const struct direction *d)
{
	const struct tw_netpol *it = index->policies->v[policy];
	const struct tw_netpol_rule *rules = d->ingress ? it->in.v : it->out.v;
	const uint32_t *groups =
		d->ingress ? index->in[policy] : index->out[policy];
	size_t n = d->ingress ? it->in.n : it->out.n, first = 0;

	for (size_t i = 0; i < n; first += rules[i++].peers.n)
		if (peers_fit(index, &rules[i], groups ? groups + first : NULL,
			    d->peer) &&
			tw_netpol_ports_fit(&rules[i],
				&index->pods[d->destination], d->port,
				d->protocol))
			return true;
	return false;
}

/* NULL: open; else the policy that closes it and speaks of these pods most
 * closely: a person looks there first. */
static const struct tw_netpol *closed_by(
	struct tw_netpol_index *index, const struct direction *d)
{
	const struct numbers *own = &index->own[d->own];
	const struct tw_netpol *first = NULL;

	for (size_t i = 0; i < own->n; i++) {
		const struct tw_netpol *it = index->policies->v[own->v[i]];

		if (!(d->ingress ? it->ingress : it->egress))
			continue;
		if (lets_through(index, own->v[i], d))
			return NULL;
		if (!first || it->pods.n > first->pods.n)
			first = it;
	}
	return first;
}

struct tw_netpol_verdict tw_netpol_index_judge(struct tw_netpol_index *index,
	uint32_t from, uint32_t to, int port, enum tw_protocol protocol)
{
	struct direction d = {
		.own = from,
		.peer = to,
		.destination = to,
		.port = port,
		.protocol = protocol,
	};
	struct tw_netpol_verdict verdict = {.allowed = true};

	if (!index->policies->n)
		return verdict;
	if (from != TW_NETPOL_OUTSIDE)
		verdict.by = closed_by(index, &d);
	if (!verdict.by) {
		d.ingress = true;
		d.own = to;
		d.peer = from;
		verdict.by = closed_by(index, &d);
		verdict.by_ingress = verdict.by;
	}
	verdict.allowed = !verdict.by;
	return verdict;
}

struct tw_netpol_verdict tw_netpol_judge(const struct tw_netpols *policies,
	const struct tw_netpol_pod *from, const struct tw_netpol_pod *to,
	int port, enum tw_protocol protocol)
{
	const struct tw_netpol_pod pods[] = {*to, from ? *from : *to};
	struct tw_netpol_index *index = tw_netpol_index_new(policies, pods, 2);
	struct tw_netpol_verdict verdict = tw_netpol_index_judge(
		index, from ? 1 : TW_NETPOL_OUTSIDE, 0, port, protocol);

	tw_netpol_index_free(index);
	return verdict;
}

/* ---- names ---------------------------------------------------------- */

/* kube-system, but for distributions that have a namespace for it, such as
 * openshift-dns. */
static bool is_of_dns(const char *namespace)
{
	return !strcmp(namespace, DNS_NAMESPACE) || strstr(namespace, "dns");
}

/* A selector of namespaces by name that the DNS cannot be in; what other labels
 * its namespace has nobody knows. */
static bool excludes_dns(const struct tw_label_requirement *it)
{
	if (strcmp(it->key, TW_METADATA_NAME) != 0 || it->op == TW_LABEL_EXISTS)
		return false;
	if (it->op == TW_LABEL_DOES_NOT_EXIST)
		return true;
	for (size_t i = 0; i < it->values.n; i++)
		if (is_of_dns(it->values.v[i]))
			return it->op == TW_LABEL_NOT_IN;
	return it->op == TW_LABEL_IN;
}

static bool peer_may_be_dns(
	const struct tw_netpol *policy, const struct tw_netpol_peer *peer)
{
	if (peer->is_block)
		return true;
	if (!peer->has_namespaces)
		return is_of_dns(policy->namespace);
	for (size_t i = 0; i < peer->namespaces.n; i++)
		if (excludes_dns(&peer->namespaces.v[i]))
			return false;
	return true;
}

/* The DNS pods' labels are the distribution's own affair. */
static bool may_be_dns(
	const struct tw_netpol *policy, const struct tw_netpol_rule *rule)
{
	for (size_t i = 0; i < rule->peers.n; i++)
		if (peer_may_be_dns(policy, &rule->peers.v[i]))
			return true;
	return !rule->peers.n;
}

static bool lets_ask(const struct tw_netpol *policy)
{
	for (size_t i = 0; i < policy->out.n; i++) {
		const struct tw_netpol_rule *rule = &policy->out.v[i];

		if (may_be_dns(policy, rule) &&
			tw_netpol_ports_fit(rule, NULL, DNS_PORT, TW_UDP))
			return true;
	}
	return false;
}

static struct names find_names(
	const struct tw_netpol_index *index, uint32_t pod)
{
	const struct numbers *own = &index->own[pod];
	struct names names = {.known = true, .has = true};

	for (size_t i = 0; i < own->n; i++) {
		const struct tw_netpol *it = index->policies->v[own->v[i]];

		if (!it->egress)
			continue;
		if (lets_ask(it))
			return (struct names){.known = true, .has = true};
		if (!names.by)
			names.by = it;
		names.has = false;
	}
	return names;
}

bool tw_netpol_index_has_dns(struct tw_netpol_index *index, uint32_t pod,
	const struct tw_netpol **by)
{
	struct names *it;

	*by = NULL;
	if (!index->policies->n)
		return true;
	it = &index->names[pod];
	if (!it->known)
		*it = find_names(index, pod);
	*by = it->by;
	return it->has;
}
