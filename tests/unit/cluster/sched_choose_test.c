/*
 * A decision by what is kept is the decision of all plugins asked of all nodes
 * anew: in random clusters with taints, selectors, affinities, spreads and
 * ports, whose pods and nodes come, go and change between decisions.
 */
#include "tests/unit/test.h"

#include "twins/base/hash.h"
#include "twins/cluster/scheduler.h"
#include "twins/kernel/random.h"

#include <stdio.h>

#define MOST_NODES 240
#define CLASSES	   9
#define STEPS	   120
#define HOSTNAME   "kubernetes.io/hostname"
#define ZONE	   "topology.kubernetes.io/zone"

struct bed {
	struct tw_arena arena;
	uint64_t seed, drawn;
	struct tw_scheduler s;
	struct tw_node_spec nodes[MOST_NODES], tainted[MOST_NODES];
	struct tw_pod_spec pods[CLASSES];
	struct tw_labels labels[CLASSES];
	uint32_t n_nodes, n_chosen, n_nowhere;
	uint64_t sum; /* of what was chosen */
};

/* ---- chance --------------------------------------------------------- */

static uint32_t below(struct bed *bed, uint32_t n)
{
	return (uint32_t)(tw_draw_bits(
				  bed->seed, bed->drawn++, TW_DRAW_WORK, 0) >>
			  32) %
	       n;
}

static bool one_in(struct bed *bed, uint32_t n)
{
	return !below(bed, n);
}

static const char *text(struct bed *bed, const char *stem, uint32_t n)
{
	return tw_arena_printf(&bed->arena, "%s%u", stem, n);
}

/* ---- nodes ---------------------------------------------------------- */

static void label(struct bed *bed, struct tw_labels *to, const char *key,
	const char *value)
{
	tw_vec_push_in(&bed->arena, to, ((struct tw_label){key, value}));
}

static void make_node(struct bed *bed, uint32_t n)
{
	struct tw_node_spec *it = &bed->nodes[n];

	it->name = text(bed, "n", n);
	if (!one_in(bed, 20))
		label(bed, &it->labels, HOSTNAME, it->name);
	if (!one_in(bed, 10))
		label(bed, &it->labels, ZONE, text(bed, "z", below(bed, 4)));
	label(bed, &it->labels, "disk", text(bed, "d", below(bed, 3)));
	tw_resource_add(&bed->arena, &it->allocatable, "cpu",
		1000 * (1 + below(bed, 3)));
	tw_resource_add(&bed->arena, &it->allocatable, "memory",
		((int64_t)1 + below(bed, 3)) << 30);
	tw_resource_add(&bed->arena, &it->allocatable, "pods", 8);
	if (one_in(bed, 4))
		tw_resource_add(
			&bed->arena, &it->allocatable, "example.com/gpu", 2);
}

/* As it is, or with taints, or cordoned. */
static void change_node(struct bed *bed, uint32_t n)
{
	struct tw_node_spec *it = &bed->tainted[n];

	*it = bed->nodes[n];
	for (uint32_t i = 0; i < 2; i++)
		if (one_in(bed, 3))
			tw_vec_push_in(&bed->arena, &it->taints,
				((struct tw_taint){text(bed, "t", i), "",
					one_in(bed, 3)
						? TW_EFFECT_NO_SCHEDULE
						: TW_EFFECT_PREFER_NO_SCHEDULE}));
	it->unschedulable = one_in(bed, 8);
	tw_scheduler_set_node(&bed->s, n, it);
}

static void add_node(struct bed *bed)
{
	make_node(bed, bed->n_nodes);
	tw_scheduler_add_node(&bed->s, &bed->nodes[bed->n_nodes]);
	if (one_in(bed, 3))
		change_node(bed, bed->n_nodes);
	bed->n_nodes++;
}

/* ---- pods ----------------------------------------------------------- */

static struct tw_label_selector selecting(struct bed *bed)
{
	struct tw_label_selector selector = {0};
	struct tw_label_requirement same = {.key = "app"};

