#include "twins/kernel/order.h"

#include <string.h>

/* A bucket of at most this many is sorted rather than spread. */
#define REFILL 16
/* An empty bucket with room for more gives it back. */
#define ROOM 1024

static void release(struct tw_order_bucket *bucket)
{
	tw_free(bucket->v);
	*bucket = (struct tw_order_bucket){0};
}

void tw_order_release(struct tw_order *order)
{
	for (unsigned i = 0; i < 4; i++)
		release(&order->instant[i]);
	for (unsigned i = 0; i < TW_ORDER_BUCKETS; i++)
		release(&order->buckets[i]);
	*order = (struct tw_order){0};
}

size_t tw_order_bytes(const struct tw_order *order)
{
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n += order->instant[i].cap;
	for (unsigned i = 0; i < TW_ORDER_BUCKETS; i++)
		n += order->buckets[i].cap;
	return n * sizeof(struct tw_order_entry);
}

void tw_order_grow(struct tw_order_bucket *bucket)
{
	bucket->cap = bucket->cap ? bucket->cap * 2 : 8;
	bucket->v = tw_reallocarray(bucket->v, bucket->cap, sizeof *bucket->v);
}

static void empty(struct tw_order *order, struct tw_order_bucket *bucket)
{
	size_t index = (size_t)(bucket - order->buckets);

	bucket->n = 0;
	order->occupied[index >> 6] &= ~(UINT64_C(1) << (index & 63));
	if (bucket->cap > ROOM)
		release(bucket);
}

/* In an instant that goes on and on, what was taken makes room. */
static void make_room(struct tw_order_bucket *bucket)
{
	if (bucket->head <= bucket->cap / 2) {
		tw_order_grow(bucket);
		return;
	}
	bucket->n -= bucket->head;
	memmove(bucket->v, bucket->v + bucket->head,
		bucket->n * sizeof *bucket->v);
	bucket->head = 0;
}

/* Entries of one instant come in by rank, but for the odd one (a lane's, whose
 * rank is older). */
void tw_order_add_now(struct tw_order *order, struct tw_order_entry entry)
{
	struct tw_order_bucket *bucket = &order->instant[entry.rank >> 62];
	uint32_t i;

	if (bucket->n == bucket->cap)
		make_room(bucket);
	for (i = bucket->n++;
		i > bucket->head && bucket->v[i - 1].rank > entry.rank; i--)
		bucket->v[i] = bucket->v[i - 1];
	bucket->v[i] = entry;
	order->n_instant++;
}

void tw_order_spill(struct tw_order *order)
{
	uint64_t from = order->near[order->n_near / 2].time;
	uint32_t n = 0;

	while (n < order->n_near && order->near[n].time >= from)
		n++;
	order->limit = from;
	for (uint32_t i = n; i-- > 0;)
		tw_order_add_far(order, order->near[i]);
	order->n_near -= n;
	memmove(order->near, order->near + n,
		order->n_near * sizeof *order->near);
}

bool tw_order_refill(struct tw_order *order)
{
	struct tw_order_bucket *bucket = tw_order_lowest(order);
	unsigned index, shift;

	if (!bucket || bucket->n > REFILL)
		return false;
	index = (unsigned)(bucket - order->buckets);
	shift = index >> 4 << 2;
	/* Where the bucket ends. */
	order->limit = (order->base & ~((UINT64_C(16) << shift) - 1)) +
		       ((uint64_t)(index & 15) + 1) * (UINT64_C(1) << shift);
	for (uint32_t i = 0; i < bucket->n; i++)
		tw_order_add(order, bucket->v[i]);
	empty(order, bucket);
	return true;
}

/* Base moves to the earliest entry, and the lowest bucket is spread. */
static void spread(struct tw_order *order)
{
	struct tw_order_bucket *bucket = tw_order_lowest(order);

	order->base = order->limit = bucket->time;
	for (uint32_t i = 0; i < bucket->n; i++)
		tw_order_add_far(order, bucket->v[i]);
	empty(order, bucket);
}

struct tw_order_entry tw_order_take_far(struct tw_order *order)
{
	struct tw_order_bucket *bucket = order->instant;
	struct tw_order_entry entry;

	if (!order->n_instant) {
		if (tw_order_refill(order))
			return order->near[--order->n_near];
		spread(order);
	}
	while (bucket->head == bucket->n)
		bucket++;
	entry = bucket->v[bucket->head++];
	order->n_instant--;
	if (bucket->head == bucket->n) {
		bucket->head = bucket->n = 0;
		if (bucket->cap > ROOM)
			release(bucket);
	}
	return entry;
}

static void filter_bucket(struct tw_order *order,
	struct tw_order_bucket *bucket, tw_order_keep *keep, void *context)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < bucket->n; i++) {
		struct tw_order_entry entry = bucket->v[i];

		if (!keep(context, entry))
			continue;
		if (!kept || entry.time < bucket->time) {
			bucket->time = entry.time;
			bucket->least = kept;
		}
		bucket->v[kept++] = entry;
	}
	bucket->n = kept;
	if (!kept)
		empty(order, bucket);
}

void tw_order_filter_lowest(
	struct tw_order *order, tw_order_keep *keep, void *context)
{
	filter_bucket(order, tw_order_lowest(order), keep, context);
}

static void filter_instant(struct tw_order *order,
	struct tw_order_bucket *bucket, tw_order_keep *keep, void *context)
{
	uint32_t kept = bucket->head;

	for (uint32_t i = bucket->head; i < bucket->n; i++)
		if (keep(context, bucket->v[i]))
			bucket->v[kept++] = bucket->v[i];
	order->n_instant -= bucket->n - kept;
	bucket->n = kept;
}

void tw_order_filter(struct tw_order *order, tw_order_keep *keep, void *context)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < order->n_near; i++)
		if (keep(context, order->near[i]))
			order->near[kept++] = order->near[i];
	order->n_near = kept;
	for (unsigned i = 0; i < 4; i++)
		filter_instant(order, &order->instant[i], keep, context);
	for (unsigned i = 0; i < TW_ORDER_BUCKETS; i++)
		if (order->buckets[i].n)
			filter_bucket(order, &order->buckets[i], keep, context);
}
