/*
 * Gates made up by the thousand, of which the truth is known: what a world's
 * requests are like, how far the candidate is from the baseline, and what the
 * judge and its peers said of the same requests.
 */
#ifndef TW_TESTS_THEORY_GATES_H
#define TW_TESTS_THEORY_GATES_H

#include "tests/unit/gate/fixture.h"

#define GATE_RUNS   8
#define GATE_SLICES 8 /* of a run: points of a time series */
#define GATE_MAX    400

/* Times are log-normal or of a Pareto law; with a memory, weather, bursts. */
struct world {
	const char *name;
	size_t requests; /* a run */
	double sigma;	 /* of the log of a time */
	double pareto;	 /* > 0: its exponent, instead of the log-normal */
	double rho;	 /* of one request's log to the next one's */
	double weather;	 /* sd of a run's log factor, of each side its own */
	double drift;	 /* the same, shared by both sides of a pair */
	bool paired;	 /* common random numbers but for one request in 20 */
	double errors;	 /* the baseline's rate */
	double bursts;	 /* sd of the log of a run's error rate, shared */
	double fits;	 /* the same, of each side its own */
};

/* What the candidate does to its requests. */
struct effect {
	double factor;	     /* of all times */
	double tail, slower; /* this share of times is so many times as long */
	double errors;	     /* added to the rate */
};

#define NO_EFFECT ((struct effect){.factor = 1, .slower = 1})

/* One gate: what was seen, by request and as the judge gets it. */
struct gate_data {
	struct fixture f;
	double *times[2]; /* [side][run * requests + k], ms */
	bool *failed[2];
	size_t n; /* requests of a side */
};

enum {
	SEED_TIME,
	SEED_FRESH,
	SEED_WEATHER,
	SEED_DRIFT,
	SEED_ERROR,
	SEED_TAIL,
	SEED_FIT
};

static inline double gate_draw(uint64_t gate, uint64_t what, uint64_t i)
{
	return draw(tw_hash_combine(gate, what), i);
}

static inline double gate_normal(uint64_t gate, uint64_t what, uint64_t i)
{
	return tw_normal_inverse(gate_draw(gate, what, i));
}

static inline double gate_time(const struct world *w, double u)
{
	return w->pareto > 0 ? -tw_log(1 - u) / w->pareto
			     : w->sigma * tw_normal_inverse(u);
}

static inline void gate_run(const struct world *w, const struct effect *effect,
	uint64_t gate, struct gate_data *data, int side, size_t run)
{
	double *times = data->times[side] + run * w->requests;
	bool *failed = data->failed[side] + run * w->requests;
	double log_factor = w->drift * gate_normal(gate, SEED_DRIFT, run) +
			    w->weather * gate_normal(gate, SEED_WEATHER,
						 run * 2 + (size_t)side);
	double burst = w->bursts * gate_normal(gate, SEED_ERROR, run);
	double fit =
		w->fits * gate_normal(gate, SEED_FIT, run * 2 + (size_t)side);
	double rate = w->errors * tw_exp(burst - w->bursts * w->bursts / 2 +
					  fit - w->fits * w->fits / 2);
	double x = 0;

	if (side)
		rate += effect->errors;
	for (size_t k = 0; k < w->requests; k++) {
		uint64_t i = run * w->requests + k;
		uint64_t fresh = i * 2 + (uint64_t)side;
		bool same = w->paired && gate_draw(gate, SEED_FRESH, i) > 0.05;
		double u = gate_draw(gate, SEED_TIME, same ? i : ~fresh);
		double e = gate_time(w, u), longer = 1;

		x = k ? w->rho * x + sqrt(1 - w->rho * w->rho) * e : e;
		if (side && gate_draw(gate, SEED_TAIL, i) < effect->tail)
			longer = effect->slower;
		times[k] = 20 * tw_exp(x + log_factor) * longer *
			   (side ? effect->factor : 1);
		failed[k] = gate_draw(gate, SEED_ERROR + 100,
				    same ? i : ~fresh) < rate;
	}
}

static inline void gate_observe(
	const struct world *w, struct gate_data *data, int side, size_t run)
{
	struct side *to = side ? &data->f.c : &data->f.b;

	for (size_t k = 0; k < w->requests; k++) {
		size_t i = run * w->requests + k;

		if (data->failed[side][i])
			tw_vec_push(&to->obs[run].failed,
				((struct tw_example){.key = i + 1,
					.position = i,
					.service = "shop/frontend",
					.endpoint = "GET /"}));
		add_calls(to, run, "GET /", 1,
			(tw_time)(data->times[side][i] * 1e6),
			data->failed[side][i]);
	}
}

static inline void gate_make(const struct world *w, const struct effect *effect,
	size_t runs, uint64_t gate, struct gate_data *data)
{
	fixture_init(&data->f, runs);
	data->n = runs * w->requests;
	for (int side = 0; side < 2; side++) {
		data->times[side] = tw_calloc(data->n, sizeof(double));
		data->failed[side] = tw_calloc(data->n, sizeof(bool));
		for (size_t run = 0; run < runs; run++) {
			gate_run(w, effect, gate, data, side, run);
			gate_observe(w, data, side, run);
		}
	}
}

static inline void gate_free(struct gate_data *data)
{
	for (int side = 0; side < 2; side++) {
		tw_free(data->times[side]);
		tw_free(data->failed[side]);
	}
	fixture_release(&data->f);
}

/* Of how many gates each verdict came. */
struct verdicts {
	size_t gates, passed, failed;
};

static inline struct verdicts gates_judged(const struct world *w,
	const struct effect *effect, const char *check, size_t gates)
{
	struct verdicts seen = {.gates = gates};

	for (uint64_t g = 0; g < gates; g++) {
		struct gate_data data;
		const struct tw_group *group;

		gate_make(w, effect, GATE_RUNS, g + 1, &data);
		group = judge(&data.f, check)->groups.v[0];
		seen.passed += group->verdict == TW_VERDICT_PASS;
		seen.failed += group->verdict == TW_VERDICT_FAIL;
		gate_free(&data);
	}
	return seen;
}

#endif
