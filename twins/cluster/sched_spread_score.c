/*
 * PodTopologySpread: the score (scoring.go). Of the constraints that do not
 * filter, or of the system's default ones.
 */
#include "twins/cluster/sched_spread.h"

#include "twins/kernel/fmath.h"

#define HOSTNAME "kubernetes.io/hostname"
#define ZONE	 "topology.kubernetes.io/zone"

/* System defaulting: hostname with a skew of 3, zone of 5, for the pods of
 * the same Services and owner. */
static const struct tw_spreads *usual_spreads(
	struct tw_sched_cycle *cycle, struct tw_spreads *to)
{
	const struct tw_pod_spec *pod = cycle->class->pod;
	struct tw_spread spread = {
		.max_skew = 3, .topology_key = HOSTNAME, .has_selector = true};

	if (!pod->has_group)
		return to;
	spread.selector = pod->group;
	tw_vec_push_in(&cycle->arena, to, spread);
	spread.max_skew = 5;
	spread.topology_key = ZONE;
	tw_vec_push_in(&cycle->arena, to, spread);
	return to;
}

static void know(struct tw_spread_constraint *it, uint32_t domain, uint32_t at)
{
	if (it->known[domain])
		return;
	it->known[domain] = true;
	it->first[domain] = at;
	it->n_known++;
}

/* The domains of the feasible nodes that are left; a node without the key is
 * of a domain of its own. There may be no more to be known. */
static void know_domains(const struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, struct tw_spread_constraint *it)
{
	uint32_t all = it->topology->n_domains + it->topology->some_without;
	uint32_t before = UINT32_MAX;

	for (uint32_t f = 0; f < cycle->n_feasible; f++) {
		uint32_t domain = tw_spread_domain(it, cycle->feasible[f]);

		/* Neighbours are often of one. */
		if (domain == before ||
			(state->out && state->out[cycle->feasible[f]]))
			continue;
		know(it, domain, f);
		if (it->n_known == all)
			break;
		before = domain;
	}
}

static void find_domains(
	struct tw_sched_cycle *cycle, struct tw_spread_state *state)
{
	size_t out = 0;

	for (uint32_t f = 0; state->out && f < cycle->n_feasible; f++) {
		uint32_t node = cycle->feasible[f];

		state->out[node] = !tw_spread_has_keys(state, node);
		out += state->out[node];
	}
	for (size_t i = 0; i < state->n; i++)
		if (!state->constraints[i].on)
			know_domains(cycle, state, &state->constraints[i]);
	for (size_t i = 0; i < state->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[i];
		size_t n = it->on ? cycle->n_feasible - out : it->n_known;

		it->weight = tw_log((double)n + 2);
	}
}

/* The first constraint by hostname counts in marks, which are empty but for
 * the nodes of its pods. */
static void find_hosts(
	struct tw_sched_cycle *cycle, struct tw_spread_state *state)
{
	for (size_t i = 0; i < state->n; i++) {
		struct tw_spread_constraint *it = &state->constraints[i];

		if (!tw_spread_is_hostname(it))
			continue;
		if (!state->marked)
			it->on = tw_sched_marks_clear(cycle->s);
		else
			it->on = tw_new_array(
				&cycle->arena, cycle->s->nodes.n, int64_t);
		it->marks = !state->marked;
		state->marked = true;
	}
}

static bool some_without(const struct tw_spread_state *state)
{
	for (size_t i = 0; i < state->n; i++)
		if (state->constraints[i].topology->some_without)
			return true;
	return false;
}

bool tw_spread_pre_score(struct tw_sched_cycle *cycle, uint32_t slot)
{
	const struct tw_spreads *spreads = &cycle->class->pod->spreads;
	struct tw_spreads usual = {0};
	struct tw_spread_state *state;

	if (!cycle->n_feasible)
		return false;
	if (!spreads->n)
		spreads = usual_spreads(cycle, &usual);
	state = tw_spread_begin(cycle, spreads, false);
	/* The usual ones stand in memory of this cycle. */
	state->usual = usual;
	cycle->state[slot] = state;
	if (!state->n && !cycle->s->options.spread_always)
		return false;
	state->all_keys = cycle->class->pod->spreads.n > 0;
	if (state->all_keys && some_without(state))
		state->out =
			tw_new_array(&cycle->arena, cycle->s->nodes.n, bool);
	find_hosts(cycle, state);
	find_domains(cycle, state);
	for (size_t i = 0; i < state->n; i++)
		tw_spread_count(cycle, state, &state->constraints[i]);
	return true;
}

/* What a constraint adds to each node's sum: the pods of its domain, weighed,
 * and skew - 1; nothing where it has no key. */