	tw_vec_push_in(
		&bed->arena, &same.values, text(bed, "a", below(bed, 3)));
	tw_vec_push_in(&bed->arena, &selector, same);
	return selector;
}

static const char *some_key(struct bed *bed)
{
	static const char *const keys[] = {HOSTNAME, ZONE, ZONE, "disk"};

	return keys[below(bed, 4)];
}

static void add_term(struct bed *bed, struct tw_pod_terms *to)
{
	tw_vec_push_in(&bed->arena, to,
		((struct tw_pod_term){.has_selector = true,
			.selector = selecting(bed),
			.topology_key = some_key(bed),
			.weight = 1 + below(bed, 100)}));
}

static void add_spread(struct bed *bed, struct tw_pod_spec *pod)
{
	tw_vec_push_in(&bed->arena, &pod->spreads,
		((struct tw_spread){.max_skew = 1 + below(bed, 3),
			.min_domains = one_in(bed, 4) ? 3 : 0,
			.topology_key = some_key(bed),
			.do_not_schedule = one_in(bed, 2),
			.has_selector = true,
			.selector = selecting(bed),
			.ignore_affinity = one_in(bed, 3),
			.honor_taints = one_in(bed, 3)}));
}

static void want_disk(struct bed *bed, struct tw_node_terms *to)
{
	struct tw_node_term term = {.weight = 1 + below(bed, 100)};
	struct tw_node_requirement on = {.key = "disk",
		.op = one_in(bed, 2) ? TW_NODE_IN : TW_NODE_NOT_IN};

	tw_vec_push_in(&bed->arena, &on.values, text(bed, "d", below(bed, 3)));
	tw_vec_push_in(&bed->arena, &term.labels, on);
	tw_vec_push_in(&bed->arena, to, term);
}

static void ask_of_nodes(struct bed *bed, struct tw_pod_spec *pod)
{
	tw_resource_add(&bed->arena, &pod->requests, "cpu",
		100 * (int64_t)below(bed, 4));
	if (one_in(bed, 2))
		tw_resource_add(&bed->arena, &pod->requests, "memory",
			(int64_t)below(bed, 512) << 20);
	if (one_in(bed, 5))
		tw_resource_add(
			&bed->arena, &pod->requests, "example.com/gpu", 1);
	pod->usual_cpu = pod->requests.v[0].amount + 100;
	pod->usual_memory = 200 << 20;
	if (one_in(bed, 3))
		tw_vec_push_in(&bed->arena, &pod->tolerations,
			((struct tw_toleration){.key = text(bed, "t", 0),
				.value = "",
				.op = TW_TOLERATE_EXISTS}));
	if (one_in(bed, 4))
		label(bed, &pod->node_selector, "disk",
			text(bed, "d", below(bed, 3)));
	if (one_in(bed, 4)) {
		pod->node_affinity.is_required = true;
		want_disk(bed, &pod->node_affinity.required);
	}
	if (one_in(bed, 3))
		want_disk(bed, &pod->node_affinity.preferred);
	if (one_in(bed, 5))
		tw_vec_push_in(&bed->arena, &pod->host_ports,
			((struct tw_host_port){
				"0.0.0.0", 80 + below(bed, 2), 0}));
}

static void ask_of_pods(struct bed *bed, struct tw_pod_spec *pod)
{
	pod->has_group = one_in(bed, 2);
	pod->group = selecting(bed);
	while (one_in(bed, 3))
		add_spread(bed, pod);
	if (one_in(bed, 6))
		add_term(bed, &pod->affinity);
	if (one_in(bed, 6))
		add_term(bed, &pod->anti_affinity);
	if (one_in(bed, 5))
		add_term(bed, &pod->preferred_affinity);
	if (one_in(bed, 5))
		add_term(bed, &pod->preferred_anti_affinity);
}

