/*
 * What the scheduler keeps so as not to look at all nodes gives what looking
 * at all nodes would: pods come and go, classes and nodes are added between
 * decisions.
 */
#include "tests/unit/test.h"

#include "twins/cluster/scheduler.h"
#include "twins/kernel/random.h"

#include <stdio.h>

#define NODES	40
#define CLASSES 6

struct bed {
	struct tw_arena arena;
	struct tw_node_spec nodes[NODES];
	struct tw_pod_spec pods[CLASSES];
	struct tw_labels labels[CLASSES];
	uint32_t counts[CLASSES][NODES];
};

static void label(
	struct bed *bed, struct tw_labels *to, const char *key, const char *v)
{
	tw_vec_push_in(&bed->arena, to, ((struct tw_label){key, v}));
}

static void set_up(struct bed *bed)
{
	*bed = (struct bed){0};
	tw_arena_init(&bed->arena);
	for (int n = 0; n < NODES; n++) {
		struct tw_node_spec *it = &bed->nodes[n];

		it->name = tw_arena_printf(&bed->arena, "n%d", n);
		label(bed, &it->labels, "kubernetes.io/hostname", it->name);
		if (n % 7)
			label(bed, &it->labels, "topology.kubernetes.io/zone",
				n % 3 ? "a" : "b");
		tw_resource_add(&bed->arena, &it->allocatable, "cpu", 1000000);
		tw_resource_add(&bed->arena, &it->allocatable, "pods", 1000);
	}
	for (int c = 0; c < CLASSES; c++) {
		struct tw_label_requirement same = {.key = "app"};

		label(bed, &bed->labels[c], "app", c % 2 ? "odd" : "even");
		tw_vec_push_in(
			&bed->arena, &same.values, c % 2 ? "odd" : "even");
		tw_vec_push_in(&bed->arena, &bed->pods[c].group, same);
		bed->pods[c].has_group = true;
		tw_resource_add(&bed->arena, &bed->pods[c].requests, "cpu", 10);
	}
}

/* All of it anew, from what is there. */
static uint32_t from_scratch(
	struct bed *bed, uint32_t nodes, uint32_t classes, uint32_t class)
{
	struct tw_scheduler s;
	uint32_t node;

	tw_scheduler_init(&s, NULL);
	for (uint32_t c = 0; c < classes; c++)
		tw_scheduler_add_class(
			&s, &(struct tw_sched_class){.namespace = "x",
				    .labels = &bed->labels[c],
				    .pod = &bed->pods[c]});
	for (uint32_t n = 0; n < nodes; n++) {
		tw_scheduler_add_node(&s, &bed->nodes[n]);
		for (uint32_t c = 0; c < classes; c++)
			for (uint32_t i = 0; i < bed->counts[c][n]; i++)
				tw_scheduler_put(&s, c, n);
	}
	node = tw_scheduler_choose(&s, class, 17, NULL);
	tw_scheduler_release(&s);
	return node;
}

START_TEST(what_is_kept_is_what_is_there)
{
	struct bed bed;
	struct tw_scheduler s;
	uint32_t nodes = 0, classes = 0;

	set_up(&bed);
	tw_scheduler_init(&s, NULL);
	for (uint32_t i = 0; i < 600; i++) {
		uint64_t bits = tw_draw_bits(1, i, TW_DRAW_WORK, 0);
		uint32_t class, node;

		if (nodes < NODES && (nodes < 5 || bits % 13 == 0))
			tw_scheduler_add_node(&s, &bed.nodes[nodes++]);
		if (classes < CLASSES && (!classes || bits % 97 == 0)) {
			tw_scheduler_add_class(
				&s, &(struct tw_sched_class){.namespace = "x",
					    .labels = &bed.labels[classes],
					    .pod = &bed.pods[classes]});
			classes++;
		}
		class = (uint32_t)(bits >> 8) % classes;
		node = (uint32_t)(bits >> 20) % nodes;
		if (bits % 3 == 0 && bed.counts[class][node]) {
			tw_scheduler_take(&s, class, node);
			bed.counts[class][node]--;
			continue;
		}
		node = tw_scheduler_choose(&s, class, 17, NULL);
		ck_assert_uint_eq(
			node, from_scratch(&bed, nodes, classes, class));
		tw_scheduler_put(&s, class, node);
		bed.counts[class][node]++;
	}
	tw_scheduler_release(&s);
	tw_arena_release(&bed.arena);
}
END_TEST

TW_TESTS("cluster/sched_index", what_is_kept_is_what_is_there)
