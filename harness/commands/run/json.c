#include "harness/commands/run/json.h"

#include "harness/report/timeline.h"

#include <stdlib.h>

/* Cells that are alike but for the zone, and, where `all`, for the window. */
struct series {
	const struct tw_cell_key *key;
	bool all;
	struct tw_cell sum;
};

TW_VEC_TYPE(serieses, struct series);

static const char *const sides[] = {
	[TW_CLIENT] = "client",
	[TW_SERVER] = "server",
};

static const char *const windows[] = {
	[TW_WINDOW_BEFORE] = "before",
	[TW_WINDOW_DURING] = "during",
	[TW_WINDOW_AFTER] = "after",
};

static bool fits(const struct series *series, const struct tw_cell_key *key)
{
	return series->key->side == key->side &&
	       series->key->caller == key->caller &&
	       series->key->service == key->service &&
	       series->key->endpoint == key->endpoint &&
	       (series->all || series->key->window == key->window);
}

static void add_slices(struct tw_cell *to, const struct tw_cell *from)
{
	while (to->slices.n < from->slices.n)
		tw_vec_push(&to->slices, (struct tw_slice){0});
	for (size_t i = 0; i < from->slices.n; i++) {
		to->slices.v[i].count += from->slices.v[i].count;
		to->slices.v[i].errors += from->slices.v[i].errors;
		to->slices.v[i].timeouts += from->slices.v[i].timeouts;
		to->slices.v[i].latency_sum += from->slices.v[i].latency_sum;
	}
}

static void add(struct serieses *list, const struct tw_cell *cell, bool all)
{
	struct tw_cell *sum = NULL;

	for (size_t i = 0; i < list->n && !sum; i++)
		if (list->v[i].all == all && fits(&list->v[i], &cell->key))
			sum = &list->v[i].sum;
	if (!sum) {
		tw_vec_push(
			list, (struct series){.key = &cell->key, .all = all});
		sum = &list->v[list->n - 1].sum;
	}
	sum->count += cell->count;
	sum->errors += cell->errors;
	sum->timeouts += cell->timeouts;
	sum->shed += cell->shed;
	sum->retries += cell->retries;
	sum->abandoned += cell->abandoned;
	sum->queued += cell->queued;
	sum->worked += cell->worked;
	sum->stalled += cell->stalled;
	sum->backoff += cell->backoff;
	sum->network += cell->network;
	tw_histogram_merge(&sum->latency, &cell->latency);
	add_slices(sum, cell);
}

static void write_latency(
	struct tw_json_writer *w, const struct tw_histogram *latency)
{
	static const struct {
		const char *name;
		double q;
	} points[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99},
		{"p99.9", 0.999}};

	tw_json_put_object(w, "latencyNs");
	tw_json_put_int(w, "mean", (int64_t)(tw_histogram_mean(latency) + 0.5));
	tw_json_put_int(w, "min", latency->min);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		tw_json_put_int(w, points[i].name,
			tw_histogram_quantile(latency, points[i].q));
	tw_json_put_int(w, "max", latency->max);
	tw_json_end(w);
}

/* By when calls ended; the rows are short, so each is a list. */
static void write_slices(struct tw_json_writer *w, const struct tw_cell *sum)
{
	bool pretty = w->pretty;

	tw_json_key(w, "slices");
	w->pretty = false;
	tw_json_array(w);
	for (size_t i = 0; i < sum->slices.n; i++) {
		const struct tw_slice *slice = &sum->slices.v[i];

		tw_json_array(w);
		tw_json_int(w, slice->count);
		tw_json_int(w, slice->errors);
		tw_json_int(w, slice->timeouts);
		tw_json_int(w,
			slice->count ? slice->latency_sum / slice->count : 0);
		tw_json_end(w);
	}
	tw_json_end(w);
	w->pretty = pretty;
}

