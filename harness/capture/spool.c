#include "harness/capture/spool.h"

#include "harness/capture/details.h"
#include "harness/capture/slots.h"
#include "harness/capture/sort.h"
#include "harness/capture/templates.h"
#include "twins/base/assert.h"
#include "twins/base/hash.h"

#include <stdlib.h>

struct tw_spool {
	struct tw_arena arena;
	struct tw_spool_options options;
	struct tw_redact own_redact;
	struct tw_capture_report report;
	struct tw_spool_stats stats;
	struct tw_sort sort;
	struct tw_store details;
	struct tw_buf scratch;
	struct tw_slots slots;
	struct tw_spool_endpoints endpoints;
	TW_VEC(struct tw_spool_call) calls;
	struct tw_templates *unrouted;
	struct tw_map known_keys; /* hashes of both sides -> who + 1 */
	TW_VEC(uint64_t) keys;	  /* those of who, one after the other */
	uint32_t n_known_keys;
	uint64_t position;
	bool finished;
	struct tw_error *error; /* of the read that is under way */
	bool failed;
};

struct tw_spool *tw_spool_new(const struct tw_spool_options *options)
{
	static const uint8_t key[16];
	struct tw_spool *spool = tw_calloc(1, sizeof *spool);

	tw_arena_init(&spool->arena);
	tw_slots_init(&spool->slots, &spool->arena);
	tw_map_init(&spool->known_keys, &spool->arena);
	spool->options = *options;
	tw_redact_init(&spool->own_redact, key);
	if (!spool->options.redact)
		spool->options.redact = &spool->own_redact;
	tw_capture_report_init(&spool->report);
	tw_sort_init(&spool->sort,
		options->memory ? options->memory : TW_SPOOL_MEMORY);
	tw_store_init(&spool->details, (size_t)1 << 20);
	spool->unrouted = tw_templates_new();
	return spool;
}

void tw_spool_free(struct tw_spool *spool)
{
	if (!spool)
		return;
	tw_templates_free(spool->unrouted);
	tw_slots_release(&spool->slots);
	tw_vec_release(&spool->endpoints);
	tw_vec_release(&spool->calls);
	tw_vec_release(&spool->keys);
	tw_sort_release(&spool->sort);
	tw_store_release(&spool->details);
	tw_buf_release(&spool->scratch);
	tw_redact_release(&spool->own_redact);
	tw_capture_report_release(&spool->report);
	tw_arena_release(&spool->arena);
	tw_free(spool);
}

/* ---- one exchange ----------------------------------------------------- */

static void count_request(
	struct tw_slot *slot, int side, const struct twinrig_exchange *exchange)
{
	slot->requests[side]++;
	tw_byte_count_add(
		&slot->request_bytes, tw_exchange_request_bytes(exchange));
	tw_byte_count_add(
		&slot->answer_bytes, tw_exchange_answer_bytes(exchange));
}

static uint32_t route(struct tw_spool *spool, int side,
	const struct twinrig_exchange *exchange)
{
	const struct tw_router *router = spool->options.router[side];
	struct tw_routed routed = {0};
	enum tw_route_result result = TW_ROUTED;
	uint32_t slot = TW_SPOOL_UNROUTED;

	if (!router && side)
		return TW_SPOOL_UNROUTED;
	if (router)
		result = tw_router_route(
			router, exchange, spool->position, &routed);
	if (result == TW_ANSWERED)
		slot = tw_slots_answered(&spool->slots, &routed);
	else if (result == TW_ROUTED && routed.endpoint)
		slot = tw_slots_named(&spool->slots, &routed);
	else if (result == TW_ROUTED)
		slot = tw_slots_inferred(&spool->slots, &routed, exchange);
	if (slot == TW_SPOOL_UNROUTED)
		spool->stats.unrouted[side]++;
	else
		count_request(&spool->slots.all.v[slot], side, exchange);
	if (slot == TW_SPOOL_UNROUTED && !side)
		tw_templates_add(spool->unrouted,
			tw_plugin_text(exchange->method),
			tw_plugin_text(exchange->target));
	return slot;
}

/* Somewhere in [time, time + resolution). */
static int64_t spread(int64_t time, int64_t resolution, uint64_t position)
{
	uint64_t draw = tw_hash_combine(UINT64_C(0x7370726561640a31), position);
	int64_t moved;

	if (resolution <= 1)
		return time;
	moved = (int64_t)((unsigned __int128)draw * (uint64_t)resolution >> 64);
	return time > INT64_MAX - moved ? time : time + moved;
}

static char *copy(struct tw_spool *spool, struct twinrig_text text)
{
	return text.p ? tw_arena_strndup(&spool->arena, text.p, text.n) : NULL;
}

