/*
 * The tables first, then writing and reading by them, part by part, in the
 * same order.
 */
#include "harness/baseline/observed.h"

#include "harness/baseline/bytes.h"
#include "harness/baseline/fields.h"
#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stddef.h>
#include <stdio.h>

#define MAGIC "TWOB"
#define HASH  8 /* bytes */

#define ROW(type, member, kind)                                                \
	{                                                                      \
#member, TW_FIELD_##kind, offsetof(struct type, member)        \
	}
#define END                                                                    \
	{                                                                      \
		NULL, TW_FIELD_U32, 0                                          \
	}

static const struct tw_field observation_rows[] = {
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

static const struct tw_field cell_rows[] = {
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

static const struct tw_field slice_rows[] = {
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
 * of a search, of which nothing is stored.) */
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
			       24 * 8 + 6 * 24 + sizeof(struct tw_timeline),
	NEEDS_A_ROW);
#endif

static uint64_t tables_hash(void)
{
	static const struct tw_field *const tables[] = {observation_rows,
		cell_rows, slice_rows, gauge_rows, example_rows, incident_rows,
		point_rows, told_rows, scaling_rows};
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

char *tw_observed_format(char to[static TW_OBSERVED_FORMAT])
{
	snprintf(to, TW_OBSERVED_FORMAT, "%d-%016llx", TW_OBSERVED_VERSION,
		(unsigned long long)tables_hash());
	return to;
}

/* ---- names ------------------------------------------------------------- */

struct writer {
	struct tw_map numbers; /* name -> its number + 1 */
	struct tw_buf body;
};

static void put_name(struct writer *writer, const char *name)
{
	uintptr_t known = (uintptr_t)tw_map_get(&writer->numbers, name);

	if (!known) {
		known = writer->numbers.n + 1;
		tw_map_put(&writer->numbers, name, (void *)known);
	}
	tw_put_number(&writer->body, known - 1);
}

struct reader {
	struct tw_bytes in;
	struct tw_observation *obs;
	TW_VEC(const char *) names;
	size_t memory; /* asked for so far */
};

static const char *get_name(struct reader *reader)
{
	uint64_t i = tw_get_number(&reader->in, UINT32_MAX);

	if (i < reader->names.n)
		return reader->names.v[i];
	tw_bytes_fail(&reader->in, "there is no name of this number");
	return "";
}

static void read_names(struct reader *reader)
{
	size_t n = tw_get_count(&reader->in, 1);
	struct tw_buf name = {0};

	for (size_t i = 0; i < n && !reader->in.wrong; i++) {
		struct tw_str text = tw_get_text(&reader->in);

		tw_buf_clear(&name);
		tw_buf_add(&name, text.p, text.n);
		/* Keys of cells begin with it. */
		if (text.n && *text.p == 1)
			tw_bytes_fail(&reader->in, "a name begins with 0x01");
		else
			tw_vec_push(
				&reader->names, tw_observation_name(reader->obs,
							tw_buf_text(&name)));
	}
	tw_buf_release(&name);
}

/* May this much more be had? */
static bool afford(struct reader *reader, size_t n, size_t size)
{
	if (n <= (TW_OBSERVED_MAX - reader->memory) / size) {
		reader->memory += n * size;
		return !reader->in.wrong;
	}
	tw_bytes_fail(&reader->in, "it is too large");
	return false;
}

/* ---- histograms -------------------------------------------------------- */

static void put_histogram(
	struct tw_buf *out, const struct tw_histogram *histogram)
{
	struct tw_bucket bucket = {0};
	uint32_t n = 0, last = 0;

	while (tw_histogram_next(histogram, &bucket))
		n++;
	tw_put_number(out, n);
	bucket = (struct tw_bucket){0};
	while (tw_histogram_next(histogram, &bucket)) {
		tw_put_number(out, bucket.index - last);
		tw_put_number(out, bucket.count);
		last = bucket.index;
	}
	if (!n)
		return;
	tw_put_signed(out, histogram->min);
	tw_put_signed(out, histogram->max);
	tw_put_number(out, (uint64_t)(histogram->sum >> 64));
	tw_put_number(out, (uint64_t)histogram->sum);
}

static void get_histogram(struct reader *reader, struct tw_histogram *histogram)
{
	struct tw_bytes *in = &reader->in;
	size_t n = tw_get_count(in, 2);
	uint32_t index = 0;
	int64_t min, max;
	tw_wide sum;

	if (!n || !afford(reader, TW_HISTOGRAM_BUCKETS, sizeof(uint32_t)))
		return;
	for (size_t i = 0; i < n && !in->wrong; i++) {
		index += (uint32_t)tw_get_number(in, TW_HISTOGRAM_BUCKETS);
		if (!tw_histogram_put(histogram, index,
			    (uint32_t)tw_get_number(in, UINT32_MAX)))
			tw_bytes_fail(in, "a histogram has a wrong bucket");
	}
	min = tw_get_signed(in);
	max = tw_get_signed(in);
	sum = (tw_wide)tw_get_number(in, UINT64_MAX) << 64;
	sum |= tw_get_number(in, UINT64_MAX);
	if (!in->wrong && !tw_histogram_restore(histogram, min, max, sum))
		tw_bytes_fail(in, "a histogram contradicts itself");
}

/* ---- cells ------------------------------------------------------------- */

static void put_cell(struct writer *writer, const struct tw_cell *cell)
{
	struct tw_buf *out = &writer->body;

	put_name(writer, cell->key.caller);
	put_name(writer, cell->key.service);
	put_name(writer, cell->key.endpoint);
	put_name(writer, cell->key.zone);
	tw_put_number(out, (uint64_t)cell->key.side);
	tw_put_number(out, (uint64_t)cell->key.window);
	tw_fields_put(out, cell_rows, cell);
	put_histogram(out, &cell->latency);
	tw_put_number(out, cell->slices.n);
	tw_columns_put(out, slice_rows, cell->slices.v, sizeof *cell->slices.v,
		cell->slices.n);
}

static void get_cell(struct reader *reader)
{
	struct tw_bytes *in = &reader->in;
	struct tw_cell_key key = {.caller = get_name(reader)};
	struct tw_cell *cell;
	size_t n;

	key.service = get_name(reader);
	key.endpoint = get_name(reader);
	key.zone = get_name(reader);
	key.side = (enum tw_side)tw_get_number(in, TW_SERVER);
	key.window = (enum tw_window)tw_get_number(in, TW_WINDOW_AFTER);
	if (in->wrong)
		return;
	n = reader->obs->cells.n;
	cell = tw_observation_cell(reader->obs, &key);
	if (reader->obs->cells.n == n) {
		tw_bytes_fail(in, "a series is there twice");
		return;
	}
	tw_fields_get(in, cell_rows, cell);
	get_histogram(reader, &cell->latency);
	n = (size_t)tw_get_number(in, UINT32_MAX);
	if (!n || !afford(reader, n, sizeof *cell->slices.v))
		return;
	cell->slices.v = tw_calloc(n, sizeof *cell->slices.v);
	cell->slices.n = cell->slices.cap = n;
	tw_columns_get(
		in, slice_rows, cell->slices.v, sizeof *cell->slices.v, n);
}

/* ---- lists of what is alike -------------------------------------------- */

/* A list of an observation. Of each element: its names, its fields, and a list
 * inside it, column by column. */
struct list {
	size_t at, size; /* the vector in the observation; an element */
	size_t names[5]; /* places of its names; NONE ends them */
	const struct tw_field
		*rows; /* NULL: it has none beside the inner list's */
	size_t inner, inner_size; /* NONE: there is no list inside */
	const struct tw_field *inner_rows;
	uint64_t most; /* elements inside */
	size_t takes;  /* bytes of the shortest element */
};

#define NONE		 SIZE_MAX
#define IN(member)	 offsetof(struct tw_observation, member)
#define OF(type, member) offsetof(struct type, member)

static const struct list gauges = {IN(gauges), sizeof(struct tw_gauge),
	{OF(tw_gauge, service), NONE}, NULL, OF(tw_gauge, slices),
	sizeof(struct tw_gauge_slice), gauge_rows, UINT32_MAX, 2};
static const struct list examples = {IN(failed), sizeof(struct tw_example),
	{OF(tw_example, service), OF(tw_example, endpoint), OF(tw_example, why),
		NONE},
	example_rows, NONE, 0, NULL, 0, 8};
static const struct list incidents = {IN(incidents), sizeof(struct tw_incident),
	{OF(tw_incident, replica), OF(tw_incident, cause), NONE}, incident_rows,
	NONE, 0, NULL, 0, 4};
static const struct list scalings = {IN(scalings), sizeof(struct tw_scaling),
	{OF(tw_scaling, name), OF(tw_scaling, workload), NONE}, scaling_rows,
	NONE, 0, NULL, 0, 13};
static const struct list timeline = {IN(timeline.rows),
	sizeof(struct tw_timeline_row), {OF(tw_timeline_row, name), NONE},
	step_rows, OF(tw_timeline_row, points),
	sizeof(struct tw_timeline_point), point_rows, TW_TIMELINE_POINTS, 3};
static const struct list told = {IN(timeline.events),
	sizeof(struct tw_timeline_event),
	{OF(tw_timeline_event, kind), OF(tw_timeline_event, object),
		OF(tw_timeline_event, reason), OF(tw_timeline_event, message),
		NONE},
	told_rows, NONE, 0, NULL, 0, 8};

/* As they follow the cells. */
static const struct list *const lists[] = {
	&gauges, &examples, &incidents, &scalings, &timeline, &told};

/* Any vector: what TW_VEC makes, whatever it is of. */
struct vector {
	char *v;
	size_t n, cap;
};

static struct vector vector_at(const void *object, size_t at)
{
	struct vector vector;

	memcpy(&vector, (const char *)object + at, sizeof vector);
	return vector;
}

/* n zeroed elements; none where that is too much. */
static struct vector make_vector(
	struct reader *reader, void *object, size_t at, size_t n, size_t size)
{
	struct vector vector = {0};

	if (n && afford(reader, n, size)) {
		vector.v = tw_calloc(n, size);
		vector.n = vector.cap = n;
	}
	memcpy((char *)object + at, &vector, sizeof vector);
	return vector;
}

static void put_list(struct writer *writer, const struct list *list,
	const struct tw_observation *obs)
{
	struct vector all = vector_at(obs, list->at), inner;

	tw_put_number(&writer->body, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const char *it = all.v + i * list->size, *name;

		for (const size_t *at = list->names; *at != NONE; at++) {
			memcpy(&name, it + *at, sizeof name);
			put_name(writer, name);
		}
		if (list->rows)
			tw_fields_put(&writer->body, list->rows, it);
		if (list->inner == NONE)
			continue;
		inner = vector_at(it, list->inner);
		tw_put_number(&writer->body, inner.n);
		tw_columns_put(&writer->body, list->inner_rows, inner.v,
			list->inner_size, inner.n);
	}
}

static void get_list(struct reader *reader, const struct list *list)
{
	struct tw_bytes *in = &reader->in;
	struct vector inner, all = make_vector(reader, reader->obs, list->at,
				     tw_get_count(in, list->takes), list->size);

	for (size_t i = 0; i < all.n; i++) {
		char *it = all.v + i * list->size;

		/* Every element has its names, also where reading ends. */
		for (const size_t *at = list->names; *at != NONE; at++) {
			const char *name = get_name(reader);

			memcpy(it + *at, &name, sizeof name);
		}
		if (in->wrong)
			continue;
		if (list->rows)
			tw_fields_get(in, list->rows, it);
		if (list->inner == NONE)
			continue;
		inner = make_vector(reader, it, list->inner,
			(size_t)tw_get_number(in, list->most),
			list->inner_size);
		tw_columns_get(in, list->inner_rows, inner.v, list->inner_size,
			inner.n);
	}
}

/* ---- the whole --------------------------------------------------------- */

static void put_hash(struct tw_buf *out, uint64_t hash)
{
	for (int i = 0; i < HASH; i++)
		tw_buf_add_char(out, (char)(hash >> (56 - 8 * i)));
}

void tw_observed_write(const struct tw_observation *obs, struct tw_buf *out)
{
	size_t from = out->n;
	struct writer writer = {0};

	tw_map_init(&writer.numbers, NULL);
	tw_put_number(&writer.body, obs->cells.n);
	for (size_t i = 0; i < obs->cells.n; i++)
		put_cell(&writer, &obs->cells.v[i]);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		put_list(&writer, lists[i], obs);

	tw_buf_add_text(out, MAGIC);
	tw_put_number(out, TW_OBSERVED_VERSION);
	put_hash(out, tables_hash());
	tw_fields_put(out, observation_rows, obs);
	tw_put_number(out, writer.numbers.n);
	for (size_t i = 0; i < writer.numbers.n; i++)
		tw_put_text(out, writer.numbers.v[i].key);
	tw_buf_add(out, writer.body.p, writer.body.n);
	put_hash(out, tw_hash_bytes(out->p + from, out->n - from));
	tw_buf_release(&writer.body);
	tw_map_release(&writer.numbers);
}

static void read_parts(struct reader *reader)
{
	struct tw_bytes *in = &reader->in;
	size_t n;

	tw_fields_get(in, observation_rows, reader->obs);
	if (!in->wrong && reader->obs->slice <= 0)
		tw_bytes_fail(in, "its slices have no width");
	read_names(reader);
	n = tw_get_count(in, 7);
	if (!afford(reader, n, 2 * sizeof(struct tw_cell)))
		n = 0;
	for (size_t i = 0; i < n && !in->wrong; i++)
		get_cell(reader);
	for (size_t i = 0; i < sizeof lists / sizeof *lists && !in->wrong; i++)
		get_list(reader, lists[i]);
	if (!in->wrong && in->at != in->end)
		tw_bytes_fail(in, "something follows its end");
}

/* Is it what writing gives? Names in another order, numbers longer than they
 * need be and the like are found here, all at once. */
static bool is_canonical(struct tw_observation *obs, const void *p, size_t n)
{
	struct tw_buf again = {0};
	bool same;

	tw_observation_sort(obs);
	tw_observed_write(obs, &again);
	same = again.n == n && !memcmp(again.p, p, n);
	tw_buf_release(&again);
	return same;
}

/* Takes the head and the tail off; false where it is nothing of ours. */
static bool read_frame(
	struct tw_bytes *in, const void *p, size_t n, struct tw_error *error)
{
	static const size_t head = sizeof MAGIC - 1;
	char format[TW_OBSERVED_FORMAT];
	struct tw_buf tail = {0};
	uint64_t version, hash = 0;
	bool ok;

	if (n < head || memcmp(p, MAGIC, head)) {
		tw_fail(error, TW_E_RUN, "this is no stored observation");
		return false;
	}
	tw_bytes_init(in, p, n);
	in->at += head;
	version = tw_get_number(in, UINT64_MAX);
	for (int i = 0; i < HASH && tw_bytes_left(in); i++)
		hash = hash << 8 | *in->at++;
	if (version != TW_OBSERVED_VERSION || hash != tables_hash()) {
		tw_fail(error, TW_E_RUN,
			"a stored observation is of format %llu-%016llx; this "
			"twinrig reads %s",
			(unsigned long long)version, (unsigned long long)hash,
			tw_observed_format(format));
		return false;
	}
	if (tw_bytes_left(in) >= HASH) {
		put_hash(&tail, tw_hash_bytes(p, n - HASH));
		in->end -= HASH;
	}
	ok = tail.n && !memcmp(in->end, tail.p, HASH);
	tw_buf_release(&tail);
	if (!ok)
		tw_fail(error, TW_E_RUN,
			"a stored observation is damaged: its %zu bytes are "
			"not the ones that were written",
			n);
	return ok;
}

int tw_observed_read(const void *p, size_t n, struct tw_observation *obs,
	struct tw_error *error)
{
	struct reader reader = {.obs = obs};

	if (!read_frame(&reader.in, p, n, error))
		return -1;
	tw_observation_init(obs, 1);
	read_parts(&reader);
	if (!reader.in.wrong && !is_canonical(obs, p, n))
		tw_bytes_fail(&reader.in, "it is not in its one right form");
	tw_vec_release(&reader.names);
	if (!reader.in.wrong)
		return 0;
	tw_fail(error, TW_E_RUN,
		"a stored observation is wrong at byte %zu: %s",
		reader.in.wrong_at, reader.in.wrong);
	tw_observation_release(obs);
	return -1;
}