static double of_pods(const struct tw_spread_constraint *it, int64_t pods)
{
	return (double)pods * it->weight + (double)(it->spread->max_skew - 1);
}

static void add_hosts(const struct tw_sched_cycle *cycle,
	const struct tw_spread_constraint *it, double *sums)
{
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		uint32_t node = cycle->feasible[i];

		if (tw_spread_has_key(it, node))
			sums[i] += of_pods(it, it->on[node]);
	}
}

static void add_domains(struct tw_sched_cycle *cycle,
	const struct tw_spread_constraint *it, double *sums)
{
	uint32_t n = it->topology->n_domains;
	double *by_domain = tw_new_array(&cycle->arena, n + 1, double);

	for (uint32_t d = 0; d < n; d++)
		by_domain[d] = of_pods(it, it->known[d] ? it->pods[d] : 0);
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		sums[i] += by_domain[tw_spread_domain(it, cycle->feasible[i])];
}

static bool is_out(const struct tw_spread_state *state, uint32_t node)
{
	return state->out && state->out[node];
}

void tw_spread_score_all(
	struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	const struct tw_spread_state *state = cycle->state[slot];
	double *sums =
		tw_new_array(&cycle->arena, cycle->n_feasible + 1, double);

	for (size_t i = 0; i < state->n; i++)
		if (state->constraints[i].on)
			add_hosts(cycle, &state->constraints[i], sums);
		else
			add_domains(cycle, &state->constraints[i], sums);
	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		scores[i] = is_out(state, cycle->feasible[i])
				    ? 0
				    : (int64_t)(sums[i] + 0.5);
}

/* 0 to 100. */
static int32_t normal(int64_t score, int64_t min, int64_t max)
{
	return max ? (int32_t)(100 * (max + min - score) / max) : 100;
}

void tw_spread_normalise(
	const struct tw_sched_cycle *cycle, uint32_t slot, int64_t *scores)
{
	const struct tw_spread_state *state = cycle->state[slot];
	int64_t min = INT64_MAX, max = 0, before = -1, became = 0;

	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (is_out(state, cycle->feasible[i]))
			continue;
		if (scores[i] < min)
			min = scores[i];
		if (scores[i] > max)
			max = scores[i];
	}
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		if (is_out(state, cycle->feasible[i])) {
			scores[i] = 0;
			continue;
		}
		/* Neighbours are often alike, and divisions slow. */
		if (scores[i] != before) {
			before = scores[i];
			became = normal(before, min, max);
		}
		scores[i] = became;
	}
}

/* ---- both steps at once --------------------------------------------- */

/*
 * Few nodes have pods that count. What any other one scores follows from its
 * domain, and there are few domains: so it is worked out by domain, and for
 * the odd nodes one by one.
 */
struct odd {
	uint32_t at; /* among the feasible */
	int64_t score;
};

struct by_domain {
	const struct tw_spread_constraint *of;	  /* NULL: all are of one */
	const struct tw_spread_constraint *hosts; /* NULL: no node is odd */
	uint32_t n;	  /* domains, and the nodes without the key */
	bool *seen;	  /* some feasible node of it is not odd */
	int64_t *scores;  /* of such a node */
	int32_t *weighed; /* the same, normalised and weighed */
	int64_t min, max;
	struct odd *odd;
	uint32_t n_odd;
};

static uint32_t domain_in(const struct by_domain *by, uint32_t node)
{
	return by->of ? tw_spread_domain(by->of, node) : 0;
}

/* False: these constraints are more than that. */
static bool find_constraints(
	const struct tw_spread_state *state, struct by_domain *by)
{
	*by = (struct by_domain){.n = 1, .min = INT64_MAX};
	for (size_t i = 0; i < state->n; i++) {
		const struct tw_spread_constraint *it = &state->constraints[i];

		if (it->on ? by->hosts || !it->marks ||
					it->topology->some_without
			   : by->of != NULL)
			return false;
		if (it->on)
			by->hosts = it;
		else
			by->of = it;
	}
	if (by->of)
		by->n = by->of->topology->n_domains + 1;
	return !state->out;
}

/* Of a node with so many pods itself; the sum in the order of the
 * constraints, as tw_spread_score_all() has it. */
static int64_t score_of(const struct tw_spread_state *state,
	const struct by_domain *by, uint32_t domain, int64_t on)
{
	double sum = 0;

	for (size_t i = 0; i < state->n; i++) {
		const struct tw_spread_constraint *it = &state->constraints[i];

		if (it == by->hosts)
			sum += of_pods(it, on);
		else if (domain < it->topology->n_domains)
			sum += of_pods(
				it, it->known[domain] ? it->pods[domain] : 0);
	}
	return (int64_t)(sum + 0.5);
}