static int keep_details(struct tw_spool *spool,
	const struct twinrig_exchange *exchange,
	struct twinrig_exchange *redacted, uint64_t *details)
{
	*details = TW_SPOOL_NONE;
	if (!spool->options.details)
		return 0;
	tw_redact_exchange(spool->options.redact, exchange, redacted);
	return tw_details_add(&spool->details, &spool->scratch, redacted,
		details, spool->error);
}

static bool is_call(
	const struct tw_spool *spool, const struct twinrig_exchange *exchange)
{
	if (!exchange->caller.n)
		return false;
	for (int side = 0; side < TW_SPOOL_SIDES; side++)
		if (spool->options.router[side] &&
			tw_router_service(
				spool->options.router[side], exchange->caller))
			return true;
	return !spool->options.router[0];
}

static int add_call(
	struct tw_spool *spool, const struct twinrig_exchange *exchange)
{
	struct twinrig_exchange redacted;
	uint64_t details;

	spool->stats.calls++;
	if (keep_details(spool, exchange, &redacted, &details))
		return -1;
	if (details == TW_SPOOL_NONE)
		return 0;
	tw_vec_push(&spool->calls,
		(struct tw_spool_call){
			.time = exchange->time,
			.details = details,
			.caller = copy(spool, exchange->caller),
			.service = copy(spool, exchange->service),
			.method = copy(spool, redacted.method),
			.target = copy(spool, redacted.target),
			.status = redacted.status,
		});
	return 0;
}

static uint32_t who_of(
	struct tw_spool *spool, const struct twinrig_exchange *exchange)
{
	uint64_t hashes[TW_SPOOL_SIDES * TW_KEYS_MAX];
	size_t n = 0;
	void *known;

	for (int side = 0; side < TW_SPOOL_SIDES; side++)
		for (uint32_t i = 0; i < spool->options.keys[side].n; i++)
			hashes[n++] = tw_exchange_key(
				&spool->options.keys[side].of[i], exchange);
	if (!n)
		return 0;
	known = tw_map_get_n(
		&spool->known_keys, (const char *)hashes, n * sizeof *hashes);
	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	tw_map_put_n(&spool->known_keys, (const char *)hashes,
		n * sizeof *hashes, tw_slot_from_index(spool->n_known_keys));
	for (size_t i = 0; i < n; i++)
		tw_vec_push(&spool->keys, hashes[i]);
	return spool->n_known_keys++;
}

static int add_arrival(
	struct tw_spool *spool, const struct twinrig_exchange *exchange)
{
	struct twinrig_exchange redacted;
	struct tw_spool_record record = {0};
	int64_t time = exchange->time == TWINRIG_NO_TIME ? 0 : exchange->time;

	record.position = spool->position;
	record.time = spread(time, exchange->resolution, record.position);
	for (int side = 0; side < TW_SPOOL_SIDES; side++)
		record.endpoint[side] = route(spool, side, exchange);
	if (record.endpoint[0] == TW_SPOOL_UNROUTED &&
		record.endpoint[1] == TW_SPOOL_UNROUTED)
		return 0;
	record.who = who_of(spool, exchange);
	if (keep_details(spool, exchange, &redacted, &record.details))
		return -1;
	return tw_sort_add(&spool->sort, &record, spool->error);
}

static int on_exchange(void *context, const struct twinrig_exchange *exchange)
{
	struct tw_spool *spool = context;

	if (is_call(spool, exchange))
		spool->failed = add_call(spool, exchange) != 0;
	else
		spool->failed = add_arrival(spool, exchange) != 0;
	spool->position++;
	return spool->failed;
}

/* ---- reading and finishing -------------------------------------------- */

int tw_spool_read(struct tw_spool *spool, const char *path,
	const struct tw_capture_options *options, struct tw_error *error)
{
	int result;

	tw_assert(!spool->finished);
	spool->error = error;
	result = tw_capture_read(
		path, options, on_exchange, spool, &spool->report, error);
	return result || spool->failed ? -1 : 0;
}

int tw_spool_read_memory(struct tw_spool *spool, const char *name,
	const void *p, size_t n, const struct tw_capture_options *options,
	struct tw_error *error)
{
	int result;

	tw_assert(!spool->finished);
	spool->error = error;
	result = tw_capture_read_memory(
		name, p, n, options, on_exchange, spool, &spool->report, error);
	return result || spool->failed ? -1 : 0;
}

static int by_requests(const void *a, const void *b)
{
	const struct tw_unrouted *left = a, *right = b;

	if (left->requests != right->requests)
		return left->requests > right->requests ? -1 : 1;
	return strcmp(left->path, right->path);
}

