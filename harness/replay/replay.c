#include "harness/replay/replay.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <math.h>

static int check_options(
	const struct tw_replay_options *o, struct tw_error *error)
{
	if (!(o->speed >= 0) || isinf(o->speed))
		return tw_fail(error, TW_E_USAGE,
			"traffic.speed: a factor above 0 is expected");
	if (!(o->rate >= 0) || isinf(o->rate))
		return tw_fail(error, TW_E_USAGE,
			"traffic.rate: requests a second above 0 are expected");
	if (o->from < 0 || (o->to && o->to <= o->from))
		return tw_fail(error, TW_E_USAGE,
			"traffic.to: it has to be after traffic.from");
	if (o->duration < 0)
		return tw_fail(error, TW_E_USAGE,
			"traffic.duration: it has to be above 0");
	for (size_t i = 0; i < o->n_surges; i++)
		if (!(o->surges[i].factor >= 0) ||
			o->surges[i].factor > 1000000)
			return tw_fail(error, TW_E_USAGE,
				"a surge's factor: 0 to 1000000 is expected");
	return 0;
}

/* The records of the window, and how long it is in the capture. */
static int find_window(
	struct tw_replay *replay, int64_t *length, struct tw_error *error)
{
	const struct tw_spool_stats *stats = tw_spool_stats(replay->spool);
	const struct tw_replay_options *o = &replay->options;
	int64_t end;
	uint64_t n;

	replay->origin = stats->first + o->from;
	if (tw_spool_seek(replay->spool, replay->origin, &replay->first, error))
		return -1;
	replay->end = tw_spool_count(replay->spool);
	end = stats->last;
	if (o->to) {
		end = stats->first + o->to;
		if (tw_spool_seek(replay->spool, end, &replay->end, error))
			return -1;
	}
	if (replay->end <= replay->first)
		return tw_fail(error, TW_E_USAGE,
			"the capture has no request that can be replayed%s",
			o->from || o->to ? " between traffic.from and "
					   "traffic.to"
					 : "");
	n = replay->end - replay->first;
	*length = end - replay->origin;
	if (!o->to) /* a gap behind the last request */
		*length += n > 1 ? *length / (int64_t)(n - 1) : 0;
	if (*length < 1)
		*length = TW_S;
	return 0;
}

static void set_passes(struct tw_replay *replay)
{
	const struct tw_replay_options *o = &replay->options;

	replay->duration = o->duration ? o->duration : TW_NEVER;
	replay->passes = o->loop ? o->loop : o->duration ? UINT32_MAX : 1;
}

int tw_replay_init(struct tw_replay *replay, const struct tw_spool *spool,
	const struct tw_replay_options *options, struct tw_error *error)
{
	int64_t length = 0;
	double scaled;

	*replay = (struct tw_replay){.spool = spool, .options = *options};
	if (check_options(options, error) ||
		find_window(replay, &length, error))
		return -1;
	replay->scale = options->speed > 0 ? 1 / options->speed : 1;
	if (options->rate > 0)
		replay->scale = (double)(replay->end - replay->first) * 1e9 /
				options->rate / (double)length;
	scaled = (double)length * replay->scale;
	if (!(scaled < 9e18))
		return tw_fail(error, TW_E_USAGE,
			"so slow a replay would take more than 290 years");
	replay->length = scaled < 1 ? 1 : (tw_time)scaled;
	set_passes(replay);
	replay->index = replay->first;
	return 0;
}

void tw_replay_release(struct tw_replay *replay)
{
	tw_vec_release(&replay->copies);
}

tw_time tw_replay_duration(const struct tw_replay *replay)
{
	tw_time all;

	if (replay->passes == UINT32_MAX ||
		__builtin_mul_overflow(
			replay->length, (tw_time)replay->passes, &all) ||
		all > replay->duration)
		return replay->duration;
	return all;
}

/* ---- the requests themselves ------------------------------------------ */

static bool read_block(struct tw_replay *replay)
{
	uint64_t left = replay->end - replay->index;

	replay->at = 0;
	replay->n = left < TW_REPLAY_BLOCK ? (size_t)left : TW_REPLAY_BLOCK;
	if (!tw_spool_get(replay->spool, replay->index, replay->n,
		    replay->block, &replay->error)) {
		replay->index += replay->n;
		return true;
	}
	replay->failed = replay->ended = true;
	return false;
}

static const struct tw_spool_record *next_record(struct tw_replay *replay)
{
	if (replay->at < replay->n)
		return &replay->block[replay->at++];
	if (replay->index == replay->end) {
		if (replay->pass + 1 >= replay->passes)
			return NULL;
		replay->pass++;
		replay->index = replay->first;
	}
	if (!read_block(replay))
		return NULL;
	return &replay->block[replay->at++];
}

