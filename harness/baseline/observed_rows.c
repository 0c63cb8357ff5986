#include "harness/baseline/observed_rows.h"

#include "twins/base/hash.h"

#include <stddef.h>

#define ROW(type, member, kind)                                                \
	{                                                                      \
#member, TW_FIELD_##kind, offsetof(struct type, member)        \
	}
#define END                                                                    \
	{                                                                      \
		NULL, TW_FIELD_U32, 0                                          \
	}

const struct tw_field tw_observation_rows[] = {
	ROW(tw_observation, slice, I64),
	ROW(tw_observation, duration, I64),
	ROW(tw_observation, warmup, I64),
	ROW(tw_observation, fault_start, I64),
	ROW(tw_observation, fault_end, I64),
	ROW(tw_observation, arrivals, U64),
	ROW(tw_observation, completed, U64),
	ROW(tw_observation, events, U64),
	ROW(tw_observation, overflow, U64),
	ROW(tw_observation, rollouts, U64),
	ROW(tw_observation, rolled_out, U64),
	ROW(tw_observation, pending, U64),
	ROW(tw_observation, deadlines, U64),
	ROW(tw_observation, stuck, U64),
	ROW(tw_observation, stuck_pods, U64),
	ROW(tw_observation, evicted, U64),
	ROW(tw_observation, preempted, U64),
	ROW(tw_observation, drains, U64),
	ROW(tw_observation, drained, U64),
	ROW(tw_observation, refused_evictions, U64),
	ROW(tw_observation, peak_in_flight, U64),
	ROW(tw_observation, undecided, U64),
	ROW(tw_observation, untold, U32),
	ROW(tw_observation, late_completions, U64),
	ROW(tw_observation, n_incidents, U64),
	ROW(tw_observation, failed_below, U64),
	ROW(tw_observation, timeline.n_events, U64),
	END,
};

const struct tw_field tw_cell_rows[] = {
	ROW(tw_cell, count, U64),
	ROW(tw_cell, errors, U64),
	ROW(tw_cell, timeouts, U64),
	ROW(tw_cell, shed, U64),
	ROW(tw_cell, retries, U64),
	ROW(tw_cell, abandoned, U64),
	ROW(tw_cell, queued, I64),
	ROW(tw_cell, worked, I64),
	ROW(tw_cell, stalled, I64),
	ROW(tw_cell, backoff, I64),
	ROW(tw_cell, network, I64),
	ROW(tw_cell, unreached, U64),
	ROW(tw_cell, overflow, U64),
	ROW(tw_cell, denied, U64),
	ROW(tw_cell, ejections, U64),
	ROW(tw_cell, connects, U64),
	ROW(tw_cell, limited, U64),
	ROW(tw_cell, rejected, U64),
	END,
};

const struct tw_field tw_slice_rows[] = {
	ROW(tw_slice, count, U32),
	ROW(tw_slice, errors, U32),
	ROW(tw_slice, timeouts, U32),
	ROW(tw_slice, latency_max, I64),
	ROW(tw_slice, latency_sum, I64),
	END,
};

static const struct tw_field gauge_rows[] = {
	ROW(tw_gauge_slice, replicas, U32),
	ROW(tw_gauge_slice, unavailable, U32),
	ROW(tw_gauge_slice, queue, U32),
	ROW(tw_gauge_slice, busy, I64),
	ROW(tw_gauge_slice, capacity, I64),
	ROW(tw_gauge_slice, computing, I64),
	ROW(tw_gauge_slice, throttled, I64),
	ROW(tw_gauge_slice, cpu, I64),
	ROW(tw_gauge_slice, memory, I64),
	ROW(tw_gauge_slice, ooms, U32),
	END,
};

static const struct tw_field example_rows[] = {
	ROW(tw_example, key, U64),
	ROW(tw_example, position, U64),
	ROW(tw_example, at, I64),
	ROW(tw_example, latency, I64),
	ROW(tw_example, status, I32),
	END,
};

static const struct tw_field incident_rows[] = {
	ROW(tw_incident, at, I64),
	ROW(tw_incident, back, I64),
	END,
};

static const struct tw_field scaling_rows[] = {
	ROW(tw_scaling, min, U32),
	ROW(tw_scaling, max, U32),
	ROW(tw_scaling, had, U32),
	ROW(tw_scaling, most, U32),
	ROW(tw_scaling, last, U32),
	ROW(tw_scaling, most_wanted, U32),
	ROW(tw_scaling, rescales, U32),
	ROW(tw_scaling, syncs, U32),
	ROW(tw_scaling, blind, U32),
	ROW(tw_scaling, saturated, U32),
	ROW(tw_scaling, first, I64),
	END,
};