static void settle_unrouted(struct tw_spool *spool)
{
	TW_VEC(struct tw_unrouted) all = {0};

	tw_templates_finish(spool->unrouted);
	for (size_t i = 0; i < tw_templates_count(spool->unrouted); i++)
		tw_vec_push(&all,
			(struct tw_unrouted){
				tw_templates_name(spool->unrouted, i),
				tw_templates_requests(spool->unrouted, i)});
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_requests);
	for (size_t i = 0; i < all.n && i < TW_SPOOL_TOP; i++)
		tw_vec_push_in(&spool->arena, &spool->stats.top, all.v[i]);
	tw_vec_release(&all);
}

static int by_time(const void *a, const void *b)
{
	const struct tw_spool_call *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->details < right->details ? -1 : 1;
}

static int settle_stats(struct tw_spool *spool, struct tw_error *error)
{
	struct tw_spool_stats *stats = &spool->stats;
	uint64_t n = tw_spool_count(spool);
	struct tw_spool_record record;

	stats->read = spool->report.read;
	stats->malformed = spool->report.malformed;
	stats->untimed = spool->report.untimed;
	if (!n)
		return 0;
	if (tw_spool_get(spool, 0, 1, &record, error))
		return -1;
	stats->first = record.time;
	if (tw_spool_get(spool, n - 1, 1, &record, error))
		return -1;
	stats->last = record.time;
	return 0;
}

int tw_spool_finish(struct tw_spool *spool, struct tw_error *error)
{
	tw_assert(!spool->finished);
	tw_slots_settle(&spool->slots, &spool->endpoints);
	settle_unrouted(spool);
	if (spool->calls.n)
		qsort(spool->calls.v, spool->calls.n, sizeof *spool->calls.v,
			by_time);
	if (tw_sort_finish(&spool->sort, error))
		return -1;
	spool->finished = true;
	return settle_stats(spool, error);
}

/* ---- asking ----------------------------------------------------------- */

uint64_t tw_spool_count(const struct tw_spool *spool)
{
	return tw_store_size(&spool->sort.store) /
	       sizeof(struct tw_spool_record);
}

const struct tw_spool_stats *tw_spool_stats(const struct tw_spool *spool)
{
	return &spool->stats;
}

double tw_spool_completeness(const struct tw_spool *spool, int side)
{
	const struct tw_spool_stats *stats = &spool->stats;
	uint64_t all = stats->read - stats->calls + stats->malformed;

	if (!all)
		return 0;
	return (double)(stats->read - stats->calls - stats->unrouted[side]) /
	       (double)all;
}

size_t tw_spool_endpoints(const struct tw_spool *spool)
{
	return spool->endpoints.n;
}

const struct tw_spool_endpoint *tw_spool_endpoint(
	const struct tw_spool *spool, size_t index)
{
	tw_assert(index < spool->endpoints.n);
	return &spool->endpoints.v[index];
}

int tw_spool_get(const struct tw_spool *spool, uint64_t from, size_t n,
	struct tw_spool_record *to, struct tw_error *error)
{
	if (tw_store_get(&spool->sort.store, from * sizeof *to, to,
		    n * sizeof *to, error))
		return -1;
	for (size_t i = 0; i < n; i++)
		for (int side = 0; side < TW_SPOOL_SIDES; side++)
			if (to[i].endpoint[side] != TW_SPOOL_UNROUTED)
				to[i].endpoint[side] =
					spool->slots.all.v[to[i].endpoint[side]]
						.endpoint;
	return 0;
}

int tw_spool_seek(const struct tw_spool *spool, int64_t time, uint64_t *index,
	struct tw_error *error)
{
	uint64_t low = 0, high = tw_spool_count(spool);

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct tw_spool_record record;

		if (tw_spool_get(spool, middle, 1, &record, error))
			return -1;
		if (record.time < time)
			low = middle + 1;
		else
			high = middle;
	}
	*index = low;
	return 0;
}

const uint64_t *tw_spool_keys(
	const struct tw_spool *spool, int side, uint32_t who)
{
	uint32_t first = spool->options.keys[0].n;
	uint32_t n = first + spool->options.keys[1].n;

	if (!spool->options.keys[side].n)
		return NULL;
	return &spool->keys.v[(size_t)who * n + (side ? first : 0)];
}

int tw_spool_details(const struct tw_spool *spool, uint64_t details,
	struct tw_scratch *scratch, struct twinrig_exchange *exchange,
	struct tw_error *error)
{
	tw_assert(details != TW_SPOOL_NONE);
	tw_scratch_reset(scratch);
	return tw_details_get(
		&spool->details, details, scratch, exchange, error);
}

const struct tw_spool_call *tw_spool_calls(
	const struct tw_spool *spool, size_t *n)
{
	*n = spool->calls.n;
	return spool->calls.v;
}