static void see(struct by_domain *by, int64_t score)
{
	by->min = score < by->min ? score : by->min;
	by->max = score > by->max ? score : by->max;
}

static void see_domain(const struct tw_spread_state *state,
	struct by_domain *by, uint32_t domain)
{
	by->seen[domain] = true;
	by->scores[domain] = score_of(state, by, domain, 0);
	see(by, by->scores[domain]);
}

static bool is_odd(const struct by_domain *by, uint32_t node)
{
	return by->hosts && by->hosts->on[node];
}

/* By the first node of each domain, which is seldom odd, or by another. */
static void see_domains(const struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, struct by_domain *by)
{
	uint32_t left = 0;

	for (uint32_t d = 0; d < by->n; d++) {
		uint32_t first = by->of ? by->of->first[d] : 0;

		if (by->of && !by->of->known[d])
			continue;
		if (is_odd(by, cycle->feasible[first]))
			left++;
		else
			see_domain(state, by, d);
	}
	for (uint32_t i = 0; left && i < cycle->n_feasible; i++) {
		uint32_t node = cycle->feasible[i];
		uint32_t domain = domain_in(by, node);

		if (by->seen[domain] || is_odd(by, node))
			continue;
		see_domain(state, by, domain);
		left--;
	}
}

/* How far on from the first feasible node: they stand in a circle. */
static uint32_t far(const struct tw_sched_cycle *cycle, uint32_t node)
{
	uint32_t first = cycle->feasible[0];

	return node < first ? node + (uint32_t)cycle->s->nodes.n - first
			    : node - first;
}

/* Its place among the feasible; n_feasible: it is not one of them. */
static uint32_t place_of(const struct tw_sched_cycle *cycle, uint32_t node)
{
	uint32_t low = 0, high = cycle->n_feasible, n = high;
	uint32_t mine = far(cycle, node);

	if (mine > far(cycle, cycle->feasible[n - 1]))
		return n;
	/* Where all before it are feasible too. */
	if (mine < n && cycle->feasible[mine] == node)
		return mine;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (cycle->feasible[middle] == node)
			return middle;
		if (far(cycle, cycle->feasible[middle]) < mine)
			low = middle + 1;
		else
			high = middle;
	}
	return n;
}

static void see_odd(struct tw_sched_cycle *cycle,
	const struct tw_spread_state *state, struct by_domain *by)
{
	const struct tw_sched_list *set = &cycle->s->marks.set;

	if (!by->hosts)
		return;
	by->odd = tw_new_array(&cycle->arena, set->n + 1, struct odd);
	for (size_t i = 0; i < set->n; i++) {
		uint32_t node = set->v[i], at = place_of(cycle, node);
		int64_t score;

		if (at == cycle->n_feasible)
			continue;
		score = score_of(
			state, by, domain_in(by, node), by->hosts->on[node]);
		by->odd[by->n_odd++] = (struct odd){at, score};
		see(by, score);
	}
}

static void add_domains_at_once(const struct tw_sched_cycle *cycle,
	const struct by_domain *by, int32_t *totals)
{
	const uint32_t *feasible = cycle->feasible;
	const int32_t *weighed = by->weighed;

	if (by->of)
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] +=
				weighed[tw_spread_domain(by->of, feasible[i])];
	else
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] += weighed[0];
}

bool tw_spread_add_all(struct tw_sched_cycle *cycle, uint32_t slot,
	int32_t weight, int32_t *totals)
{
	const struct tw_spread_state *state = cycle->state[slot];
	struct by_domain by;

	if (!find_constraints(state, &by))
		return false;
	by.seen = tw_new_array(&cycle->arena, by.n, bool);
	by.scores = tw_new_array(&cycle->arena, by.n, int64_t);
	by.weighed = tw_new_array(&cycle->arena, by.n, int32_t);
	see_domains(cycle, state, &by);
	see_odd(cycle, state, &by);
	for (uint32_t d = 0; d < by.n; d++)
		if (by.seen[d])
			by.weighed[d] =
				weight * normal(by.scores[d], by.min, by.max);
	add_domains_at_once(cycle, &by, totals);
	for (uint32_t i = 0; i < by.n_odd; i++) {
		const struct odd *it = &by.odd[i];
		uint32_t node = cycle->feasible[it->at];

		totals[it->at] += weight * normal(it->score, by.min, by.max) -
				  by.weighed[domain_in(&by, node)];
	}
	return true;
}
