#include "tests/unit/test.h"

#include "twins/world/endpoints.h"

/* Of each zone: endpoints that are there, CPU of its nodes, and endpoints that
 * are for it. */
struct zones {
	uint32_t there[3];
	int64_t cpu[3];
	uint32_t want[3]; /* all 0: no hints */
};

START_TEST(hints_follow_the_cpu_of_zones)
{
	static const struct zones cases[] = {
		/* As they stand. */
		{{2, 2, 2}, {4, 4, 4}, {2, 2, 2}},
		/* The largest surplus goes to the largest need. */
		{{4, 1, 1}, {4, 4, 4}, {2, 2, 2}},
		{{3, 3, 0}, {4, 4, 4}, {2, 2, 2}},
		/* A small zone gets a whole one. */
		{{4, 3, 0}, {8, 8, 1}, {3, 3, 1}},
		{{3, 3, 0}, {8, 8, 1}, {0, 0, 0}},
		/* Fewer endpoints than zones; one zone alone. */
		{{1, 1, 0}, {4, 4, 4}, {0, 0, 0}},
		{{3, 0, 0}, {4, 0, 0}, {0, 0, 0}},
		/* One of three would carry more than 20% too much. */
		{{2, 2, 0}, {4, 4, 4}, {0, 0, 0}},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct zones *it = &cases[i];
		uint32_t zone_of[16], hints[16], n = 0, got[3] = {0};
		bool wanted = it->want[0] || it->want[1] || it->want[2];

		for (uint32_t z = 0; z < 3; z++)
			for (uint32_t k = 0; k < it->there[z]; k++)
				zone_of[n++] = z;
		ck_assert_int_eq(
			tw_topology_hints(zone_of, n, it->cpu, 3, hints),
			wanted);
		for (uint32_t k = 0; wanted && k < n; k++)
			got[hints[k]]++;
		for (uint32_t z = 0; z < 3; z++)
			ck_assert_uint_eq(got[z], it->want[z]);
	}
}
END_TEST

START_TEST(a_local_policy_ends_with_the_node)
{
	const struct tw_kube_endpoint endpoints[] = {
		{.ready = true, .serving = true},
		{.serving = true, .terminating = true, .local = true}};
	struct tw_kube_service service = {.internal_local = true};
	bool cluster[2], local[2];
	struct tw_kube_choice choice = {.cluster = cluster, .local = local};

	tw_kube_choose(&service, 0, TW_NONE, endpoints, 2, &choice);
	ck_assert(!choice.uses_cluster && choice.uses_local && choice.any);
	ck_assert(!local[0] && local[1]);
	service.internal_local = false;
	tw_kube_choose(&service, 0, TW_NONE, endpoints, 2, &choice);
	ck_assert(choice.uses_cluster && !choice.uses_local);
	ck_assert(cluster[0] && !cluster[1]);
}
END_TEST

TW_TESTS("world/endpoints", hints_follow_the_cpu_of_zones,
	a_local_policy_ends_with_the_node)