static const struct tw_field point_rows[] = {
	ROW(tw_timeline_point, at, I64),
	ROW(tw_timeline_point, desired, U32),
	ROW(tw_timeline_point, pending, U32),
	ROW(tw_timeline_point, starting, U32),
	ROW(tw_timeline_point, ready, U32),
	ROW(tw_timeline_point, terminating, U32),
	ROW(tw_timeline_point, endpoints, U32),
	ROW(tw_timeline_point, restarts, U32),
	END,
};

/* Not part of the format's name: it stood there before it had a table. */
static const struct tw_field step_rows[] = {
	ROW(tw_timeline_row, step, I64),
	END,
};

static const struct tw_field told_rows[] = {
	ROW(tw_timeline_event, at, I64),
	ROW(tw_timeline_event, last, I64),
	ROW(tw_timeline_event, count, U32),
	ROW(tw_timeline_event, warning, U32),
	END,
};

/* A member that has no row would be lost in silence. (Padding hides one more
 * counter of a cell: the unit test looks at each by name. Thresholds are those
 * of a search, verticals are told by `run`: neither is stored.) */
#if UINTPTR_MAX == UINT64_MAX
#define NEEDS_A_ROW "a new counter needs a row above, and its size here"
_Static_assert(sizeof(struct tw_slice) == 32, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_gauge_slice) == 64, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_example) == 64, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_incident) == 32, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_scaling) == 64, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_timeline_point) == 40, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_timeline_event) == 56, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_timeline) == 56, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_cell) == 320, NEEDS_A_ROW);
_Static_assert(sizeof(struct tw_observation) ==
		       sizeof(struct tw_arena) + sizeof(struct tw_map) +
			       26 * 8 + 7 * 24 + sizeof(struct tw_timeline),
	NEEDS_A_ROW);
#endif

/* ---- lists of what is alike -------------------------------------------- */

#define IN(member)	 offsetof(struct tw_observation, member)
#define OF(type, member) offsetof(struct type, member)

static const struct tw_observed_list gauges = {IN(gauges),
	sizeof(struct tw_gauge), {OF(tw_gauge, service), TW_OBSERVED_NONE},
	NULL, OF(tw_gauge, slices), sizeof(struct tw_gauge_slice), gauge_rows,
	UINT32_MAX, 2};
static const struct tw_observed_list examples = {IN(failed),
	sizeof(struct tw_example),
	{OF(tw_example, service), OF(tw_example, endpoint), OF(tw_example, why),
		TW_OBSERVED_NONE},
	example_rows, TW_OBSERVED_NONE, 0, NULL, 0, 8};
static const struct tw_observed_list incidents = {IN(incidents),
	sizeof(struct tw_incident),
	{OF(tw_incident, replica), OF(tw_incident, cause), TW_OBSERVED_NONE},
	incident_rows, TW_OBSERVED_NONE, 0, NULL, 0, 4};
static const struct tw_observed_list scalings = {IN(scalings),
	sizeof(struct tw_scaling),
	{OF(tw_scaling, name), OF(tw_scaling, workload), TW_OBSERVED_NONE},
	scaling_rows, TW_OBSERVED_NONE, 0, NULL, 0, 13};
static const struct tw_observed_list timeline = {IN(timeline.rows),
	sizeof(struct tw_timeline_row),
	{OF(tw_timeline_row, name), TW_OBSERVED_NONE}, step_rows,
	OF(tw_timeline_row, points), sizeof(struct tw_timeline_point),
	point_rows, TW_TIMELINE_POINTS, 3};
static const struct tw_observed_list told = {IN(timeline.events),
	sizeof(struct tw_timeline_event),
	{OF(tw_timeline_event, kind), OF(tw_timeline_event, object),
		OF(tw_timeline_event, reason), OF(tw_timeline_event, message),
		TW_OBSERVED_NONE},
	told_rows, TW_OBSERVED_NONE, 0, NULL, 0, 8};

const struct tw_observed_list *const tw_observed_lists[TW_OBSERVED_LISTS] = {
	&gauges, &examples, &incidents, &scalings, &timeline, &told};

/* ---- the format's name ------------------------------------------------- */

uint64_t tw_observed_rows_hash(void)
{
	static const struct tw_field *const tables[] = {tw_observation_rows,
		tw_cell_rows, tw_slice_rows, gauge_rows, example_rows,
		incident_rows, point_rows, told_rows, scaling_rows};
	uint64_t hash = tw_hash_name("observation");

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (const struct tw_field *row = tables[i]; row->name; row++) {
			hash = tw_hash_combine(hash, tw_hash_name(row->name));
			hash = tw_hash_combine(hash, (uint64_t)row->kind);
		}
		hash = tw_hash_combine(hash, i);
	}
	return hash;
}
