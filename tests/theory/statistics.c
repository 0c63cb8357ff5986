/*
 * `make statistics`: how often the judge and its peers are wrong and right, as
 * the tables of docs/statistics.md. GATES=N: gates a figure (1000).
 */
#include "twins/base/assert.h"

#include <stdlib.h>

/* The fixture is that of the tests; this is none. */
#define ck_assert_msg(holds, ...) tw_assert(holds)
#define ck_assert_uint_eq(a, b)	  tw_assert((a) == (b))

#include "tests/theory/peers.h"

#include "harness/gate/looks.h"

#define CALM .requests = 320, .sigma = 0.5, .errors = 0.02

static const struct world worlds[] = {
	{.name = "independent requests", CALM},
	{.name = "requests with a memory (0.9)",
		CALM,
		.rho = 0.9,
		.bursts = 0.5},
	{.name = "heavy tails (Pareto 2.5)", CALM, .pareto = 2.5},
	{.name = "each run its weather (10%)", CALM, .weather = 0.1},
	{.name = "drift of both (15%), weather 1.5%",
		CALM,
		.weather = 0.015,
		.drift = 0.15,
		.bursts = 0.7},
	{.name = "common random numbers, drift",
		CALM,
		.drift = 0.15,
		.paired = true},
};

#define WORLDS (sizeof worlds / sizeof *worlds)

/* `exact` asks for no worse at all: the same level as a peer's, where a test
 * that there is no difference is right in all but alpha. */
static const struct kind {
	const char *check, *exact;
	struct effect at_margin, large, regression;
	const char *what;
	bool errors;
} kinds[] = {
	{"p50(latency) <= baseline * 1.10", "p50(latency) <= baseline",
		{.factor = 1.1, .slower = 1}, {.factor = 1.3, .slower = 1},
		{.factor = 1.08, .slower = 1}, "all times 8% longer", false},
	{"mean(latency) <= baseline * 1.10", "mean(latency) <= baseline",
		{.factor = 1.1, .slower = 1}, {.factor = 1.3, .slower = 1},
		{.factor = 1.08, .slower = 1}, "all times 8% longer", false},
	{"p99(latency) <= baseline * 1.10", "p99(latency) <= baseline",
		{.factor = 1.1, .slower = 1}, {.factor = 1.5, .slower = 1},
		{.factor = 1, .tail = 0.02, .slower = 4},
		"2% of times 4 times as long", false},
	{"ratio(latency > p98) <= baseline + 1pp",
		"ratio(latency > p98) <= baseline", {.factor = 1, .slower = 1},
		{.factor = 1, .tail = 0.05, .slower = 4},
		{.factor = 1, .tail = 0.02, .slower = 4},
		"2% of times 4 times as long", false},
	{"ratio(errors) <= baseline + 1pp", "ratio(errors) <= baseline",
		{.factor = 1, .slower = 1, .errors = 0.01},
		{.factor = 1, .slower = 1, .errors = 0.04},
		{.factor = 1, .slower = 1, .errors = 0.015},
		"1.5pp more errors", true},
};

#define KINDS (sizeof kinds / sizeof *kinds)

static size_t gates_wanted(void)
{
	const char *text = getenv("GATES");
	int64_t n;

	return text && tw_parse_int(tw_str_of(text), &n) && n > 0 ? (size_t)n
								  : 1000;
}

static double percent(size_t n, size_t of)
{
	return 100 * (double)n / (double)of;
}

