/*
 * outside -> frontend -> cart -> db
 *                    \-> ads
 * A plain system of which each test makes one thing worse.
 */
#include "harness/gate/blame.h"
#include "tests/unit/test.h"
#include "tests/unit/gate/fixture.h"

#define ROOTS 1000

/* One edge's figures: means a call (client) or a try (server). */
struct figures {
	const char *caller, *service;
	double calls;  /* a root request */
	double tries;  /* a call */
	double errors; /* of calls, as a share */
	double timeouts, refused;
	double failed; /* of tries, as a share */
	tw_time queued, worked, served, latency;
	double unreached; /* of calls, as a share */
	bool unserved;	  /* no try comes to the callee */
};

enum { ENTRY, CART, DB, ADS, EDGES };

static const struct figures plain[EDGES] = {
	[ENTRY] = {TW_OUTSIDE, "frontend", 1, 1, 0, 0, 0, 0, 0, 2 * TW_MS,
		32 * TW_MS, 33 * TW_MS, 0, false},
	[CART] = {"frontend", "cart", 1, 1, 0, 0, 0, 0, TW_MS, 5 * TW_MS,
		20 * TW_MS, 21 * TW_MS, 0, false},
	[DB] = {"cart", "db", 2, 1, 0, 0, 0, 0, TW_MS, 5 * TW_MS, 6 * TW_MS,
		7 * TW_MS, 0, false},
	[ADS] = {"frontend", "ads", 1, 1, 0, 0, 0, 0, 0, 8 * TW_MS, 8 * TW_MS,
		9 * TW_MS, 0, false},
};

static void add_figures(struct side *side, size_t run, const struct figures *x)
{
	struct tw_cell *cell =
		cell_of(side, run, x->caller, x->service, "Do", TW_CLIENT);
	uint32_t calls = (uint32_t)(ROOTS * x->calls);
	uint32_t tries = (uint32_t)(ROOTS * x->calls * x->tries);

	cell->count = calls;
	cell->retries = tries - calls;
	cell->errors = (uint64_t)(calls * x->errors);
	cell->timeouts = (uint64_t)(calls * x->timeouts);
	cell->shed = (uint64_t)(calls * x->refused);
	cell->unreached = (uint64_t)(calls * x->unreached);
	cell->network = (int64_t)calls * TW_MS;
	tw_histogram_record_n(&cell->latency, x->latency, calls);
	if (x->unserved)
		return;
	cell = cell_of(side, run, x->caller, x->service, "Do", TW_SERVER);
	cell->count = tries;
	cell->errors = (uint64_t)(tries * x->failed);
	cell->queued = tries * x->queued;
	cell->worked = tries * x->worked;
	tw_histogram_record_n(&cell->latency, x->served, tries);
}

static void system_of(struct side *side, const struct figures *edges)
{
	for (size_t i = 0; i < side->n; i++) {
		side->obs[i].arrivals = ROOTS;
		for (int e = 0; e < EDGES; e++)
			add_figures(side, i, &edges[e]);
	}
}

static void expect_guilty(const struct figures *worse, const char *check,
	const char *caller, const char *service, enum tw_cause cause,
	const char *differs)
{
	struct fixture f;
	const struct tw_blame *blame;
	struct tw_difference difference = {differs, "1", "2", true, false};
	struct tw_check_result *result;

	fixture_init(&f, 2);
	system_of(&f.b, plain);
	system_of(&f.c, worse);
	f.options.differences = &difference;
	f.options.n_differences = differs != NULL;
	result = judge(&f, check);
	ck_assert_int_eq(result->verdict, TW_VERDICT_FAIL);
	blame = result->groups.v[0]->blame;
	ck_assert_ptr_nonnull(blame);
	ck_assert_ptr_nonnull(blame->guilty);
	ck_assert_msg(!strcmp(blame->guilty->caller, caller) &&
			      !strcmp(blame->guilty->service, service) &&
			      blame->guilty->cause == cause,
		"%s", blame->text);
	ck_assert_uint_ge(blame->path.n, 1);
	ck_assert(blame->edges.v[blame->path.v[0]].outside);
	fixture_release(&f);
}

