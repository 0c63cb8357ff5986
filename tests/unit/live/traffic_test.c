/* When the requests of a capture are sent to a process. */
#include "harness/live/traffic.h"
#include "tests/twin_builder.h"
#include "tests/unit/test.h"

struct bed {
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_live_traffic traffic;
};

/* Requests 0, 1, 3 and 4 s after the first, captured in another order. */
static void init(struct bed *b)
{
	static const int64_t seconds[] = {3, 0, 1, 4};

	b->spec = tw_spec_new();
	b_endpoint(b->spec, b_service(b->spec, "cart", 1, 1, 0), "GET /cart");
	b_node(b->spec, "node", 1, "a");
	b->model = b_model(b->spec);
	tw_live_traffic_init(
		&b->traffic, b->model, tw_model_service(b->model, "cart"));
	for (size_t i = 0; i < 4; i++) {
		struct twinrig_exchange e = {
			.time = 1000 * TW_S + seconds[i] * TW_S,
			.method = {"GET", 3},
			.target = {"/cart", 5},
			.service = {"cart", 4},
		};

		tw_live_traffic_add(&b->traffic, &e);
	}
	ck_assert_uint_eq(b->traffic.recorded.n, 4);
}

static void release(struct bed *b)
{
	tw_live_traffic_release(&b->traffic);
	tw_model_free(b->model);
	tw_spec_free(b->spec);
}

/* ms; ends with -1. */
static void expect(struct bed *b, struct tw_live_pace pace, const int *ms)
{
	size_t n = 0;

	ck_assert(tw_live_traffic_schedule(&b->traffic, &pace));
	for (; ms[n] >= 0; n++) {
		ck_assert_uint_lt(n, b->traffic.requests.n);
		ck_assert_int_eq(
			b->traffic.requests.v[n].at, (tw_time)ms[n] * TW_MS);
	}
	ck_assert_uint_eq(b->traffic.requests.n, n);
}

#define MS(...) ((const int[]){__VA_ARGS__, -1})

START_TEST(at_the_recorded_instants)
{
	struct bed b;

	init(&b);
	expect(&b, (struct tw_live_pace){0}, MS(0, 1000, 3000, 4000));
	expect(&b, (struct tw_live_pace){.speed = 2}, MS(0, 500, 1500, 2000));
	expect(&b, (struct tw_live_pace){.from = TW_S, .to = 4 * TW_S},
		MS(0, 2000));
	release(&b);
}
END_TEST

/* The window is 4 s and a mean gap long: 16/3 s. */
START_TEST(at_a_rate)
{
	struct bed b;

	init(&b);
	/* 4 requests in 2 s: 3/8 of the time. */
	expect(&b, (struct tw_live_pace){.rate = 2, .speed = 7},
		MS(0, 375, 1125, 1500));
	/* The window from 0 s to 4 s has 3 requests: at 3/s it takes 1 s. */
	expect(&b, (struct tw_live_pace){.rate = 3, .to = 4 * TW_S},
		MS(0, 250, 750));
	release(&b);
}
END_TEST

START_TEST(again_and_no_longer)
{
	struct bed b;

	init(&b);
	expect(&b, (struct tw_live_pace){.loop = 2, .to = 4 * TW_S},
		MS(0, 1000, 3000, 4000, 5000, 7000));
	ck_assert_uint_eq(b.traffic.requests.v[2].pass, 0);
	ck_assert_uint_eq(b.traffic.requests.v[3].pass, 1);
	ck_assert_uint_eq(b.traffic.requests.v[3].position,
		b.traffic.requests.v[0].position);
	expect(&b,
		(struct tw_live_pace){
			.loop = 0, .to = 4 * TW_S, .duration = 8 * TW_S},
		MS(0, 1000, 3000, 4000, 5000, 7000));
	expect(&b, (struct tw_live_pace){.loop = 1, .duration = 3 * TW_S},
		MS(0, 1000));
	expect(&b, (struct tw_live_pace){.loop = 1}, MS(0, 1000, 3000, 4000));
	ck_assert(!tw_live_traffic_schedule(
		&b.traffic, &(struct tw_live_pace){.loop = 2000000}));
	release(&b);
}
END_TEST

TW_TESTS("live/traffic", at_the_recorded_instants, at_a_rate,
	again_and_no_longer)
