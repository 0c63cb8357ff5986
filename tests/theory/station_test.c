/*
 * One station, Poisson arrivals. Formulas: Kleinrock, "Queueing Systems",
 * vol. 1 (Wiley 1975), chapters 3 (M/M/1, M/M/m, M/M/m/K) and 5 (M/G/1). The
 * mean service time is 1 ms; rho is the load of a server.
 */
#include "tests/theory/theory.h"

#define ROOM 1000000 /* a queue that never fills */

static tw_time gap(int servers, double rho)
{
	return (tw_time)((double)TW_MS / servers / rho);
}

START_TEST(mm1_sojourn)
{
	expect_mean(station(1, ROOM, b_exponential(TW_MS)), "s", gap(1, 0.5),
		mean_sojourn, 1 / (1 - 0.5));
}
END_TEST

static double p95_sojourn(const struct tw_observation *obs)
{
	struct tw_cell sum = b_sum(obs, "default/s", TW_SERVER, NULL);
	double p95 = (double)tw_histogram_quantile(&sum.latency, 0.95) /
		     (double)TW_MS;

	tw_histogram_release(&sum.latency);
	return p95;
}

/* First come first served: the sojourn is exponential. */
START_TEST(mm1_quantile)
{
	expect_mean(station(1, ROOM, b_exponential(TW_MS)), "s", gap(1, 0.5),
		p95_sojourn, tw_log(20) / (1 - 0.5));
}
END_TEST

static double busy_share(const struct tw_observation *obs)
{
	int64_t busy = 0, capacity = 0;

	for (size_t i = 0; i < obs->gauges.v[0].slices.n; i++) {
		busy += obs->gauges.v[0].slices.v[i].busy;
		capacity += obs->gauges.v[0].slices.v[i].capacity;
	}
	return (double)busy / (double)capacity;
}

START_TEST(mm1_utilisation)
{
	expect_mean(station(1, ROOM, b_exponential(TW_MS)), "s", gap(1, 0.5),
		busy_share, 0.5);
}
END_TEST

/* The probability that an arrival is lost at c servers and no queue, by the
 * recursion of Erlang's B formula; a is the offered load. */
static double erlang_b(int c, double a)
{
	double b = 1;

	for (int k = 1; k <= c; k++)
		b = a * b / (k + a * b);
	return b;
}

/* That an arrival has to wait, with a queue for all (Erlang C). */
static double erlang_c(int c, double rho)
{
	double b = erlang_b(c, c * rho);

	return b / (1 - rho * (1 - b));
}

START_TEST(mmc_wait)
{
	expect_mean(station(4, ROOM, b_exponential(TW_MS)), "s", gap(4, 0.7),
		mean_wait, erlang_c(4, 0.7) / (4 * (1 - 0.7)));
	expect_mean(station(2, ROOM, b_exponential(TW_MS)), "s", gap(2, 0.6),
		mean_wait, erlang_c(2, 0.6) / (2 * (1 - 0.6)));
}
END_TEST

/* Pollaczek and Khinchine: W = rho (1 + cv^2) / (2 (1 - rho)). */
static double khinchine(double rho, double cv2)
{
	return rho * (1 + cv2) / (2 * (1 - rho));
}

START_TEST(md1_wait)
{
	expect_mean(station(1, ROOM, b_constant(TW_MS)), "s", gap(1, 0.6),
		mean_wait, khinchine(0.6, 0));
}
END_TEST

START_TEST(mg1_wait_lognormal)
{
	struct tw_error error;
	struct tw_dist law;

	ck_assert_int_eq(tw_dist_lognormal_mean(&law, TW_MS, 1.2, &error), 0);
	expect_mean(station(1, ROOM, law), "s", gap(1, 0.4), mean_wait,
		khinchine(0.4, 1.2 * 1.2));
}
END_TEST

START_TEST(mg1_wait_gamma)
{
	struct tw_error error;
	struct tw_dist law;
	struct tw_arena arena;
	struct tw_spec *spec;

	tw_arena_init(&arena);
	ck_assert_int_eq(tw_dist_gamma(&law, TW_MS, 0.5, &arena, &error), 0);
	spec = station(1, ROOM, law);
	expect_mean(spec, "s", gap(1, 0.4), mean_wait, khinchine(0.4, 2));
	tw_arena_release(&arena);
}
END_TEST

START_TEST(mmcc_loss)
{
	expect_mean(station(5, 0, b_exponential(TW_MS)), "s", gap(5, 0.8), loss,
		erlang_b(5, 4));
}
END_TEST

/* At most k in the system: p_n by birth and death, lost where n = k. */
static double mmck_loss(int c, int k, double a)
{
	double p = 1, sum = 1;

	for (int n = 1; n <= k; n++) {
		p *= a / (n < c ? n : c);
		sum += p;
	}
	return p / sum;
}

START_TEST(mmck_losses)
{
	expect_mean(station(2, 4, b_exponential(TW_MS)), "s", gap(2, 0.9), loss,
		mmck_loss(2, 6, 1.8));
	expect_mean(station(1, 3, b_exponential(TW_MS)), "s", gap(1, 0.8), loss,
		mmck_loss(1, 4, 0.8));
}
END_TEST

TW_TESTS("theory/station", mm1_sojourn, mm1_quantile, mm1_utilisation, mmc_wait,
	md1_wait, mg1_wait_lognormal, mg1_wait_gamma, mmcc_loss, mmck_losses)
