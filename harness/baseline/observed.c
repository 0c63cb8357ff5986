/*
 * Writing and reading by the tables of observed_rows.c, part by part, in the
 * same order.
 */
#include "harness/baseline/observed_rows.h"

#include "harness/baseline/bytes.h"
#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stdio.h>

#define MAGIC "TWOB"
#define HASH  8 /* bytes */

char *tw_observed_format(char to[static TW_OBSERVED_FORMAT])
{
	snprintf(to, TW_OBSERVED_FORMAT, "%d-%016llx", TW_OBSERVED_VERSION,
		(unsigned long long)tw_observed_rows_hash());
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
	tw_fields_put(out, tw_cell_rows, cell);
	put_histogram(out, &cell->latency);
	tw_put_number(out, cell->slices.n);
	tw_columns_put(out, tw_slice_rows, cell->slices.v,
		sizeof *cell->slices.v, cell->slices.n);
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
	tw_fields_get(in, tw_cell_rows, cell);
	get_histogram(reader, &cell->latency);
	n = (size_t)tw_get_number(in, UINT32_MAX);
	if (!n || !afford(reader, n, sizeof *cell->slices.v))
		return;
	cell->slices.v = tw_calloc(n, sizeof *cell->slices.v);
	cell->slices.n = cell->slices.cap = n;
	tw_columns_get(
		in, tw_slice_rows, cell->slices.v, sizeof *cell->slices.v, n);
}

/* ---- lists of what is alike -------------------------------------------- */

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

static void put_list(struct writer *writer, const struct tw_observed_list *list,
	const struct tw_observation *obs)
{
	struct vector all = vector_at(obs, list->at), inner;

	tw_put_number(&writer->body, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const char *it = all.v + i * list->size, *name;

		for (const size_t *at = list->names; *at != TW_OBSERVED_NONE;
			at++) {
			memcpy(&name, it + *at, sizeof name);
			put_name(writer, name);
		}
		if (list->rows)
			tw_fields_put(&writer->body, list->rows, it);
		if (list->inner == TW_OBSERVED_NONE)
			continue;
		inner = vector_at(it, list->inner);
		tw_put_number(&writer->body, inner.n);
		tw_columns_put(&writer->body, list->inner_rows, inner.v,
			list->inner_size, inner.n);
	}
}

static void get_list(struct reader *reader, const struct tw_observed_list *list)
{
	struct tw_bytes *in = &reader->in;
	struct vector inner, all = make_vector(reader, reader->obs, list->at,
				     tw_get_count(in, list->takes), list->size);

	for (size_t i = 0; i < all.n; i++) {
		char *it = all.v + i * list->size;

		/* Every element has its names, also where reading ends. */
		for (const size_t *at = list->names; *at != TW_OBSERVED_NONE;
			at++) {
			const char *name = get_name(reader);

			memcpy(it + *at, &name, sizeof name);
		}
		if (in->wrong)
			continue;
		if (list->rows)
			tw_fields_get(in, list->rows, it);
		if (list->inner == TW_OBSERVED_NONE)
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
	for (size_t i = 0; i < TW_OBSERVED_LISTS; i++)
		put_list(&writer, tw_observed_lists[i], obs);

	tw_buf_add_text(out, MAGIC);
	tw_put_number(out, TW_OBSERVED_VERSION);
	put_hash(out, tw_observed_rows_hash());
	tw_fields_put(out, tw_observation_rows, obs);
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

	tw_fields_get(in, tw_observation_rows, reader->obs);
	if (!in->wrong && reader->obs->slice <= 0)
		tw_bytes_fail(in, "its slices have no width");
	read_names(reader);
	n = tw_get_count(in, 7);
	if (!afford(reader, n, 2 * sizeof(struct tw_cell)))
		n = 0;
	for (size_t i = 0; i < n && !in->wrong; i++)
		get_cell(reader);
	for (size_t i = 0; i < TW_OBSERVED_LISTS && !in->wrong; i++)
		get_list(reader, tw_observed_lists[i]);
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
	if (version != TW_OBSERVED_VERSION || hash != tw_observed_rows_hash()) {
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
