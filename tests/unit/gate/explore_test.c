#include "tests/unit/test.h"

#include "tests/unit/gate/fixture.h"

/* 40 edges, of which two changed; the others have noise on either side. */
static struct tw_scenario_result *explored(
	struct fixture *f, double factor, uint64_t errors, uint64_t seed)
{
	fixture_init(f, 8);
	for (size_t i = 0; i < 8; i++)
		for (uint64_t e = 0; e < 40; e++) {
			char name[8];

			snprintf(name, sizeof name, "/%llu",
				(unsigned long long)e);
			for (int side = 0; side < 2; side++) {
				double noise =
					0.2 *
					normal(seed + e * 2 + (uint64_t)side,
						i);
				double t = 20e6 * tw_exp(noise);
				struct tw_cell *cell;

				if (side && e == 7)
					t *= factor;
				cell = add_calls(side ? &f->c : &f->b, i,
					tw_arena_strdup(&f->arena, name), 100,
					(tw_time)t,
					side && e == 9 ? errors : 0);
				cell->latency.sum = (tw_wide)(100 * t);
			}
		}
	return tw_judge_scenario("steady", NULL, 0, runs_of(&f->b),
		runs_of(&f->c), &f->options, &f->arena);
}

START_TEST(finds_what_changed)
{
	struct fixture f;
	struct tw_scenario_result *r = explored(&f, 3, 40, 1);

	ck_assert_uint_ge(r->findings.n, 2);
	/* From nothing to something is the largest change. */
	ck_assert_str_eq(r->findings.v[0].endpoint, "/9");
	ck_assert_str_eq(r->findings.v[0].what, "errors");
	ck_assert_double_eq_tol(r->findings.v[0].after, 0.4, 1e-9);
	ck_assert_str_eq(r->findings.v[1].endpoint, "/7");
	ck_assert_str_eq(r->findings.v[1].what, "mean latency");
	fixture_release(&f);
}
END_TEST

/* At a rate of 5% nothing is found in 95% of worlds without a change. */
START_TEST(finds_little_in_noise)
{
	size_t found = 0;

	for (uint64_t s = 0; s < 100; s++) {
		struct fixture f;

		found += explored(&f, 1, 0, s * 1000)->findings.n > 0;
		fixture_release(&f);
	}
	ck_assert_uint_le(found, 12);
}
END_TEST

START_TEST(leaves_out_what_is_small)
{
	struct fixture f;
	struct tw_scenario_result *r;

	fixture_init(&f, 4);
	for (size_t i = 0; i < 4; i++) {
		add_calls(&f.b, i, "/", 100, 10 * TW_MS, 0);
		add_calls(&f.c, i, "/", 100, 10 * TW_MS + 400000, 0);
	}
	r = tw_judge_scenario("steady", NULL, 0, runs_of(&f.b), runs_of(&f.c),
		&f.options, &f.arena);
	ck_assert_uint_eq(r->findings.n, 0);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/explore", finds_what_changed, finds_little_in_noise,
	leaves_out_what_is_small)