static void write_series(struct tw_json_writer *w, const struct series *series)
{
	const struct tw_cell *sum = &series->sum;

	tw_json_object(w);
	tw_json_put_string(w, "caller", series->key->caller);
	tw_json_put_string(w, "service", series->key->service);
	tw_json_put_string(w, "endpoint", series->key->endpoint);
	tw_json_put_string(w, "side", sides[series->key->side]);
	tw_json_put_string(w, "window",
		series->all ? "all" : windows[series->key->window]);
	tw_json_put_int(w, "count", (int64_t)sum->count);
	tw_json_put_int(w, "errors", (int64_t)sum->errors);
	tw_json_put_int(w, "timeouts", (int64_t)sum->timeouts);
	tw_json_put_int(w, "shed", (int64_t)sum->shed);
	tw_json_put_int(w, "retries", (int64_t)sum->retries);
	tw_json_put_int(w, "abandoned", (int64_t)sum->abandoned);
	tw_json_put_int(w, "queuedNs", sum->queued);
	tw_json_put_int(w, "workedNs", sum->worked);
	tw_json_put_int(w, "stalledNs", sum->stalled);
	tw_json_put_int(w, "backoffNs", sum->backoff);
	tw_json_put_int(w, "networkNs", sum->network);
	write_latency(w, &sum->latency);
	if (series->all)
		write_slices(w, sum);
	tw_json_end(w);
}

static void write_gauge(struct tw_json_writer *w, const struct tw_gauge *gauge)
{
	struct tw_gauge_slice sum = tw_gauge_total(gauge);

	tw_json_object(w);
	tw_json_put_string(w, "service", gauge->service);
	tw_json_put_int(w, "replicas", sum.replicas);
	tw_json_put_int(w, "unavailable", sum.unavailable);
	tw_json_put_int(w, "queue", sum.queue);
	tw_json_put_real(w, "utilization",
		sum.capacity ? (double)sum.busy / (double)sum.capacity : 0);
	tw_json_put_int(w, "cpuNs", sum.cpu);
	tw_json_put_int(w, "computingNs", sum.computing);
	tw_json_put_int(w, "throttledNs", sum.throttled);
	tw_json_put_int(w, "memoryBytes", sum.memory);
	tw_json_put_int(w, "oomKills", sum.ooms);
	tw_json_end(w);
}

static void write_calls(
	struct tw_json_writer *w, const struct tw_observation *seen)
{
	bool has_faults = seen->fault_start != TW_NEVER;
	struct serieses list = {0};

	for (size_t i = 0; i < seen->cells.n; i++)
		add(&list, &seen->cells.v[i], true);
	for (size_t i = 0; has_faults && i < seen->cells.n; i++)
		add(&list, &seen->cells.v[i], false);
	tw_json_put_array(w, "calls");
	for (size_t i = 0; i < list.n; i++) {
		if (list.v[i].sum.count)
			write_series(w, &list.v[i]);
		tw_histogram_release(&list.v[i].sum.latency);
		tw_vec_release(&list.v[i].sum.slices);
	}
	tw_json_end(w);
	tw_vec_release(&list);
}

