/* Observations made by hand, for the tests of the judge. */
#ifndef TW_TESTS_UNIT_GATE_FIXTURE_H
#define TW_TESTS_UNIT_GATE_FIXTURE_H

#include "harness/gate/judge.h"
#include "harness/gate/stats.h"
#include "twins/base/hash.h"
#include "twins/kernel/fmath.h"

#include <stdio.h>

#ifndef MAX_RUNS
#define MAX_RUNS 32
#endif

struct side {
	struct tw_observation obs[MAX_RUNS];
	const struct tw_observation *at[MAX_RUNS];
	size_t n;
};

struct fixture {
	struct tw_arena arena;
	struct tw_diags diags;
	struct side b, c;
	struct tw_judge_options options;
};

static inline void fixture_init(struct fixture *f, size_t runs)
{
	*f = (struct fixture){0};
	tw_arena_init(&f->arena);
	tw_diags_init(&f->diags);
	f->b.n = f->c.n = runs;
	for (size_t i = 0; i < runs; i++) {
		struct side *sides[] = {&f->b, &f->c};

		for (int k = 0; k < 2; k++) {
			struct tw_observation *obs = &sides[k]->obs[i];

			obs->slice = TW_S;
			obs->duration = 60 * TW_S;
			obs->fault_start = TW_NEVER;
			sides[k]->at[i] = obs;
		}
	}
}

static inline void side_release(struct side *side)
{
	for (size_t i = 0; i < side->n; i++) {
		struct tw_observation *obs = &side->obs[i];

		for (size_t k = 0; k < obs->cells.n; k++) {
			tw_histogram_release(&obs->cells.v[k].latency);
			tw_vec_release(&obs->cells.v[k].slices);
		}
		for (size_t k = 0; k < obs->gauges.n; k++)
			tw_vec_release(&obs->gauges.v[k].slices);
		tw_vec_release(&obs->gauges);
		tw_vec_release(&obs->cells);
		tw_vec_release(&obs->failed);
	}
}

static inline void fixture_release(struct fixture *f)
{
	side_release(&f->b);
	side_release(&f->c);
	tw_diags_release(&f->diags);
	tw_arena_release(&f->arena);
}

static inline struct tw_runs runs_of(const struct side *side)
{
	return (struct tw_runs){side->at, side->n};
}

/* The series of a run; added where it is new. */
static inline struct tw_cell *cell_of(struct side *side, size_t run,
	const char *caller, const char *service, const char *endpoint,
	enum tw_side which)
{
	struct tw_observation *obs = &side->obs[run];
	struct tw_cell cell = {
		.key = {caller, service, endpoint, "", which, 0}};

	for (size_t i = 0; i < obs->cells.n; i++) {
		struct tw_cell_key *key = &obs->cells.v[i].key;

		if (!strcmp(key->caller, caller) &&
			!strcmp(key->service, service) &&
			!strcmp(key->endpoint, endpoint) && key->side == which)
			return &obs->cells.v[i];
	}
	tw_vec_push(&obs->cells, cell);
	return &obs->cells.v[obs->cells.n - 1];
}

/* Calls of this latency, some of them errors, to the entry. */
static inline struct tw_cell *add_calls(struct side *side, size_t run,
	const char *endpoint, uint32_t n, tw_time latency, uint64_t errors)
{
	struct tw_cell *cell = cell_of(
		side, run, TW_OUTSIDE, "shop/frontend", endpoint, TW_CLIENT);

	tw_histogram_record_n(&cell->latency, latency, n);
	cell->count += n;
	cell->errors += errors;
	side->obs[run].arrivals += n;
	side->obs[run].completed += n;
	return cell;
}

static inline const struct tw_check *check_of(
	struct fixture *f, const char *text)
{
	struct tw_check *check = tw_new(&f->arena, struct tw_check);
	struct tw_pos pos = {"twinrig.yaml", 1, 1, 0};

	ck_assert_msg(!tw_check_parse(check, &f->arena, tw_str_of(text), pos,
			      &f->diags),
		"%s: %s", text,
		f->diags.list.n ? f->diags.list.v[0]->message : "");
	return check;
}

static inline struct tw_check_result *judge(struct fixture *f, const char *text)
{
	const struct tw_check *check = check_of(f, text);
	struct tw_scenario_result *result = tw_judge_scenario("steady", &check,
		1, runs_of(&f->b), runs_of(&f->c), &f->options, &f->arena);

	ck_assert_uint_eq(result->checks.n, 1);
	return result->checks.v[0];
}

static inline void expect_group(const struct tw_group *group,
	enum tw_verdict verdict, enum tw_reason reason)
{
	ck_assert_msg(group->verdict == verdict && group->reason == reason,
		"%s, %s: %s", tw_verdict_names[group->verdict],
		tw_reason_names[group->reason], group->why);
}

/* Uniform in (0, 1), by hash: the same everywhere. */
static inline double draw(uint64_t a, uint64_t b)
{
	uint64_t x = tw_hash_combine(a, b) >> 11;

	return ((double)x + 0.5) / 9007199254740992.0;
}

static inline double normal(uint64_t a, uint64_t b)
{
	return tw_normal_inverse(draw(a, b));
}

/* 1000 calls a run of 20 to 40 ms; the candidate's take `factor` as long, with
 * a relative deviation of `noise`. */
static inline void latencies(struct fixture *f, double factor, double noise)
{
	for (size_t i = 0; i < f->b.n; i++)
		for (uint64_t k = 0; k < 100; k++) {
			double x = 20e6 * (1 + draw(i, k));
			double y = x * factor * (1 + noise * normal(k, i + 99));

			add_calls(&f->b, i, "GET /", 10, (tw_time)x, 0);
			add_calls(&f->c, i, "GET /", 10, (tw_time)y, 0);
		}
}

#endif