static void add_class(struct bed *bed)
{
	uint32_t c = (uint32_t)bed->s.classes.n;

	label(bed, &bed->labels[c], "app", text(bed, "a", below(bed, 3)));
	/* Some are alike. */
	if (c && one_in(bed, 3))
		bed->pods[c] = bed->pods[below(bed, c)];
	else
		ask_of_nodes(bed, &bed->pods[c]);
	if (one_in(bed, 2))
		ask_of_pods(bed, &bed->pods[c]);
	tw_scheduler_add_class(
		&bed->s, &(struct tw_sched_class){.namespace = "x",
				 .labels = &bed->labels[c],
				 .pod = &bed->pods[c]});
}

/* ---- plainly -------------------------------------------------------- */

/* The first ones that fit, from `start` on. */
static void keep_enough(struct bed *bed, struct tw_sched_cycle *cycle,
	uint32_t start, uint32_t wanted)
{
	cycle->n_feasible = 0;
	for (uint32_t i = 0; i < bed->n_nodes && cycle->n_feasible < wanted;
		i++) {
		uint32_t node = (start + i) % bed->n_nodes;

		if (cycle->node_status[node] == TW_SCHED_OK)
			cycle->feasible[cycle->n_feasible++] = node;
	}
}

static void copy_pods(struct tw_scheduler *to, const struct tw_sched_node *from,
	uint32_t node)
{
	for (size_t i = 0; i < from->classes.n; i++) {
		const struct tw_class_count *it = &from->classes.v[i];

		for (uint32_t k = 0; k < it->n; k++)
			tw_scheduler_put(to, it->class, node);
		for (uint32_t k = 0; k < it->leaving; k++)
			tw_scheduler_leaving(to, it->class, node);
	}
}

/* The same cluster as if it had just come about: it has nothing to keep. */
static void copy(const struct tw_scheduler *from, struct tw_scheduler *to)
{
	tw_scheduler_init(to, NULL);
	for (size_t c = 0; c < from->classes.n; c++)
		tw_scheduler_add_class(to, &from->classes.v[c]);
	for (uint32_t n = 0; n < from->nodes.n; n++) {
		tw_scheduler_add_node(to, from->nodes.v[n].spec);
		tw_scheduler_set_absent(to, n, from->nodes.v[n].absent);
		copy_pods(to, &from->nodes.v[n], n);
	}
}

static uint32_t plainly(struct bed *bed, uint32_t class, uint64_t hash)
{
	uint32_t wanted = tw_scheduler_enough(&bed->s), best = UINT32_MAX;
	struct tw_sched_cycle cycle;
	struct tw_scheduler s;
	int64_t *totals, most = 0;
	uint64_t luck = 0;

	copy(&bed->s, &s);
	tw_sched_cycle_init(&cycle, &s, class);
	tw_sched_filter(&cycle);
	keep_enough(bed, &cycle,
		wanted < bed->n_nodes ? (uint32_t)(hash % bed->n_nodes) : 0,
		wanted);
	totals = tw_new_array(&cycle.arena, bed->n_nodes + 1, int64_t);
	if (cycle.n_feasible > 1)
		tw_sched_total(&cycle, totals);
	for (uint32_t i = 0; i < cycle.n_feasible; i++) {
		uint32_t node = cycle.feasible[i];
		uint64_t mine = tw_hash_combine(
			hash, tw_hash_name(bed->nodes[node].name));

		if (best != UINT32_MAX &&
			(totals[i] < most ||
				(totals[i] == most && mine >= luck)))
			continue;
		best = node;
		most = totals[i];
		luck = mine;
	}
	tw_sched_cycle_release(&cycle);
	tw_scheduler_release(&s);
	return best;
}

/* ---- a life of a cluster -------------------------------------------- */

