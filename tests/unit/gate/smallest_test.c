#include "harness/gate/smallest.h"

#include "tests/unit/test.h"

#include <string.h>

#define MAX 64

/* Passes where all of `needed` are undone; or where `either` is. */
struct rule {
	bool needed[MAX];
	size_t either; /* MAX: none */
	size_t n, asked;
	bool monotone_broken; /* with everything undone it fails */
};

static bool passes(void *context, const bool *undone)
{
	struct rule *rule = context;
	bool all = true, everything = true;

	rule->asked++;
	for (size_t i = 0; i < rule->n; i++) {
		all = all && (undone[i] || !rule->needed[i]);
		everything = everything && undone[i];
	}
	if (rule->monotone_broken && everything)
		return false;
	return all || (rule->either < MAX && undone[rule->either]);
}

static bool find(struct rule *rule, size_t most, struct tw_smallest *it)
{
	static enum tw_alone alone[MAX];
	static bool found[MAX];

	*it = (struct tw_smallest){.n = rule->n,
		.most = most,
		.passes = passes,
		.context = rule,
		.alone = alone,
		.found = found};
	return tw_smallest_find(it);
}

START_TEST(one_is_enough_and_all_are_tried_alone)
{
	struct rule rule = {.n = 5, .either = 3};
	struct tw_smallest it;

	rule.needed[1] = true;
	ck_assert(find(&rule, 100, &it));
	ck_assert_uint_eq(it.n_found, 1);
	ck_assert(it.found[1] && it.minimal);
	ck_assert_int_eq(it.alone[0], TW_ALONE_NO);
	ck_assert_int_eq(it.alone[1], TW_ALONE_YES);
	ck_assert_int_eq(it.alone[3], TW_ALONE_YES);
	ck_assert_uint_eq(it.tests, 5);
	ck_assert_uint_eq(rule.asked, 5);
}
END_TEST

START_TEST(a_pair_among_few)
{
	struct rule rule = {.n = 4, .either = MAX};
	struct tw_smallest it;

	rule.needed[1] = rule.needed[3] = true;
	ck_assert(find(&rule, 100, &it));
	ck_assert_uint_eq(it.n_found, 2);
	ck_assert(it.found[1] && it.found[3] && it.minimal);
}
END_TEST

START_TEST(many_are_narrowed_down)
{
	static const size_t sets[][4] = {{0, 1, 2, 3}, {5, 17, 31, 39},
		{0, 20, 21, 39}, {36, 37, 38, 39}};

	for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
		struct rule rule = {.n = 40, .either = MAX};
		struct tw_smallest it;

		for (int i = 0; i < 4; i++)
			rule.needed[sets[s][i]] = true;
		ck_assert(find(&rule, 1000, &it));
		ck_assert_uint_eq(it.n_found, 4);
		ck_assert(it.minimal);
		for (size_t i = 0; i < rule.n; i++)
			ck_assert(it.found[i] == rule.needed[i]);
	}
}
END_TEST

START_TEST(every_pair_of_seven)
{
	for (size_t a = 0; a < 7; a++)
		for (size_t b = a + 1; b < 7; b++) {
			struct rule rule = {.n = 7, .either = MAX};
			struct tw_smallest it;

			rule.needed[a] = rule.needed[b] = true;
			ck_assert(find(&rule, 1000, &it));
			ck_assert_uint_eq(it.n_found, 2);
			ck_assert(it.found[a] && it.found[b]);
		}
}
END_TEST

START_TEST(never_more_tests_than_allowed)
{
	struct rule rule = {.n = 40, .either = MAX};
	struct tw_smallest it;

	for (size_t i = 0; i < 40; i += 3)
		rule.needed[i] = true;
	ck_assert(find(&rule, 45, &it));
	ck_assert_uint_eq(rule.asked, 45);
	ck_assert(!it.minimal && it.n_found >= 14);
	rule.asked = 0;
	ck_assert(!find(&rule, 10, &it));
	ck_assert_uint_eq(rule.asked, 10);
	ck_assert_int_eq(it.alone[9], TW_ALONE_NO);
	ck_assert_int_eq(it.alone[10], TW_ALONE_UNTRIED);
}
END_TEST

START_TEST(nothing_helps)
{
	struct rule rule = {.n = 3, .either = MAX, .monotone_broken = true};
	struct tw_smallest it;

	rule.needed[0] = rule.needed[1] = rule.needed[2] = true;
	ck_assert(!find(&rule, 100, &it));
	ck_assert_uint_eq(it.n_found, 0);
	rule.n = 0;
	ck_assert(!find(&rule, 100, &it));
	ck_assert_uint_eq(it.tests, 0);
}
END_TEST

TW_TESTS("gate/smallest", one_is_enough_and_all_are_tried_alone,
	a_pair_among_few, many_are_narrowed_down, every_pair_of_seven,
	never_more_tests_than_allowed, nothing_helps)
