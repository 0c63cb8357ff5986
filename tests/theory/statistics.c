/*
 * `make statistics`: how often the judge and its peers are wrong and right, as
 * the tables of docs/statistics.md. GATES=N: gates a figure (1000).
 */
#include "twins/base/assert.h"

#include <stdlib.h>

/* The fixture is that of the tests; this is none. */
#define ck_assert_msg(holds, ...) tw_assert(holds)
#define ck_assert_uint_eq(a, b)	  tw_assert((a) == (b))

/* Of the table of advice; looks go up to 32. */
#define MAX_RUNS  160
#define LOOK_RUNS 32

#include "tests/theory/peers.h"

#include "harness/gate/looks.h"

#define CALM .requests = 320, .sigma = 0.5, .errors = 0.02

static const struct world worlds[] = {
	{.name = "independent requests", CALM},
	{.name = "requests with a memory (0.9)", CALM, .rho = 0.9, .fits = 0.5},
	{.name = "heavy tails (Pareto 2.5)", CALM, .pareto = 2.5},
	{.name = "each run its weather (10%)",
		CALM,
		.weather = 0.1,
		.fits = 0.5},
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
		{.factor = 1.05, .slower = 1}, "all times 5% longer", false},
	{"mean(latency) <= baseline * 1.10", "mean(latency) <= baseline",
		{.factor = 1.1, .slower = 1}, {.factor = 1.3, .slower = 1},
		{.factor = 1.05, .slower = 1}, "all times 5% longer", false},
	{"shift(latency) <= baseline * 1.10", "shift(latency) <= baseline",
		{.factor = 1.1, .slower = 1}, {.factor = 1.3, .slower = 1},
		{.factor = 1.05, .slower = 1}, "all times 5% longer", false},
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

