/*
 * Eight stations of M/M/16 in a row, each at 0.8 of its capacity, through the
 * public model: what tandem_simpy.py and tandem_ns3.cc simulate too.
 *
 *	tandem REQUESTS
 *
 * Prints "requests cpu-seconds mean-response events": the mean against
 * 8 * (1 + C(16, 12.8) / 3.2) says whether it is the same system.
 */
#include "tests/twin_builder.h"

#include <stdlib.h>
#include <time.h>

#define STATIONS 8
#define SERVERS	 16
#define LOAD	 0.8

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct tw_spec *spec = tw_spec_new();
	struct tw_spec_endpoint *entry =
		b_endpoint(spec, b_service(spec, "entry", 1, 1000000, 0), "*");
	struct tw_options options = {.seed = 1, .slice = 3600 * TW_S};
	struct b_traffic traffic = {
		.seed = 1,
		.n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
		.gap = (tw_time)((double)TW_MS / (LOAD * SERVERS)),
	};
	struct tw_observation seen;
	struct tw_model *model;
	struct tw_cell sum;
	char name[16];
	double start;

	for (int i = 0; i < STATIONS; i++) {
		struct tw_spec_service *station;

		snprintf(name, sizeof name, "s%d", i);
		station = b_service(spec, name, 1, SERVERS, 10000000);
		b_work(spec, &b_endpoint(spec, station, "*")->steps,
			TW_STEP_CPU, b_exponential(TW_MS));
		b_call(spec, &entry->steps, station->key, NULL);
	}
	model = b_model(spec);
	traffic.endpoint = tw_model_endpoint(
		model, tw_model_service(model, "entry"), NULL);
	start = cpu_seconds();
	b_run(model, &options, traffic, &seen);
	sum = b_sum(&seen, "default/entry", TW_CLIENT, TW_OUTSIDE);
	printf("%llu %.3f %.4f %llu\n", (unsigned long long)traffic.n,
		cpu_seconds() - start,
		tw_histogram_mean(&sum.latency) / (double)TW_MS,
		(unsigned long long)seen.events);
	tw_histogram_release(&sum.latency);
	tw_observation_release(&seen);
	tw_model_free(model);
	tw_spec_free(spec);
	return 0;
}
