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
		/* Half an endpoint is not worth a move. */
		{{4, 3, 0}, {4, 4, 0}, {4, 3, 0}},
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

/* An endpoint a letter: "r" is ready, "u" is not, "t" is being deleted and
 * serves, "g" is being deleted and does not; a capital stands on this node. A
 * choice is the endpoints taken, a letter each, "." for the others. */
static struct tw_kube_endpoint endpoint_of(char letter)
{
	char it = letter | 0x20;

	return (struct tw_kube_endpoint){.ready = it == 'r',
		.serving = it == 'r' || it == 't',
		.terminating = it == 't' || it == 'g',
		.local = letter != it};
}

static void expect_choice(const struct tw_kube_service *service,
	const char *endpoints, const char *cluster, const char *local, bool any)
{
	struct tw_kube_endpoint all[8];
	bool in_cluster[8], in_local[8];
	struct tw_kube_choice choice = {
		.cluster = in_cluster, .local = in_local};
	uint32_t n = (uint32_t)strlen(endpoints);

	for (uint32_t i = 0; i < n; i++)
		all[i] = endpoint_of(endpoints[i]);
	tw_kube_choose(service, 0, TW_NONE, all, n, &choice);
	ck_assert_int_eq(choice.uses_cluster, cluster != NULL);
	ck_assert_int_eq(choice.uses_local, local != NULL);
	ck_assert_int_eq(choice.any, any);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert_msg(!cluster || in_cluster[i] == (cluster[i] != '.'),
			"%s: cluster %u", endpoints, i);
		ck_assert_msg(!local || in_local[i] == (local[i] != '.'),
			"%s: local %u", endpoints, i);
	}
}

START_TEST(who_is_chosen)
{
	static const struct tw_kube_service plain = {0},
					    inside = {.internal_local = true},
					    outside = {.external_local = true,
						    .external = true},
					    both = {.internal_local = true,
						    .external_local = true,
						    .external = true},
					    open = {.internal_local = true,
						    .external = true},
					    unused = {.external_local = true};

	expect_choice(&plain, "rRuUtg", "rR....", NULL, true);
	expect_choice(&plain, "uUtTg", "..tT.", NULL, true);
	expect_choice(&plain, "uUgG", "....", NULL, false);
	/* Unready ones of this node never; such as stop where none is ready. */
	expect_choice(&inside, "rRUtT", NULL, ".R...", true);
	expect_choice(&inside, "rUtTG", NULL, "...T.", true);
	expect_choice(&inside, "ru", NULL, "..", true);
	expect_choice(&inside, "tu", NULL, "..", true);
	/* What is open to the outside has a list for each policy. */
	expect_choice(&outside, "rRt", "rR.", ".R.", true);
	expect_choice(&both, "rRt", "rR.", ".R.", true);
	expect_choice(&open, "rRt", "rR.", ".R.", true);
	expect_choice(&unused, "rRt", "rR.", NULL, true);
}
END_TEST

TW_TESTS("world/endpoints", who_is_chosen, hints_follow_the_cpu_of_zones,
	a_local_policy_ends_with_the_node)
