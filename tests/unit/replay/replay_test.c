#include "harness/replay/replay.h"

#include "tests/unit/test.h"

static struct tw_plugins plugins;

/* Requests at 10 ms, 20 ms, ... n * 10 ms. */
static struct tw_spool *steady(unsigned n)
{
	struct tw_spool *spool = tw_spool_new(&(struct tw_spool_options){0});
	struct tw_capture_options options = {.plugins = &plugins};
	struct tw_buf text = {0};
	struct tw_error error;

	tw_plugins_init(&plugins);
	for (unsigned i = 1; i <= n; i++)
		tw_buf_printf(&text,
			"{\"time\":%u0000000,\"method\":\"GET\",\"target\":"
			"\"/\"}\n",
			i);
	ck_assert(!tw_spool_read_memory(
		spool, "x", text.p, text.n, &options, &error));
	ck_assert(!tw_spool_finish(spool, &error));
	tw_buf_release(&text);
	tw_plugins_release(&plugins);
	return spool;
}

struct played {
	unsigned n;
	tw_time first, last, duration;
	uint32_t last_pass;
};

static struct played play(
	const struct tw_spool *spool, const struct tw_replay_options *options)
{
	struct played played = {.first = -1};
	struct tw_arrival_record arrival, before = {.at = -1};
	struct tw_replay *replay = tw_calloc(1, sizeof *replay);
	struct tw_error error;

	ck_assert_msg(!tw_replay_init(replay, spool, options, &error), "%s",
		error.message);
	while (tw_replay_next(replay, &arrival)) {
		ck_assert_int_ge(arrival.at, before.at);
		if (!played.n++)
			played.first = arrival.at;
		played.last = arrival.at;
		played.last_pass = arrival.pass;
		before = arrival;
	}
	ck_assert(!replay->failed);
	ck_assert_uint_eq(replay->arrivals, played.n);
	played.duration = tw_replay_duration(replay);
	tw_replay_release(replay);
	tw_free(replay);
	return played;
}

static const struct {
	struct tw_replay_options options;
	struct played expected;
} cases[] = {
	{{0}, {100, 0, 990 * TW_MS, 1000 * TW_MS, 0}},
	{{.speed = 2}, {100, 0, 495 * TW_MS, 500 * TW_MS, 0}},
	{{.rate = 50}, {100, 0, 1980 * TW_MS, 2000 * TW_MS, 0}},
	{{.loop = 3}, {300, 0, 2990 * TW_MS, 3000 * TW_MS, 2}},
	{{.from = 500 * TW_MS}, {50, 0, 490 * TW_MS, 500 * TW_MS, 0}},
	{{.from = 5 * TW_MS, .to = 105 * TW_MS},
		{10, 5 * TW_MS, 95 * TW_MS, 100 * TW_MS, 0}},
	{{.duration = 250 * TW_MS}, {25, 0, 240 * TW_MS, 250 * TW_MS, 0}},
	{{.duration = 2500 * TW_MS}, {250, 0, 2490 * TW_MS, 2500 * TW_MS, 2}},
	{{.duration = 2500 * TW_MS, .loop = 1},
		{100, 0, 990 * TW_MS, 1000 * TW_MS, 0}},
	{{.speed = 0.5, .loop = 2, .from = 900 * TW_MS},
		{20, 0, 380 * TW_MS, 400 * TW_MS, 1}},
};

static bool same(const struct played *a, const struct played *b)
{
	return a->n == b->n && a->first == b->first && a->last == b->last &&
	       a->duration == b->duration && a->last_pass == b->last_pass;
}

START_TEST(schedules)
{
	struct tw_spool *spool = steady(100);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct played got = play(spool, &cases[i].options);

		ck_assert_msg(same(&got, &cases[i].expected),
			"case %zu: %u, %lld .. %lld of %lld, pass %u", i, got.n,
			(long long)got.first, (long long)got.last,
			(long long)got.duration, got.last_pass);
	}
	tw_spool_free(spool);
}
END_TEST

START_TEST(surges_copy)
{
	struct tw_spool *spool = steady(1000);
	struct tw_replay_surge surge = {2 * TW_S, 4 * TW_S, 3};
	struct tw_replay_options options = {.surges = &surge, .n_surges = 1};

	ck_assert_uint_eq(play(spool, &options).n, 1000 + 2 * 200);
	surge.factor = 0;
	ck_assert_uint_eq(play(spool, &options).n, 800);
	surge.factor = 1.5; /* 200 draws of 1/2: five standard deviations */
	ck_assert_uint_ge(play(spool, &options).n, 1064);
	ck_assert_uint_le(play(spool, &options).n, 1136);
	tw_spool_free(spool);
}
END_TEST

START_TEST(refuses_nonsense)
{
	static const struct tw_replay_options bad[] = {
		{.speed = -1},
		{.rate = -5},
		{.from = 10, .to = 5},
		{.from = 100 * TW_S},
		{.duration = -1},
	};
	struct tw_spool *spool = steady(10);
	struct tw_replay *replay = tw_calloc(1, sizeof *replay);
	struct tw_error error;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(
			tw_replay_init(replay, spool, &bad[i], &error), -1);
		ck_assert_int_eq(error.code, TW_E_USAGE);
	}
	tw_free(replay);
	tw_spool_free(spool);
}
END_TEST

START_TEST(one_request_is_enough)
{
	struct tw_spool *spool = steady(1);
	struct tw_replay_options options = {.loop = 2};
	struct played got = play(spool, &options);

	ck_assert_uint_eq(got.n, 2);
	ck_assert_int_eq(got.last, TW_S);
	tw_spool_free(spool);
}
END_TEST

TW_TESTS("replay/replay", schedules, surges_copy, refuses_nonsense,
	one_request_is_enough)