#define LATENCY "mean(latency) <= baseline * 1.1"
#define ERRORS	"ratio(errors) <= baseline + 0.1pp"

static void copy(struct figures *to)
{
	memcpy(to, plain, sizeof plain);
}

START_TEST(slower_work_deep_down)
{
	struct figures w[EDGES];

	copy(w);
	w[DB].worked = 25 * TW_MS;
	w[DB].served = 26 * TW_MS;
	w[DB].latency = 27 * TW_MS;
	w[CART].served += 40 * TW_MS;
	w[CART].latency += 40 * TW_MS;
	w[ENTRY].served += 40 * TW_MS;
	w[ENTRY].latency += 40 * TW_MS;
	expect_guilty(w, LATENCY, "cart", "db", TW_CAUSE_WORK, NULL);
}
END_TEST

/* The workers of cart are held by the slower db, so that calls wait there. */
START_TEST(queue_because_of_a_callee)
{
	struct figures w[EDGES];

	copy(w);
	w[DB].worked = 15 * TW_MS;
	w[DB].served = 16 * TW_MS;
	w[DB].latency = 17 * TW_MS;
	w[CART].queued = 60 * TW_MS;
	w[CART].served += 80 * TW_MS;
	w[CART].latency += 80 * TW_MS;
	w[ENTRY].served += 80 * TW_MS;
	w[ENTRY].latency += 80 * TW_MS;
	expect_guilty(w, LATENCY, "cart", "db", TW_CAUSE_WORK, NULL);
}
END_TEST

START_TEST(less_capacity)
{
	struct figures w[EDGES];

	copy(w);
	w[ADS].queued = 50 * TW_MS;
	w[ADS].served += 50 * TW_MS;
	w[ADS].latency += 50 * TW_MS;
	w[ENTRY].served += 50 * TW_MS;
	w[ENTRY].latency += 50 * TW_MS;
	expect_guilty(w, LATENCY, "frontend", "ads", TW_CAUSE_QUEUE, NULL);
}
END_TEST

/* frontend gives up on cart earlier and tries thrice: the load reaches db,
 * where work waits, and cart waits for it. */
static void storm(struct figures *w)
{
	copy(w);
	w[CART].tries = 2.7;
	w[CART].errors = w[CART].timeouts = 0.3;
	w[CART].latency = 90 * TW_MS;
	w[CART].queued = 30 * TW_MS;
	w[CART].served = 110 * TW_MS;
	w[DB].calls = 5.4;
	w[DB].queued = 40 * TW_MS;
	w[DB].served = 46 * TW_MS;
	w[DB].latency = 47 * TW_MS;
	w[ENTRY].errors = w[ENTRY].failed = 0.3;
	w[ENTRY].served = 102 * TW_MS;
	w[ENTRY].latency = 103 * TW_MS;
}

START_TEST(retry_storm)
{
	struct figures w[EDGES];

	storm(w);
	expect_guilty(w, ERRORS, "frontend", "cart", TW_CAUSE_RETRIES, NULL);
	expect_guilty(w, LATENCY, "frontend", "cart", TW_CAUSE_RETRIES, NULL);
}
END_TEST

START_TEST(lower_timeout)
{
	struct figures w[EDGES];

	copy(w);
	w[DB].errors = w[DB].timeouts = 0.2;
	w[CART].errors = w[CART].failed = 0.4;
	w[ENTRY].errors = w[ENTRY].failed = 0.4;
	expect_guilty(w, ERRORS, "cart", "db", TW_CAUSE_TIMEOUT, NULL);
}
END_TEST

START_TEST(errors_of_its_own)
{
	struct figures w[EDGES];

	copy(w);
	w[CART].errors = w[CART].failed = 0.1;
	w[ENTRY].errors = w[ENTRY].failed = 0.1;
	expect_guilty(w, ERRORS, "frontend", "cart", TW_CAUSE_ERRORS, NULL);
}
END_TEST