static void errors_table(size_t gates)
{
	printf("| check | world | false pass | false fail | fail at no change "
	       "| regression caught |\n|---|---|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < KINDS; k++)
		for (size_t w = 0; w < WORLDS; w++) {
			struct verdicts at = {0}, none, beyond;
			bool has_margin = kinds[k].at_margin.factor > 1 ||
					  kinds[k].at_margin.errors > 0;

			if (has_margin)
				at = gates_judged(&worlds[w],
					&kinds[k].at_margin, kinds[k].check,
					gates);
			none = gates_judged(
				&worlds[w], &NO_EFFECT, kinds[k].check, gates);
			beyond = gates_judged(&worlds[w], &kinds[k].large,
				kinds[k].check, gates);
			printf("| `%s` | %s | ", kinds[k].check,
				worlds[w].name);
			if (has_margin)
				printf("%.1f%% | %.1f%% | ",
					percent(at.passed, gates),
					percent(at.failed, gates));
			else
				printf("- | - | ");
			printf("%.1f%% | %.1f%% |\n",
				percent(none.failed, gates),
				percent(beyond.failed, gates));
			fflush(stdout);
		}
}

/* ---- rare events, equivalence, looks ----------------------------------- */

static void row(const char *check, const struct world *w,
	const struct effect *effect, const char *truth, size_t gates)
{
	struct verdicts v = gates_judged(w, effect, check, gates);

	printf("| `%s` | %s | %s | %.1f%% | %.1f%% |\n", check, w->name, truth,
		percent(v.passed, gates), percent(v.failed, gates));
	fflush(stdout);
}

static void other_table(size_t gates)
{
	static const struct world tiny = {.name = "60 calls a run, none fails",
		.requests = 60,
		.sigma = 0.5};
	static const struct world weather = {
		.name = "each run its weather (5%)", CALM, .weather = 0.05};
	static const struct effect half = {
		.factor = 1.01, .slower = 1, .errors = 0.005};
	static const struct effect five = {
		.factor = 1.01, .slower = 1, .errors = 0.05};
	static const struct effect above = {.factor = 1.1, .slower = 1};
	static const struct effect below = {.factor = 0.9, .slower = 1};

	printf("| check | world | truth | pass | fail "
	       "|\n|---|---|---|--:|--:|\n");
	row("ratio(errors) <= baseline + 0.5pp", &tiny, &half, "at the margin",
		gates);
	row("ratio(errors) <= 0.5%", &tiny, &half, "at the limit", gates);
	row("ratio(errors) <= baseline + 0.5pp", &tiny, &NO_EFFECT, "no change",
		gates);
	row("ratio(errors) <= baseline + 0.5pp", &tiny, &five, "+5pp", gates);
	row("p50(latency) within 10% of baseline", &weather, &above,
		"at the upper margin", gates);
	row("p50(latency) within 10% of baseline", &weather, &below,
		"at the lower margin", gates);
	row("p50(latency) within 10% of baseline", &weather, &NO_EFFECT,
		"no change", gates);
}

/* Of gates that go on from 4 runs to 32 until they are decided. */
static void looks_table(size_t gates)
{
	static const struct world w = {
		.name = "weather", CALM, .weather = 0.05};
	static const struct {
		const char *truth;
		double factor;
	} rows[] = {{"no change", 1}, {"+5%", 1.05}, {"+10%, the margin", 1.1},
		{"+15%", 1.15}, {"+20%", 1.2}, {"+30%", 1.3}};
	const struct tw_looks looks = {4, MAX_RUNS};
	const char *check = "p50(latency) <= baseline * 1.10";

	printf("| truth | pass | fail | undecided at 32 | runs, in the mean |\n"
	       "|---|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct effect effect = {.factor = rows[i].factor, .slower = 1};
		size_t passed = 0, failed = 0, runs = 0;

		for (uint64_t g = 0; g < gates; g++) {
			enum tw_verdict verdict = TW_VERDICT_INCONCLUSIVE;
			struct gate_data data;
			size_t n = 0, next;

			gate_make(&w, &effect, MAX_RUNS, g + 1, &data);
			while (verdict == TW_VERDICT_INCONCLUSIVE &&
				(next = tw_look_next(&looks, n))) {
				n = next;
				data.f.b.n = data.f.c.n = n;
				data.f.options.share = tw_look_share(&looks, n);
				verdict = judge(&data.f, check)
						  ->groups.v[0]
						  ->verdict;
			}
			data.f.b.n = data.f.c.n = MAX_RUNS;
			passed += verdict == TW_VERDICT_PASS;
			failed += verdict == TW_VERDICT_FAIL;
			runs += n;
			gate_free(&data);
		}
		printf("| %s | %.1f%% | %.1f%% | %.1f%% | %.1f |\n",
			rows[i].truth, percent(passed, gates),
			percent(failed, gates),
			percent(gates - passed - failed, gates),
			(double)runs / (double)gates);
		fflush(stdout);
	}
}

/* ---- peers ------------------------------------------------------------- */

enum { JUDGE, MANN_WHITNEY, KAYENTA, THRESHOLD, PEERS };

/* Above their own thresholds: z of 2.5%, High, 10% or 1pp. */
static const double nominal[2][PEERS] = {
	{0, 1.9599639845400545, 1, 0.10}, {0, 1.9599639845400545, 1, 0.01}};

/* What each says of one gate: above 0 (the judge: the lower end of the
 * interval) or its threshold is an alarm. */
static void say(const struct world *w, const struct effect *effect,
	const struct kind *kind, uint64_t gate, double to[PEERS])
{
	struct gate_data data;
	const struct tw_group *group;
	struct peers peers;

	gate_make(w, effect, GATE_RUNS, gate, &data);
	group = judge(&data.f, kind->exact)->groups.v[0];
	peers = peers_of(&data, w->requests, kind->errors);
	to[JUDGE] = group->excess_low;
	to[MANN_WHITNEY] = peers.mann_whitney;
	to[KAYENTA] = peers.kayenta;
	to[THRESHOLD] = peers.threshold;
	gate_free(&data);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void peers_table(size_t gates)
{
	printf("| check, regression | world | "
	       "judge | Mann-Whitney | Kayenta | threshold |\n"
	       "|---|---|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < KINDS; k++)
		for (size_t w = 0; w < WORLDS; w++) {
			const struct kind *kind = &kinds[k];
			double *null[PEERS], *seen[PEERS];
			size_t alarms[PEERS] = {0}, caught[PEERS] = {0};

			for (int p = 0; p < PEERS; p++) {
				null[p] = tw_calloc(gates, sizeof(double));
				seen[p] = tw_calloc(gates, sizeof(double));
			}
			for (uint64_t g = 0; g < gates; g++) {
				double none[PEERS], more[PEERS];

				say(&worlds[w], &NO_EFFECT, kind, g + 1, none);
				say(&worlds[w], &kind->regression, kind,
					g + 1 + gates, more);
				for (int p = 0; p < PEERS; p++) {
					null[p][g] = none[p];
					seen[p][g] = more[p];
					alarms[p] += none[p] >
						     nominal[kind->errors][p];
				}
			}
			printf("| `%s`, %s | %s |", kind->exact, kind->what,
				worlds[w].name);
			for (int p = 0; p < PEERS; p++) {
				double at;

				/* The level at which one in 40 is false. */
				qsort(null[p], gates, sizeof(double),
					compare_doubles);
				at = null[p][gates - 1 - gates / 40];
				for (size_t g = 0; g < gates; g++)
					caught[p] += seen[p][g] > at;
				printf(" %.1f%%, %.0f%% |",
					percent(alarms[p], gates),
					percent(caught[p], gates));
				tw_free(null[p]);
				tw_free(seen[p]);
			}
			printf("\n");
			fflush(stdout);
		}
}

/* TABLE=errors, looks or peers: that one alone. */
static bool is_wanted(const char *table)
{
	const char *only = getenv("TABLE");

	return !only || !*only || !strcmp(only, table);
}

int main(void)
{
	size_t gates = gates_wanted();

	printf("%zu gates a figure, %d runs a side.\n\n", gates, GATE_RUNS);
	if (is_wanted("errors")) {
		errors_table(gates);
		printf("\n");
		other_table(gates);
		printf("\n");
	}
	if (is_wanted("looks")) {
		looks_table(gates);
		printf("\n");
	}
	if (is_wanted("peers"))
		peers_table(gates);
	return 0;
}