static void decide(struct bed *bed)
{
	uint32_t class = below(bed, (uint32_t)bed->s.classes.n);
	uint64_t hash = tw_hash_mix(bed->seed + bed->drawn);
	uint32_t node = tw_scheduler_choose(&bed->s, class, hash, NULL);

	ck_assert_msg(node == plainly(bed, class, hash),
		"seed %llu, decision %u: class %u",
		(unsigned long long)bed->seed, bed->n_chosen, class);
	bed->sum = tw_hash_combine(bed->sum, node);
	bed->n_chosen++;
	if (node == UINT32_MAX)
		bed->n_nowhere++;
	else
		tw_scheduler_put(&bed->s, class, node);
}

/* Some pod goes, or is going. */
static void leave(struct bed *bed)
{
	uint32_t node = below(bed, bed->n_nodes);
	const struct tw_sched_node *it = &bed->s.nodes.v[node];
	struct tw_class_count count;

	if (!it->classes.n)
		return;
	count = it->classes.v[below(bed, (uint32_t)it->classes.n)];
	if (one_in(bed, 3) && count.leaving < count.n)
		tw_scheduler_leaving(&bed->s, count.class, node);
	else
		tw_scheduler_take(&bed->s, count.class, node);
}

/* A node changes, and then others so often that the change is forgotten. */
static void change_much(struct bed *bed)
{
	uint32_t class = below(bed, (uint32_t)bed->s.classes.n);
	uint32_t other = below(bed, bed->n_nodes);

	change_node(bed, below(bed, bed->n_nodes));
	for (uint64_t i = 0; i < TW_SCHED_CHANGES / 2; i++) {
		tw_scheduler_put(&bed->s, class, other);
		tw_scheduler_take_active(&bed->s, class, other);
	}
}

static void step(struct bed *bed)
{
	uint32_t what = below(bed, 12);

	if (what == 0)
		leave(bed);
	else if (what == 1)
		change_node(bed, below(bed, bed->n_nodes));
	else if (what == 2)
		tw_scheduler_set_absent(
			&bed->s, below(bed, bed->n_nodes), one_in(bed, 3));
	else if (what == 3 && bed->n_nodes < MOST_NODES && one_in(bed, 5))
		add_node(bed);
	else if (what == 5 && one_in(bed, 50))
		change_much(bed);
	else if (what == 4 && bed->s.classes.n < CLASSES && one_in(bed, 3))
		add_class(bed);
	else
		decide(bed);
}

static void live(struct bed *bed, uint64_t seed)
{
	uint32_t n;

	bed->seed = seed;
	bed->drawn = 0;
	bed->n_nodes = 0;
	memset(bed->nodes, 0, sizeof bed->nodes);
	memset(bed->pods, 0, sizeof bed->pods);
	memset(bed->labels, 0, sizeof bed->labels);
	tw_arena_init(&bed->arena);
	tw_scheduler_init(&bed->s, NULL);
	/* Where little may be kept, much is forgotten. */
	if (one_in(bed, 3))
		bed->s.max_answers = 1 + below(bed, 3 * MOST_NODES);
	n = one_in(bed, 3) ? 100 + below(bed, MOST_NODES - 100)
			   : 1 + below(bed, 30);
	while (bed->n_nodes < n)
		add_node(bed);
	for (uint32_t c = 0; c < 4; c++)
		add_class(bed);
	for (int i = 0; i < STEPS; i++)
		step(bed);
	tw_scheduler_release(&bed->s);
	tw_arena_release(&bed->arena);
}

START_TEST(what_is_kept_decides_as_all_would)
{
	static struct bed bed;
	const char *seeds = getenv("SEEDS");
	uint64_t n = seeds ? strtoull(seeds, NULL, 10) : 150;

	for (uint64_t seed = 1; seed <= n; seed++)
		live(&bed, seed);
	if (seeds)
		printf("choices: %016llx\n", (unsigned long long)bed.sum);
	/* Both kinds of decisions were seen. */
	ck_assert_uint_gt(bed.n_nowhere, n / 10);
	ck_assert_uint_gt(bed.n_chosen - bed.n_nowhere, 30 * n);
}
END_TEST

TW_TESTS("cluster/sched_choose", what_is_kept_decides_as_all_would)
