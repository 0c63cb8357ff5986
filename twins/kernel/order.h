/*
 * The order of the event queue: entries are taken least first, by (time,
 * rank). Part of queue.c, which says what ranks are; nobody else needs it.
 *
 * It is a monotone radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, "Faster
 * algorithms for the shortest path problem", JACM 37(2), 1990) of base 16,
 * with a short sorted run in front of it:
 *
 *  - `base` is the time of an entry that was taken, so nothing earlier comes
 *    any more. An entry lies in the bucket of the highest hexadecimal digit in
 *    which its time differs from base, and of that digit's value: all of a
 *    bucket is earlier than all of the next one.
 *  - What is below `limit` lies in the run `near`. A bucket whose turn it is
 *    is sorted into it if it is small. If not, base moves to its earliest
 *    entry and it is spread over lower buckets; those of that very instant go
 *    first in, first out by class, so that ties cost no sorting.
 *  - A run that outgrows its array gives its later half back to the buckets.
 *
 * Base moves when an entry is taken and never when one is looked at: who has
 * looked may still add something earlier, as long as it is not in the past.
 *
 * An entry moves down at most 16 times in its life, in practice once or
 * twice, whatever the number of entries; memory is twice the entries.
 */
#ifndef TW_KERNEL_ORDER_H
#define TW_KERNEL_ORDER_H

#include "twins/base/memory.h"

#include <stdbool.h>
#include <stdint.h>

#define TW_ORDER_NEAR	 64 /* entries of the run at most */
#define TW_ORDER_BUCKETS 256

struct tw_order_entry {
	uint64_t time; /* below 2^63 */
	uint64_t rank; /* class in the two highest bits */
};

struct tw_order_bucket {
	struct tw_order_entry *v;
	uint32_t n, cap;
	uint32_t least; /* where n: an earliest one */
	uint32_t head;	/* of an instant: how many were taken */
	uint64_t time;	/* of the least */
};

/* Zeroed, it is empty. */
struct tw_order {
	uint64_t base, limit;
	uint32_t n_near;
	uint32_t n_instant; /* entries at base that lie in `instant` */
	uint64_t occupied[TW_ORDER_BUCKETS / 64];
	struct tw_order_entry near[TW_ORDER_NEAR]; /* the least is the last */
	struct tw_order_bucket instant[4];	   /* by class */
	struct tw_order_bucket buckets[TW_ORDER_BUCKETS];
};

void tw_order_release(struct tw_order *order);
size_t tw_order_bytes(const struct tw_order *order);

/* The slow parts of what is below. */
void tw_order_grow(struct tw_order_bucket *bucket);
void tw_order_add_now(struct tw_order *order, struct tw_order_entry entry);
void tw_order_spill(struct tw_order *order);
bool tw_order_refill(struct tw_order *order);
struct tw_order_entry tw_order_take_far(struct tw_order *order);

/* Into a bucket. */
static inline void tw_order_add_far(
	struct tw_order *order, struct tw_order_entry entry)
{
	uint64_t differs = entry.time ^ order->base;
	struct tw_order_bucket *bucket;
	unsigned shift, index;

	if (__builtin_expect(!differs, 0)) {
		tw_order_add_now(order, entry);
		return;
	}
	shift = (63U - (unsigned)__builtin_clzll(differs)) & 60;
	index = shift << 2 | (unsigned)(entry.time >> shift & 15);
	bucket = &order->buckets[index];
	if (__builtin_expect(bucket->n == bucket->cap, 0))
		tw_order_grow(bucket);
	if (!bucket->n || entry.time < bucket->time) {
		bucket->time = entry.time;
		bucket->least = bucket->n;
	}
	bucket->v[bucket->n++] = entry;
	order->occupied[index >> 6] |= UINT64_C(1) << (index & 63);
}

static inline void tw_order_add(
	struct tw_order *order, struct tw_order_entry entry)
{
	uint32_t i;

	if (__builtin_expect(order->n_near == TW_ORDER_NEAR, 0))
		tw_order_spill(order);
	if (entry.time >= order->limit) {
		tw_order_add_far(order, entry);
		return;
	}
	for (i = order->n_near++; i; i--) {
		struct tw_order_entry *later = &order->near[i - 1];

		if (later->time > entry.time ||
			(later->time == entry.time && later->rank > entry.rank))
			break;
		later[1] = later[0];
	}
	order->near[i] = entry;
}

/* The same, where it is simple and no memory has to be found; false: it is
 * not, nothing was done. */
static inline bool tw_order_try_add(
	struct tw_order *order, struct tw_order_entry entry)
{
	uint64_t differs = entry.time ^ order->base;
	struct tw_order_bucket *bucket;
	unsigned shift, index;

	if (entry.time < order->limit || order->n_near == TW_ORDER_NEAR ||
		!differs)
		return false;
	shift = (63U - (unsigned)__builtin_clzll(differs)) & 60;
	index = shift << 2 | (unsigned)(entry.time >> shift & 15);
	bucket = &order->buckets[index];
	if (bucket->n == bucket->cap)
		return false;
	if (!bucket->n || entry.time < bucket->time) {
		bucket->time = entry.time;
		bucket->least = bucket->n;
	}
	bucket->v[bucket->n++] = entry;
	order->occupied[index >> 6] |= UINT64_C(1) << (index & 63);
	return true;
}

/* The earliest bucket; none is empty. NULL: there is none. */
static inline struct tw_order_bucket *tw_order_lowest(struct tw_order *order)
{
	for (unsigned i = 0; i < TW_ORDER_BUCKETS / 64; i++)
		if (order->occupied[i])
			return &order->buckets[64 * i +
					       (unsigned)__builtin_ctzll(
						       order->occupied[i])];
	return NULL;
}

/*
 * An entry of the earliest time: the least of all, unless it is the `least` of
 * a bucket with others of the same time. False: there is none.
 */
static inline bool tw_order_first(
	struct tw_order *order, struct tw_order_entry *first)
{
	const struct tw_order_bucket *bucket = order->instant;

	if (!order->n_near && !order->n_instant && !tw_order_refill(order)) {
		bucket = tw_order_lowest(order);
		if (!bucket)
			return false;
		*first = bucket->v[bucket->least];
		return true;
	}
	if (order->n_near) {
		*first = order->near[order->n_near - 1];
		return true;
	}
	while (bucket->head == bucket->n)
		bucket++;
	*first = bucket->v[bucket->head];
	return true;
}

/* Takes the least. There must be one. */
static inline struct tw_order_entry tw_order_take(struct tw_order *order)
{
	if (__builtin_expect(order->n_near != 0, 1))
		return order->near[--order->n_near];
	return tw_order_take_far(order);
}

/* Leaves out, of the lowest bucket or of all there is, what `keep` says no
 * to. */
typedef bool tw_order_keep(void *context, struct tw_order_entry entry);
void tw_order_filter_lowest(
	struct tw_order *order, tw_order_keep *keep, void *context);
void tw_order_filter(
	struct tw_order *order, tw_order_keep *keep, void *context);

#endif
