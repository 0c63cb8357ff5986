/*
 * What nodes said is kept: filters and scores that follow from a pod's spec
 * and one node (`of_node` in the plugin) are asked again only when the node
 * has changed: a pod put or taken, another spec. The scheduler remembers which
 * nodes did last.
 */
#include "twins/cluster/scheduler.h"

#include "twins/base/assert.h"

/* ---- who is alike --------------------------------------------------- */

static bool same_requests(
	const struct tw_pod_spec *a, const struct tw_pod_spec *b)
{
	if (a->requests.n != b->requests.n || a->usual_cpu != b->usual_cpu ||
		a->usual_memory != b->usual_memory)
		return false;
	for (size_t i = 0; i < a->requests.n; i++)
		if (a->requests.v[i].amount != b->requests.v[i].amount ||
			strcmp(a->requests.v[i].name, b->requests.v[i].name) !=
				0)
			return false;
	return true;
}

static bool same_tolerations(
	const struct tw_tolerations *a, const struct tw_tolerations *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].op != b->v[i].op ||
			a->v[i].effect != b->v[i].effect ||
			!tw_text_same(a->v[i].key, b->v[i].key) ||
			!tw_text_same(a->v[i].value, b->v[i].value))
			return false;
	return true;
}

static bool same_requirements(const struct tw_node_requirements *a,
	const struct tw_node_requirements *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct tw_node_requirement *x = &a->v[i], *y = &b->v[i];

		if (x->op != y->op || x->values.n != y->values.n ||
			!tw_text_same(x->key, y->key))
			return false;
		for (size_t k = 0; k < x->values.n; k++)
			if (!tw_text_same(x->values.v[k], y->values.v[k]))
				return false;
	}
	return true;
}

static bool same_terms(
	const struct tw_node_terms *a, const struct tw_node_terms *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].broken != b->v[i].broken ||
			a->v[i].weight != b->v[i].weight ||
			!same_requirements(&a->v[i].labels, &b->v[i].labels) ||
			!same_requirements(&a->v[i].fields, &b->v[i].fields))
			return false;
	return true;
}

static bool same_selector(const struct tw_labels *a, const struct tw_labels *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!tw_text_same(a->v[i].key, b->v[i].key) ||
			!tw_text_same(a->v[i].value, b->v[i].value))
			return false;
	return true;
}

static bool same_ports(const struct tw_pod_spec *a, const struct tw_pod_spec *b)
{
	if (a->host_ports.n != b->host_ports.n)
		return false;
	for (size_t i = 0; i < a->host_ports.n; i++)
		if (a->host_ports.v[i].port != b->host_ports.v[i].port ||
			a->host_ports.v[i].protocol !=
				b->host_ports.v[i].protocol ||
			!tw_text_same(
				a->host_ports.v[i].ip, b->host_ports.v[i].ip))
			return false;
	return true;
}

static bool are_alike(const struct tw_pod_spec *a, const struct tw_pod_spec *b)
{
	const struct tw_node_affinity *x = &a->node_affinity;
	const struct tw_node_affinity *y = &b->node_affinity;

	return a == b ||
	       (same_requests(a, b) &&
		       tw_text_same(a->node_name, b->node_name) &&
		       same_selector(&a->node_selector, &b->node_selector) &&
		       x->is_required == y->is_required &&
		       same_terms(&x->required, &y->required) &&
		       same_terms(&x->preferred, &y->preferred) &&
		       same_tolerations(&a->tolerations, &b->tolerations) &&
		       same_ports(a, b));
}

uint32_t tw_sched_kind_find(
	struct tw_scheduler *s, const struct tw_pod_spec *pod)
{
	for (uint32_t k = (uint32_t)s->kinds.n; k--;)
		if (are_alike(s->kinds.v[k].pod, pod))
			return k;
	tw_vec_push(&s->kinds, ((struct tw_sched_kind){.pod = pod}));
	return (uint32_t)s->kinds.n - 1;
}

/* ---- room for answers ----------------------------------------------- */