START_TEST(refused)
{
	struct figures w[EDGES];

	copy(w);
	w[ADS].errors = w[ADS].refused = 0.1;
	w[ENTRY].errors = w[ENTRY].failed = 0.1;
	expect_guilty(w, ERRORS, "frontend", "ads", TW_CAUSE_REFUSED, NULL);
}
END_TEST

/* The network drops what frontend sends to ads: it waits until it gives up,
 * and nothing is seen at ads. */
START_TEST(unreached)
{
	struct figures w[EDGES];

	copy(w);
	w[ADS].errors = w[ADS].unreached = 1;
	w[ADS].unserved = true;
	w[ADS].latency = 5000 * TW_MS;
	w[ENTRY].errors = w[ENTRY].failed = 1;
	w[ENTRY].served = 5030 * TW_MS;
	w[ENTRY].latency = 5031 * TW_MS;
	expect_guilty(w, ERRORS, "frontend", "ads", TW_CAUSE_UNREACHED, NULL);
	expect_guilty(w, LATENCY, "frontend", "ads", TW_CAUSE_UNREACHED, NULL);
}
END_TEST

/* cart calls db thrice as often; db waits, and nothing else changed. */
START_TEST(more_calls)
{
	struct figures w[EDGES];

	copy(w);
	w[DB].calls = 6;
	w[DB].queued = 30 * TW_MS;
	w[DB].served = 36 * TW_MS;
	w[DB].latency = 37 * TW_MS;
	w[CART].served = 230 * TW_MS;
	w[CART].latency = 231 * TW_MS;
	w[ENTRY].served = 240 * TW_MS;
	w[ENTRY].latency = 241 * TW_MS;
	expect_guilty(w, LATENCY, "cart", "db", TW_CAUSE_CALLS, NULL);
}
END_TEST

/* Two edges got slower; what differs names the lighter one. */
START_TEST(what_differs_decides)
{
	struct figures w[EDGES];

	copy(w);
	w[DB].worked = 15 * TW_MS;
	w[DB].latency = 17 * TW_MS;
	w[CART].latency += 20 * TW_MS;
	w[ADS].worked = 25 * TW_MS;
	w[ADS].latency = 26 * TW_MS;
	w[ENTRY].latency += 40 * TW_MS;
	expect_guilty(w, LATENCY, "cart", "db", TW_CAUSE_WORK, NULL);
	expect_guilty(w, LATENCY, "frontend", "ads", TW_CAUSE_WORK,
		"services.ads.endpoints");
	expect_guilty(w, LATENCY, "cart", "db", TW_CAUSE_WORK,
		"services.ads-v2.endpoints");
}
END_TEST

START_TEST(when_and_which)
{
	struct fixture f;
	const struct tw_blame *blame;

	fixture_init(&f, 2);
	for (size_t i = 0; i < 2; i++) {
		struct side *sides[] = {&f.b, &f.c};

		for (uint32_t k = 0; k < 2; k++) {
			struct tw_cell *cell = add_calls(
				sides[k], i, "GET /", 6000, TW_MS, 600 * k);
			struct tw_example e = {700, 7, TW_S, TW_S,
				"shop/frontend", "GET /", "", 503};

			for (uint32_t s = 0; s < 60; s++)
				tw_vec_push(&cell->slices,
					(struct tw_slice){.count = 100,
						.errors =
							k && s >= 30 ? 20 : 0});
			tw_vec_push(&sides[k]->obs[i].failed, e);
			e.position = 8;
			if (k)
				tw_vec_push(&sides[k]->obs[i].failed, e);
		}
	}
	blame = judge(&f, ERRORS)->groups.v[0]->blame;
	ck_assert_int_eq(blame->first_slice, 30 * TW_S);
	ck_assert_uint_eq(blame->examples.n, 2);
	ck_assert_uint_eq(blame->examples.v[0].position, 8);
	ck_assert_ptr_null(blame->window);
	fixture_release(&f);
}
END_TEST

TW_TESTS("gate/blame", slower_work_deep_down, queue_because_of_a_callee,
	less_capacity, retry_storm, lower_timeout, errors_of_its_own, refused,
	unreached, more_calls, what_differs_decides, when_and_which)
