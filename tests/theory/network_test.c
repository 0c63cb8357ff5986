/*
 * Networks of stations. An entry with a worker for everybody calls them.
 */
#include "tests/theory/theory.h"

static const char *add_station(
	struct tw_spec *spec, int i, int servers, tw_time mean)
{
	const char *name = tw_arena_printf(&spec->arena, "s%d", i);

	b_work(spec,
		&b_endpoint(
			spec, b_service(spec, name, 1, servers, 1000000), "*")
			 ->steps,
		TW_STEP_CPU, b_exponential(mean));
	return name;
}

/* Jackson ("Networks of waiting lines", Operations Research 5, 1957): each
 * station is as if alone, the sojourns add up. One arrival a ms. */
START_TEST(jackson_tandem)
{
	static const double load[] = {0.5, 0.6, 0.3, 0.4};
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *entry =
		b_endpoint(spec, b_service(spec, "entry", 1, 1000000, 0), "*");
	double theory = 0;

	for (int i = 0; i < 4; i++) {
		b_call(spec, &entry->steps,
			add_station(
				spec, i, 1, (tw_time)(load[i] * (double)TW_MS)),
			NULL);
		theory += load[i] / (1 - load[i]);
	}
	expect_mean(spec, "entry", TW_MS, mean_response, theory);
}
END_TEST

/* An exact result for two (Flatto and Hahn 1984; Nelson and Tantawi,
 * "Approximate analysis of fork/join synchronization in parallel queues", IEEE
 * Trans. Computers 37, 1988): T2 = (12 - rho) / 8 * T1. */
START_TEST(fork_join_of_two)
{
	const double rho = 0.5;
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *entry =
		b_endpoint(spec, b_service(spec, "entry", 1, 1000000, 0), "*");
	struct tw_spec_step *fork =
		b_step(spec, &entry->steps, TW_STEP_PARALLEL);

	for (int i = 0; i < 2; i++)
		b_call(spec, &fork->children, add_station(spec, i, 1, TW_MS),
			NULL);
	expect_mean(spec, "entry", (tw_time)((double)TW_MS / rho),
		mean_response, (12 - rho) / 8 / (1 - rho));
}
END_TEST

/* Two replicas, random choice: the stream is split into two Poisson ones. */
START_TEST(random_split)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_service *s = b_service(spec, "s", 2, 1, 1000000);

	tw_set_int(&s->balancer, TW_BALANCE_RANDOM, s->origin);
	b_work(spec, &b_endpoint(spec, s, "*")->steps, TW_STEP_CPU,
		b_exponential(TW_MS));
	expect_mean(spec, "s", TW_MS, mean_sojourn, 2);
}
END_TEST

/* Done with probability p, r times: p r work. No waiting, so the mean is
 * that of the work. */
START_TEST(probability_and_repeat)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *s =
		b_endpoint(spec, b_service(spec, "s", 1, 100000, 0), "*");
	struct tw_spec_step *step =
		b_work(spec, &s->steps, TW_STEP_WAIT, b_exponential(TW_MS));

	tw_set_real(&step->probability, 0.25, step->origin);
	tw_set_int(&step->repeat, 8, step->origin);
	expect_mean(spec, "s", TW_MS, mean_sojourn, 2);
}
END_TEST

TW_TESTS("theory/network", jackson_tandem, fork_join_of_two, random_split,
	probability_and_repeat)