static void write_incidents(
	struct tw_json_writer *w, const struct tw_observation *seen)
{
	tw_json_put_array(w, "incidents");
	for (size_t i = 0; i < seen->incidents.n; i++) {
		const struct tw_incident *it = &seen->incidents.v[i];

		tw_json_object(w);
		tw_json_put_int(w, "atNs", it->at);
		tw_json_put_string(w, "replica", it->replica);
		tw_json_put_string(w, "cause", it->cause);
		tw_json_put_int(w, "backAfterNs", it->back);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void write_scalings(
	struct tw_json_writer *w, const struct tw_observation *seen)
{
	tw_json_put_array(w, "autoscalers");
	for (size_t i = 0; i < seen->scalings.n; i++) {
		const struct tw_scaling *it = &seen->scalings.v[i];

		tw_json_object(w);
		tw_json_put_string(w, "name", it->name);
		tw_json_put_string(w, "workload", it->workload);
		tw_json_put_int(w, "minReplicas", it->min);
		tw_json_put_int(w, "maxReplicas", it->max);
		tw_json_put_int(w, "replicasAtStart", it->had);
		tw_json_put_int(w, "mostReplicas", it->most);
		tw_json_put_int(w, "replicasAtEnd", it->last);
		tw_json_put_int(w, "mostWanted", it->most_wanted);
		tw_json_put_int(w, "rescales", it->rescales);
		tw_json_put_int(w, "firstRescaleNs", it->first);
		tw_json_put_int(w, "syncs", it->syncs);
		tw_json_put_int(w, "saturatedSyncs", it->saturated);
		tw_json_put_int(w, "blindSyncs", it->blind);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void write_recommended(struct tw_json_writer *w, const char *name,
	const struct tw_recommended *it)
{
	if (!it->target)
		return;
	tw_json_key(w, name);
	tw_json_object(w);
	tw_json_put_int(w, "targetAtStart", it->first);
	tw_json_put_int(w, "target", it->target);
	tw_json_put_int(w, "lowerBound", it->lower);
	tw_json_put_int(w, "upperBound", it->upper);
	tw_json_end(w);
}

/* Nothing where there is none, as before there were any. */
static void write_verticals(
	struct tw_json_writer *w, const struct tw_observation *seen)
{
	if (!seen->verticals.n)
		return;
	tw_json_put_array(w, "verticalAutoscalers");
	for (size_t i = 0; i < seen->verticals.n; i++) {
		const struct tw_vertical_seen *it = &seen->verticals.v[i];

		tw_json_object(w);
		tw_json_put_string(w, "name", it->name);
		tw_json_put_string(w, "workload", it->workload);
		tw_json_put_string(w, "updateMode", it->mode);
		write_recommended(w, "cpuMillicores", &it->cpu);
		write_recommended(w, "memoryBytes", &it->memory);
		tw_json_put_int(w, "evictions", it->evictions);
		tw_json_put_int(w, "resizes", it->resizes);
		tw_json_put_int(w, "refusedEvictions", it->refused);
		tw_json_put_int(w, "looksAtTooFewPods", it->too_few);
		tw_json_put_int(w, "oomKills", it->ooms);
		tw_json_end(w);
	}
	tw_json_end(w);
}

void tw_run_json(struct tw_json_writer *w, const char *scenario, uint64_t seed,
	const struct tw_observation *seen)
{
	tw_json_object(w);
	tw_json_put_string(w, "scenario", scenario);
	tw_json_put_uint(w, "seed", seed);
	tw_json_put_int(w, "durationNs", seen->duration);
	if (seen->warmup)
		tw_json_put_int(w, "warmupNs", seen->warmup);
	tw_json_put_int(w, "sliceNs", seen->slice);
	if (seen->fault_start != TW_NEVER) {
		tw_json_put_int(w, "faultStartNs", seen->fault_start);
		tw_json_put_int(w, "faultEndNs", seen->fault_end);
	}
	tw_json_put_int(w, "requests", (int64_t)seen->arrivals);
	tw_json_put_int(w, "completed", (int64_t)seen->completed);
	tw_json_put_int(w, "refused", (int64_t)seen->overflow);
	tw_json_put_int(w, "peakInFlight", (int64_t)seen->peak_in_flight);
	tw_json_put_int(w, "events", (int64_t)seen->events);
	write_calls(w, seen);
	write_incidents(w, seen);
	write_scalings(w, seen);
	write_verticals(w, seen);
	tw_json_key(w, "timeline");
	tw_timeline_json(w, &seen->timeline);
	tw_json_put_array(w, "services");
	for (size_t i = 0; i < seen->gauges.n; i++)
		write_gauge(w, &seen->gauges.v[i]);
	tw_json_end(w);
	tw_json_end(w);
}