static void forget(struct tw_scheduler *s, struct tw_sched_kind *kind)
{
	s->n_answers -= kind->n_answers;
	tw_free(kind->sums);
	tw_free(kind->raw);
	kind->sums = NULL;
	kind->raw = NULL;
	kind->n_answers = 0;
}

static struct tw_sched_kind *oldest(struct tw_scheduler *s)
{
	struct tw_sched_kind *found = NULL;

	for (size_t k = 0; k < s->kinds.n; k++)
		if (s->kinds.v[k].sums &&
			(!found || s->kinds.v[k].used < found->used))
			found = &s->kinds.v[k];
	return found;
}

static void ask_all(struct tw_sched_kind *kind)
{
	for (uint32_t n = 0; n < kind->n_answers; n++)
		kind->sums[n] = TW_SCHED_UNASKED;
}

static void make_room(struct tw_scheduler *s, struct tw_sched_kind *kind)
{
	uint32_t n = (uint32_t)s->nodes.n;

	forget(s, kind);
	while (s->n_answers && s->n_answers + n > s->max_answers)
		forget(s, oldest(s));
	kind->sums = tw_calloc(n, sizeof *kind->sums);
	kind->raw = tw_calloc(n, sizeof *kind->raw);
	kind->n_answers = n;
	s->n_answers += n;
	memset(kind->tells, 0, sizeof kind->tells);
	ask_all(kind);
	kind->n_changes = s->n_changes;
}

struct tw_sched_kind *tw_sched_kind_open(struct tw_sched_cycle *cycle)
{
	struct tw_scheduler *s = cycle->s;
	struct tw_sched_kind *kind =
		&s->kinds.v[s->kind_of.v[cycle->class_index]];

	if (!kind->sums || kind->n_answers != s->nodes.n)
		make_room(s, kind);
	if (s->n_changes - kind->n_changes > TW_SCHED_CHANGES)
		ask_all(kind);
	else
		for (uint64_t i = kind->n_changes; i < s->n_changes; i++)
			kind->sums[s->changed[i % TW_SCHED_CHANGES]] =
				TW_SCHED_UNASKED;
	kind->n_changes = s->n_changes;
	kind->used = ++s->decisions;
	return kind;
}

void tw_sched_kinds_release(struct tw_scheduler *s)
{
	for (size_t k = 0; k < s->kinds.n; k++)
		forget(s, &s->kinds.v[k]);
	tw_vec_release(&s->kinds);
	tw_vec_release(&s->kind_of);
}

/* ---- a node is asked ------------------------------------------------ */

static bool fits(const struct tw_sched_cycle *cycle, uint32_t node)
{
	if (cycle->s->nodes.v[node].absent)
		return false;
	for (uint32_t i = 0; tw_sched_plugins[i]; i++) {
		const struct tw_sched_plugin *it = tw_sched_plugins[i];

		if (it->of_node && it->filter &&
			it->filter(cycle, i, node).status != TW_SCHED_OK)
			return false;
	}
	return true;
}

static int16_t add_scores(
	struct tw_sched_cycle *cycle, struct tw_sched_kind *kind, uint32_t node)
{
	size_t raw = 0;
	int64_t sum = 0;

	for (uint32_t i = 0; tw_sched_plugins[i]; i++) {
		const struct tw_sched_plugin *it = tw_sched_plugins[i];
		int64_t score = 0;

		if (!it->of_node || !it->score)
			continue;
		if (!it->pre_score || it->pre_score(cycle, i))
			score = it->score(cycle, i, node);
		if (!it->normalise) {
			sum += it->weight * score;
			continue;
		}
		tw_assert(raw < TW_SCHED_RAW && score == (int32_t)score);
		kind->raw[node][raw] = (int32_t)score;
		kind->tells[raw++] |= score != 0;
	}
	tw_assert(sum == (int16_t)sum && sum > TW_SCHED_REFUSED);
	return (int16_t)sum;
}

int16_t tw_sched_kind_ask(
	struct tw_sched_cycle *cycle, struct tw_sched_kind *kind, uint32_t node)
{
	kind->sums[node] = fits(cycle, node) ? add_scores(cycle, kind, node)
					     : TW_SCHED_REFUSED;
	return kind->sums[node];
}
