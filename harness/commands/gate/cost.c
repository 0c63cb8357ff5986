/*
 * What the candidate costs: CPU and memory that its manifests request for all
 * replicas, and what its first case used of them, where the twin knows.
 */
#include "harness/commands/gate/gate.h"

/* Of a pod: its own request, or its containers'. */
static int64_t request_of(const struct tw_spec_workload *workload, bool cpu)
{
	struct tw_int own =
		cpu ? workload->cpu_request : workload->memory_request;
	int64_t sum = 0;

	if (own.origin)
		return own.v;
	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *it = workload->containers.v[i];

		sum += tw_int_or(cpu ? it->cpu_request : it->memory_request, 0);
	}
	return sum;
}

static int64_t requested(const struct tw_spec *spec, bool cpu)
{
	int64_t sum = 0;

	for (size_t i = 0; i < spec->workloads.n; i++) {
		const struct tw_spec_workload *it = spec->workloads.v[i].value;

		sum += tw_int_or(it->replicas, 1) * request_of(it, cpu);
	}
	return sum;
}

void tw_gate_note_cost(
	struct tw_gate *gate, const struct tw_observation *seen, size_t n)
{
	if (gate->cost.known)
		return;
	gate->cost.known = true;
	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < seen[r].gauges.n; i++) {
			struct tw_gauge_slice sum =
				tw_gauge_total(&seen[r].gauges.v[i]);
			double runs = (double)n;

			gate->cost.cpu += (double)sum.cpu /
					  (double)seen[r].duration / runs;
			gate->cost.memory += (double)sum.memory *
					     (double)sum.replicas / runs;
		}
}

void tw_gate_cost_text(const struct tw_gate *gate, struct tw_buf *out)
{
	int64_t cpu = requested(gate->candidate.spec, true);
	int64_t memory = requested(gate->candidate.spec, false);
	char text[TW_REAL_TEXT];

	if (cpu)
		tw_buf_printf(out, "cost.cpu.requested\t%s\n",
			tw_real_text((double)cpu / 1000, text));
	if (memory)
		tw_buf_printf(out, "cost.memory.requested\t%lld\n",
			(long long)memory);
	/* 0 is not known: nothing is said of any service's CPU or memory. */
	if (gate->cost.cpu > 0)
		tw_buf_printf(out, "cost.cpu.used\t%s\n",
			tw_real_text(gate->cost.cpu, text));
	if (gate->cost.memory > 0)
		tw_buf_printf(out, "cost.memory.used\t%lld\n",
			(long long)gate->cost.memory);
}