/* CHECK=TEXT: of the checks alone that begin so. */
static bool is_asked(const char *check)
{
	const char *only = getenv("CHECK");

	return !only || !strncmp(check, only, strlen(only));
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
		for (size_t w = 0; w < WORLDS && is_asked(kinds[k].check);
			w++) {
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
static void looks_row(const struct world *w, const struct effect *effect,
	const char *check, const char *truth, size_t gates)
{
	const struct tw_looks looks = {4, LOOK_RUNS};
	struct tw_look_plan plan = {0};
	size_t passed = 0, failed = 0, runs = 0;

	if (!is_asked(check))
		return;
	tw_look_plan(&looks, (1 - TW_CONFIDENCE) / 2, &plan);
	for (uint64_t g = 0; g < gates; g++) {
		enum tw_verdict verdict = TW_VERDICT_INCONCLUSIVE;
		struct gate_data data;
		size_t n = 0, next;

		gate_make(w, effect, LOOK_RUNS, g + 1, &data);
		while (verdict == TW_VERDICT_INCONCLUSIVE &&
			(next = tw_look_next(&looks, n))) {
			n = next;
			data.f.b.n = data.f.c.n = n;
			data.f.options.look = tw_look_at(&plan, n);
			verdict = judge(&data.f, check)->groups.v[0]->verdict;
		}
		data.f.b.n = data.f.c.n = LOOK_RUNS;
		passed += verdict == TW_VERDICT_PASS;
		failed += verdict == TW_VERDICT_FAIL;
		runs += n;
		gate_free(&data);
	}
	printf("| `%s` | %s | %s | %.1f%% | %.1f%% | %.1f%% | %.1f |\n", check,
		w->name, truth, percent(passed, gates), percent(failed, gates),
		percent(gates - passed - failed, gates),
		(double)runs / (double)gates);
	fflush(stdout);
}

static void looks_table(size_t gates)
{
	static const struct world weather = {
		.name = "each run its weather (5%)", CALM, .weather = 0.05};
	static const struct {
		const char *truth;
		double factor;
	} rows[] = {{"no change", 1}, {"+5%", 1.05}, {"+10%, the margin", 1.1},
		{"+15%", 1.15}, {"+20%", 1.2}, {"+30%", 1.3}};
	static const struct effect longer = {.factor = 1.1, .slower = 1};
	static const struct effect failing = {
		.factor = 1, .slower = 1, .errors = 0.01};

	printf("| check | world | truth | pass | fail | undecided at 32 | "
	       "runs, in the mean |\n|---|---|---|--:|--:|--:|--:|\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		looks_row(&weather,
			&(struct effect){.factor = rows[i].factor, .slower = 1},
			"p50(latency) <= baseline * 1.10", rows[i].truth,
			gates);
	looks_row(&worlds[1], &longer, "shift(latency) <= baseline * 1.10",
		"the margin", gates);
	looks_row(&worlds[4], &longer, "p99(latency) <= baseline * 1.10",
		"the margin", gates);
	looks_row(&worlds[1], &failing, "ratio(errors) <= baseline + 1pp",
		"the margin", gates);
	looks_row(&worlds[0], &failing, "ratio(errors) <= baseline + 1pp",
		"the margin", gates);
}

/* ---- runs that are still needed ----------------------------------------- */

/* Of the gates that are undecided after 8 runs and say that `more` would do,
 * those that are with them; of up to 160 in all. */
static void advice_row(const struct world *w, double factor, double errors,
	const char *check, size_t gates)
{
	struct effect effect = {
		.factor = factor, .slower = 1, .errors = errors};
	size_t undecided = 0, told = 0, decided = 0, runs = 0;

	for (uint64_t g = 0; g < gates; g++) {
		struct gate_data data;
		const struct tw_group *group;
		size_t n;

		gate_make(w, &effect, MAX_RUNS, g + 1, &data);
		data.f.b.n = data.f.c.n = GATE_RUNS;
		group = judge(&data.f, check)->groups.v[0];
		n = GATE_RUNS + group->more_runs;
		if (group->verdict == TW_VERDICT_INCONCLUSIVE) {
			undecided++;
			if (group->more_runs && n <= MAX_RUNS) {
				told++;
				runs += n;
				data.f.b.n = data.f.c.n = n;
				group = judge(&data.f, check)->groups.v[0];
				decided += group->verdict !=
					   TW_VERDICT_INCONCLUSIVE;
			}
		}
		data.f.b.n = data.f.c.n = MAX_RUNS;
		gate_free(&data);
	}
	printf("| `%s` | %s | %+.0f%%, %+.1fpp | %.0f%% | %.0f%% | %.1f | "
	       "%.0f%% |\n",
		check, w->name, 100 * (factor - 1), 100 * errors,
		percent(undecided, gates), percent(told, gates),
		told ? (double)runs / (double)told : 0,
		told ? percent(decided, told) : 0);
	fflush(stdout);
}

static void advice_table(size_t gates)
{
	static const struct world weather = {
		.name = "each run its weather (5%)", CALM, .weather = 0.05};
	static const struct world tiny = {.name = "100 calls a run",
		.requests = 100,
		.sigma = 0.5,
		.errors = 0.01};
	const char *p50 = "p50(latency) <= baseline * 1.10";
	const char *errors = "ratio(errors) <= baseline + 2pp";

	printf("| check | world | truth | undecided after 8 | says at most 160 "
	       "| runs, in the mean | decided with them |\n"
	       "|---|---|---|--:|--:|--:|--:|\n");
	for (int i = 0; i <= 4; i++)
		advice_row(&weather, 1 + 0.05 * i, 0, p50, gates);
	for (int i = 0; i <= 4; i++)
		advice_row(&worlds[1], 1 + 0.05 * i, 0, p50, gates);
	for (int i = 0; i <= 4; i++)
		advice_row(&worlds[0], 1 + 0.03 * i, 0,
			"p99(latency) <= baseline * 1.10", gates);
	for (int i = 0; i <= 4; i++)
		advice_row(&tiny, 1, 0.01 * i, errors, gates);
	for (int i = 0; i <= 4; i++)
		advice_row(&worlds[0], 1, 0.005 * i,
			"ratio(errors) <= baseline + 1pp", gates);
}

/* ---- peers ------------------------------------------------------------- */

/* The last is the judge's own estimate, which is not divided by the spread that
 * was seen: what it could do if it was told the noise, as the others are. */
enum { JUDGE, MANN_WHITNEY, KAYENTA, THRESHOLD, ESTIMATE, PEERS };

/* Above their own thresholds: p of 2.5%, z of 2.5%, High, 10% or 1pp. */
static const double nominal[2][ESTIMATE] = {
	{-0.025, 1.9599639845400545, 1, 0.10},
	{-0.025, 1.9599639845400545, 1, 0.01}};

/* What each says of one gate: above its threshold is an alarm. The judge's is
 * its p, turned round. */
static void say(const struct world *w, const struct effect *effect,
	const struct kind *kind, uint64_t gate, double *to[PEERS])
{
	struct gate_data data;
	const struct tw_group *group;
	struct peers peers;

	gate_make(w, effect, GATE_RUNS, gate, &data);
	group = judge(&data.f, kind->exact)->groups.v[0];
	peers = peers_of(&data, w->requests, kind->errors);
	*to[JUDGE]++ = -group->p;
	*to[MANN_WHITNEY]++ = peers.mann_whitney;
	*to[KAYENTA]++ = peers.kayenta;
	*to[THRESHOLD]++ = peers.threshold;
	*to[ESTIMATE]++ = group->excess;
	gate_free(&data);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double above(const double *values, size_t n, double threshold)
{
	size_t above = 0;

	for (size_t i = 0; i < n; i++)
		above += values[i] > threshold;
	return percent(above, n);
}

/* Of one kind of check: what each said in each world, without and with the
 * regression. */
struct said {
	double *none[WORLDS][PEERS], *more[WORLDS][PEERS];
	double told[WORLDS][PEERS]; /* the level at which 1 in 40 is false */
	double one[PEERS];	    /* the same in the worst of the worlds */
};

static void ask(const struct kind *kind, size_t gates, struct said *said)
{
	for (size_t w = 0; w < WORLDS; w++) {
		double *at[2][PEERS];

		for (int p = 0; p < PEERS; p++) {
			said->none[w][p] = tw_calloc(gates, sizeof(double));
			said->more[w][p] = tw_calloc(gates, sizeof(double));
			at[0][p] = said->none[w][p];
			at[1][p] = said->more[w][p];
		}
		for (uint64_t g = 0; g < gates; g++) {
			say(&worlds[w], &NO_EFFECT, kind, g + 1, at[0]);
			say(&worlds[w], &kind->regression, kind, g + 1 + gates,
				at[1]);
		}
		for (int p = 0; p < PEERS; p++) {
			double *none = said->none[w][p], level;

			qsort(none, gates, sizeof *none, compare_doubles);
			level = none[gates - 1 - gates / 40];
			said->told[w][p] = level;
			if (!w || level > said->one[p])
				said->one[p] = level;
		}
	}
}

static void forget(struct said *said)
{
	for (size_t w = 0; w < WORLDS; w++)
		for (int p = 0; p < PEERS; p++) {
			tw_free(said->none[w][p]);
			tw_free(said->more[w][p]);
		}
}

/* With one threshold, and with one that was told the world. */
static void caught_in(const struct said *said, size_t world, size_t gates,
	double caught[2][PEERS])
{
	for (int p = 0; p < PEERS; p++) {
		const double *more = said->more[world][p];

		caught[0][p] = above(more, gates, said->one[p]);
		caught[1][p] = above(more, gates, said->told[world][p]);
	}
}

static void peers_of_kind(const struct kind *kind, size_t gates)
{
	double sums[2][PEERS] = {{0}};
	struct said said = {0};

	ask(kind, gates, &said);
	for (size_t w = 0; w < WORLDS; w++) {
		double caught[2][PEERS];

		caught_in(&said, w, gates, caught);
		printf("| `%s`, %s | %s |", kind->exact, kind->what,
			worlds[w].name);
		for (int p = 0; p < ESTIMATE; p++)
			printf(" %.1f%%, %.0f%%, %.0f%% |",
				above(said.none[w][p], gates,
					nominal[kind->errors][p]),
				caught[0][p], caught[1][p]);
		printf(" %.0f%% |\n", caught[1][ESTIMATE]);
		for (int p = 0; p < PEERS; p++)
			for (int i = 0; i < 2; i++)
				sums[i][p] += caught[i][p] / (double)WORLDS;
	}
	printf("| `%s`, %s | **in the mean** |", kind->exact, kind->what);
	for (int p = 0; p < ESTIMATE; p++)
		printf(" **%.0f%%**, %.0f%% |", sums[0][p], sums[1][p]);
	printf(" %.0f%% |\n", sums[1][ESTIMATE]);
	fflush(stdout);
	forget(&said);
}

static void peers_table(size_t gates)
{
	printf("| check, regression | world | "
	       "judge | Mann-Whitney | Kayenta | threshold "
	       "| judge's estimate |\n"
	       "|---|---|--:|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < KINDS; k++)
		if (is_asked(kinds[k].check))
			peers_of_kind(&kinds[k], gates);
}

/* TABLE=errors, looks, advice or peers: that one alone. */
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
	if (is_wanted("advice")) {
		advice_table(gates);
		printf("\n");
	}
	if (is_wanted("peers"))
		peers_table(gates);
	return 0;
}