/* Exact where nothing is stretched. */
static tw_time scaled_time(const struct tw_replay *replay, int64_t time)
{
	int64_t since = time - replay->origin;

	if (replay->scale == 1)
		return since;
	return (tw_time)((double)since * replay->scale);
}

/* The next request of this side; false: there is none. */
static bool next_request(
	struct tw_replay *replay, struct tw_arrival_record *arrival)
{
	uint64_t seen = 0, window = replay->end - replay->first;

	while (!replay->ended) {
		const struct tw_spool_record *record = next_record(replay);
		tw_time start;

		/* A side to which nothing is routed would loop for ever. */
		if (!record || seen++ > window ||
			__builtin_mul_overflow(
				replay->length, (tw_time)replay->pass, &start))
			break;
		arrival->at = scaled_time(replay, record->time);
		if (__builtin_add_overflow(arrival->at, start, &arrival->at) ||
			arrival->at >= replay->duration)
			break;
		arrival->endpoint = record->endpoint[replay->options.side];
		if (arrival->endpoint == TW_SPOOL_UNROUTED)
			continue;
		arrival->pass = replay->pass;
		arrival->copy = 0;
		arrival->position = record->position;
		arrival->details = record->details;
		arrival->who = record->who;
		return true;
	}
	replay->ended = true;
	return false;
}

/* ---- copies of a surge ------------------------------------------------ */

static bool before(
	const struct tw_arrival_record *a, const struct tw_arrival_record *b)
{
	if (a->at != b->at)
		return a->at < b->at;
	if (a->pass != b->pass)
		return a->pass < b->pass;
	if (a->position != b->position)
		return a->position < b->position;
	return a->copy < b->copy;
}

static void push_copy(
	struct tw_replay *replay, const struct tw_arrival_record *copy)
{
	struct tw_arrival_record *v;
	size_t i = replay->copies.n;

	tw_vec_push(&replay->copies, *copy);
	v = replay->copies.v;
	while (i && before(copy, &v[(i - 1) / 2])) {
		v[i] = v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	v[i] = *copy;
}

static void pop_copy(struct tw_replay *replay, struct tw_arrival_record *first)
{
	struct tw_arrival_record *v = replay->copies.v, last;
	size_t n = --replay->copies.n, i = 0;

	*first = v[0];
	last = v[n];
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && before(&v[child + 1], &v[child]))
			child++;
		if (!before(&v[child], &last))
			break;
		v[i] = v[child];
	}
	v[i] = last;
}

static uint64_t draw(const struct tw_arrival_record *arrival, uint32_t n)
{
	uint64_t hash = tw_hash_combine(
		UINT64_C(0x73757267652d3031), arrival->position);

	return tw_hash_combine(tw_hash_combine(hash, arrival->pass), n);
}

static double unit(uint64_t hash)
{
	return (double)(hash >> 11) * 0x1p-53;
}

static double factor_at(const struct tw_replay *replay, tw_time at)
{
	double factor = 1;

	for (size_t i = 0; i < replay->options.n_surges; i++) {
		const struct tw_replay_surge *surge =
			&replay->options.surges[i];

		if (at >= surge->at && at < surge->until)
			factor *= surge->factor;
	}
	return factor;
}

/* How many times the request is sent, and its copies into the heap. */
static uint32_t multiply(
	struct tw_replay *replay, const struct tw_arrival_record *arrival)
{
	double factor = factor_at(replay, arrival->at);
	uint32_t times = (uint32_t)factor;
	uint64_t window = replay->end - replay->first;
	tw_time gap = replay->length / (tw_time)window;

	if (unit(draw(arrival, 0)) < factor - times)
		times++;
	for (uint32_t i = 1; i < times; i++) {
		struct tw_arrival_record copy = *arrival;

		copy.copy = i;
		copy.at += (tw_time)(unit(draw(arrival, i)) * (double)gap);
		if (copy.at < replay->duration)
			push_copy(replay, &copy);
	}
	return times;
}

bool tw_replay_next(struct tw_replay *replay, struct tw_arrival_record *arrival)
{
	while (!replay->has_held && !replay->ended &&
		next_request(replay, &replay->held))
		replay->has_held = !replay->options.n_surges ||
				   multiply(replay, &replay->held);
	if (replay->copies.n &&
		(!replay->has_held ||
			before(&replay->copies.v[0], &replay->held))) {
		pop_copy(replay, arrival);
	} else if (replay->has_held) {
		*arrival = replay->held;
		replay->has_held = false;
	} else {
		return false;
	}
	replay->arrivals++;
	return !replay->failed;
}
