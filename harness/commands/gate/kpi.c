/*
 * What a gate notes for its history beside the verdict (harness/report/
 * history.h): when alerts would have rung, and how far a real build is from
 * what the twin says of it. Lines of the record's evidence.
 */
#include "harness/commands/gate/gate.h"

#include "harness/trial/trial.h"

#include <math.h>

/* ---- detection ---------------------------------------------------------- */

/* Of one group of a check: "detected.SCENARIO.CHECK TAB RUNS NEVER NS". */
static void note_group(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_check *check, const struct tw_group_key *key,
	struct tw_runs candidate)
{
	struct tw_buf *to = &gate->store.kpis;
	size_t n = 0, never = 0;
	double sum = 0;
	char text[TW_REAL_TEXT];

	for (size_t i = 0; i < candidate.n; i++) {
		struct tw_sample sample =
			tw_measure_detection(check, key, candidate.v[i]);

		if (!sample.present)
			continue;
		never += sample.censored;
		n += !sample.censored;
		sum += sample.censored ? 0 : sample.value;
	}
	if (!n && !never)
		return;
	tw_buf_add_text(to, "detected.");
	tw_line_add(to, one->name);
	tw_buf_add_char(to, '.');
	tw_line_add(to, check->name);
	tw_buf_printf(to, "\t%zu %zu %s\n", n, never, tw_real_text(sum, text));
}

void tw_gate_note_detection(struct tw_gate *gate, const struct tw_case *one,
	struct tw_runs candidate)
{
	for (size_t i = 0; i < gate->checks.n; i++) {
		const struct tw_check *check = gate->checks.v[i];
		struct tw_group_keys keys = {0};

		if (!tw_check_rings(check) ||
			!tw_check_applies(check, one->name))
			continue;
		tw_measure_groups(check, candidate, &gate->arena, &keys);
		for (size_t k = 0; k < keys.n; k++)
			note_group(gate, one, check, &keys.v[k], candidate);
	}
}

/* ---- accuracy ----------------------------------------------------------- */

#define FEW 30 /* calls, for a median to be of use */

struct seen {
	struct tw_histogram latency;
	uint64_t calls, errors;
};

/* Calls to an endpoint, as whoever calls sees them. */
static void add_calls(const struct tw_observation *obs, const char *service,
	const char *endpoint, struct seen *to)
{
	for (size_t i = 0; i < obs->cells.n; i++) {
		const struct tw_cell *cell = &obs->cells.v[i];

		if (cell->key.side != TW_CLIENT ||
			strcmp(cell->key.service, service) != 0 ||
			strcmp(cell->key.endpoint, endpoint) != 0)
			continue;
		tw_histogram_merge(&to->latency, &cell->latency);
		to->calls += cell->count;
		to->errors += cell->errors;
	}
}

static void compare(struct tw_gate *gate, const char *service,
	const char *endpoint, struct tw_runs live,
	const struct tw_observation *predicted)
{
	struct seen is = {0}, was = {0};
	double median;

	for (size_t i = 0; i < live.n; i++)
		add_calls(live.v[i], service, endpoint, &is);
	add_calls(predicted, service, endpoint, &was);
	median = (double)tw_histogram_quantile(&was.latency, 0.5);
	if (is.calls >= FEW && was.calls >= FEW && median > 0) {
		double off = (double)tw_histogram_quantile(&is.latency, 0.5);

		gate->accuracy.endpoints++;
		gate->accuracy.latency += fabs(off - median) / median;
		gate->accuracy.errors +=
			fabs((double)is.errors / (double)is.calls -
				(double)was.errors / (double)was.calls);
	}
	tw_histogram_release(&is.latency);
	tw_histogram_release(&was.latency);
}

void tw_gate_note_accuracy(struct tw_gate *gate, const struct tw_case *one,
	const struct tw_system *system, enum tw_flow_side side,
	const char *service, struct tw_runs live)
{
	const struct tw_spec_service *spec =
		tw_spec_find_service(system->spec, NULL, service);
	const struct tw_flow *flow = tw_traffic_flow(
		gate->traffic, one->traffic, &gate->setup.diags);
	struct tw_observation predicted;
	struct tw_scenario scenario;

	if (!flow || !spec)
		return;
	tw_scenario_init(&scenario);
	if (!tw_case_compile(
		    one, system->model, &scenario, &gate->setup.diags)) {
		tw_trial_run(&(struct tw_trial){.model = system->model,
				     .flow = flow,
				     .side = side,
				     .scenario = &scenario,
				     .seed = gate->seed},
			&predicted);
		for (size_t i = 0; i < spec->endpoints.n; i++) {
			const struct tw_spec_endpoint *endpoint =
				spec->endpoints.v[i].value;

			if (endpoint->steps.n)
				compare(gate, spec->key,
					spec->endpoints.v[i].key, live,
					&predicted);
		}
		tw_observation_release(&predicted);
	}
	tw_scenario_release(&scenario);
}

void tw_gate_kpi_text(const struct tw_gate *gate, struct tw_buf *out)
{
	double n = (double)gate->accuracy.endpoints;
	char latency[TW_REAL_TEXT], errors[TW_REAL_TEXT];

	tw_buf_add(out, gate->store.kpis.p, gate->store.kpis.n);
	if (gate->accuracy.endpoints)
		tw_buf_printf(out,
			"accuracy.endpoints\t%zu\naccuracy.latency\t%s\n"
			"accuracy.errors\t%s\n",
			gate->accuracy.endpoints,
			tw_real_text(gate->accuracy.latency / n, latency),
			tw_real_text(gate->accuracy.errors / n, errors));
}
