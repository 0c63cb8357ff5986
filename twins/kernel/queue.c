/*
 * What is pending lies in an order (order.h) of 16-byte entries; the payload
 * waits in a slot, and an entry names it.
 *
 * An entry's rank is class (2 bits), sequence (38), slot (24): comparing
 * (time, rank) is comparing (time, class, sequence), and as the sequence
 * never repeats, the rank is also the event's id. A slot keeps the rank that
 * occupies it; an entry whose slot has another rank was cancelled (lazy
 * deletion) and the slot may already serve another event.
 *
 * A lane owns a slot for good. Its events wait in a ring, in order, since the
 * delay is fixed and now never falls; the first one stands in the order with
 * its own time, class and sequence, but the lane's slot.
 *
 * Invariant between calls: `next` is the time of the first live event.
 */
#include "twins/kernel/queue.h"

#include "twins/base/assert.h"

#include <string.h>

#define SLOT_BITS     24
#define SEQUENCE_BITS 38
#define SLOT_MASK     ((UINT64_C(1) << SLOT_BITS) - 1)
#define ORDER_MASK    (~SLOT_MASK)
#define CLASS_SHIFT   (SLOT_BITS + SEQUENCE_BITS)
#define COMPACT_MIN   64

enum slot_use { USE_ORDER, USE_RING, USE_LANE };

struct tw_queue_slot {
	uint64_t rank; /* of the event within; 0: free or a lane's */
	uint64_t b;
	uint32_t a; /* free: the next free slot; a lane's: its number */
	uint16_t kind;
	uint16_t use; /* enum slot_use */
};

struct tw_queue_lane {
	struct tw_order_entry *ring; /* all of them, cancelled ones too */
	tw_time delay;
	uint32_t cap; /* power of two */
	uint32_t head, n;
	uint32_t slot;
	enum tw_class class;
	bool standing; /* the ring's first is in the order */
};

void tw_queue_init(struct tw_queue *queue)
{
	*queue = (struct tw_queue){.next = TW_NEVER, .n_slots = 1};
}

void tw_queue_release(struct tw_queue *queue)
{
	for (uint32_t i = 0; i < queue->n_lanes; i++)
		tw_free(queue->lanes[i].ring);
	tw_free(queue->lanes);
	tw_free(queue->slots);
	tw_order_release(&queue->order);
	tw_queue_init(queue);
}

static inline uint32_t slot_of(uint64_t rank)
{
	return (uint32_t)(rank & SLOT_MASK);
}

static inline struct tw_queue_lane *lane_of(
	const struct tw_queue *queue, const struct tw_queue_slot *slot)
{
	return slot->use == USE_LANE ? &queue->lanes[slot->a] : NULL;
}

static inline bool is_live(const struct tw_queue *queue, uint64_t rank)
{
	return queue->slots[slot_of(rank)].rank == rank;
}

static __attribute__((noinline)) uint32_t add_slot(struct tw_queue *queue)
{
	if (queue->n_slots >= queue->cap_slots) {
		queue->cap_slots = queue->cap_slots ? queue->cap_slots * 2 : 64;
		queue->slots = tw_reallocarray(
			queue->slots, queue->cap_slots, sizeof *queue->slots);
	}
	tw_assert(queue->n_slots <= SLOT_MASK);
	return queue->n_slots++;
}

static inline uint32_t take_slot(struct tw_queue *queue)
{
	uint32_t slot = queue->free_slot;

	if (!slot)
		return add_slot(queue);
	queue->free_slot = queue->slots[slot].a;
	return slot;
}

static inline void free_slot(struct tw_queue *queue, uint32_t slot)
{
	queue->slots[slot].rank = 0;
	queue->slots[slot].a = queue->free_slot;
	queue->free_slot = slot;
	queue->live--;
}

/* A new event in a slot of its own: what goes into the order or a ring. */
static inline struct tw_order_entry new_event(struct tw_queue *queue,
	uint32_t slot, tw_time at, enum tw_class class, uint16_t kind,
	uint32_t a, uint64_t b, enum slot_use use)
{
	uint64_t rank = (uint64_t) class << CLASS_SHIFT |
			++queue->sequence << SLOT_BITS | slot;

	tw_assert(at >= queue->now && at < TW_NEVER);
	tw_assert(queue->sequence < UINT64_C(1) << SEQUENCE_BITS);
	queue->slots[slot] = (struct tw_queue_slot){.rank = rank,
		.b = b,
		.a = a,
		.kind = kind,
		.use = (uint16_t)use};
	queue->live++;
	return (struct tw_order_entry){(uint64_t)at, rank};
}

static inline void push(struct tw_queue *queue, struct tw_order_entry entry)
{
	queue->n++;
	if ((tw_time)entry.time < queue->next)
		queue->next = (tw_time)entry.time;
	tw_order_add(&queue->order, entry);
}

/* The slow ways of schedule() are functions that it ends with, so that it has
 * no registers to save on the fast one. */
static __attribute__((noinline)) tw_event_id push_slowly(
	struct tw_queue *queue, struct tw_order_entry entry)
{
	tw_order_add(&queue->order, entry);
	return entry.rank;
}

static __attribute__((noinline)) tw_event_id schedule_slowly(
	struct tw_queue *queue, tw_time at, enum tw_class class, uint16_t kind,
	uint32_t a, uint64_t b)
{
	struct tw_order_entry entry = new_event(
		queue, add_slot(queue), at, class, kind, a, b, USE_ORDER);

	push(queue, entry);
	return entry.rank;
}

tw_event_id tw_queue_schedule(struct tw_queue *queue, tw_time at,
	enum tw_class class, uint16_t kind, uint32_t a, uint64_t b)
{
	uint32_t slot = queue->free_slot;
	struct tw_order_entry entry;

	if (__builtin_expect(!slot, 0))
		return schedule_slowly(queue, at, class, kind, a, b);
	queue->free_slot = queue->slots[slot].a;
	entry = new_event(queue, slot, at, class, kind, a, b, USE_ORDER);
	queue->n++;
	if (at < queue->next)
		queue->next = at;
	if (__builtin_expect(tw_order_try_add(&queue->order, entry), 1))
		return entry.rank;
	return push_slowly(queue, entry);
}

uint32_t tw_queue_lane(
	struct tw_queue *queue, tw_time delay, enum tw_class class)
{
	uint32_t i, slot;

	tw_assert(delay >= 0);
	for (i = 0; i < queue->n_lanes; i++)
		if (queue->lanes[i].delay == delay &&
			queue->lanes[i].class == class)
			return i;
	queue->lanes = tw_reallocarray(
		queue->lanes, (size_t)i + 1, sizeof *queue->lanes);
	queue->n_lanes++;
	slot = take_slot(queue);
	queue->slots[slot] = (struct tw_queue_slot){.a = i, .use = USE_LANE};
	queue->lanes[i] = (struct tw_queue_lane){
		.delay = delay, .class = class, .slot = slot};
	return i;
}

static inline struct tw_order_entry *ring_at(
	const struct tw_queue_lane *lane, uint32_t i)
{
	return &lane->ring[(lane->head + i) & (lane->cap - 1)];
}

/* Room for one more: by leaving out the cancelled ones where at least half
 * are that, else by growing. */
static void make_room(struct tw_queue *queue, struct tw_queue_lane *lane)
{
	uint32_t kept = 0, first = lane->standing, cap;
	struct tw_order_entry *ring;

	for (uint32_t i = 0; i < lane->n; i++)
		if (i < first || is_live(queue, ring_at(lane, i)->rank))
			*ring_at(lane, kept++) = *ring_at(lane, i);
	lane->n = kept;
	if (lane->cap && kept <= lane->cap / 2)
		return;
	cap = lane->cap ? lane->cap * 2 : 16;
	ring = tw_reallocarray(NULL, cap, sizeof *ring);
	for (uint32_t i = 0; i < kept; i++)
		ring[i] = *ring_at(lane, i);
	tw_free(lane->ring);
	lane->ring = ring;
	lane->cap = cap;
	lane->head = 0;
}

/* Puts the first live event of the lane into the order, if there is one. */
static void stand_first(struct tw_queue *queue, struct tw_queue_lane *lane)
{
	struct tw_order_entry entry;

	lane->standing = false;
	while (lane->n && !is_live(queue, ring_at(lane, 0)->rank)) {
		lane->head++;
		lane->n--;
	}
	if (!lane->n)
		return;
	entry = *ring_at(lane, 0);
	entry.rank = (entry.rank & ORDER_MASK) | lane->slot;
	lane->standing = true;
	push(queue, entry);
}

tw_event_id tw_queue_schedule_lane(struct tw_queue *queue, uint32_t number,
	uint16_t kind, uint32_t a, uint64_t b)
{
	struct tw_queue_lane *lane = &queue->lanes[number];
	struct tw_order_entry entry;

	tw_assert(lane->delay < TW_NEVER - queue->now);
	entry = new_event(queue, take_slot(queue), queue->now + lane->delay,
		lane->class, kind, a, b, USE_RING);
	if (lane->n == lane->cap)
		make_room(queue, lane);
	*ring_at(lane, lane->n++) = entry;
	if (!lane->standing)
		stand_first(queue, lane);
	return entry.rank;
}

/* Is it, or the first of the lane that it stands for, still to come? */
static inline bool is_due(
	const struct tw_queue *queue, struct tw_order_entry entry)
{
	const struct tw_queue_slot *slot = &queue->slots[slot_of(entry.rank)];
	const struct tw_queue_lane *lane;

	if (slot->rank == entry.rank)
		return true;
	lane = lane_of(queue, slot);
	return lane && is_live(queue, ring_at(lane, 0)->rank);
}

/* An entry that was cancelled was taken. */
static void discard(struct tw_queue *queue, struct tw_order_entry entry)
{
	struct tw_queue_lane *lane =
		lane_of(queue, &queue->slots[slot_of(entry.rank)]);

	queue->n--;
	if (lane)
		stand_first(queue, lane);
	else
		queue->stale--;
}

static bool keep_due(void *context, struct tw_order_entry entry)
{
	struct tw_queue *queue = context;
	struct tw_queue_lane *lane;

	if (is_due(queue, entry))
		return true;
	lane = lane_of(queue, &queue->slots[slot_of(entry.rank)]);
	queue->n--;
	if (lane)
		lane->standing = false;
	else
		queue->stale--;
	return false;
}

static void stand_all(struct tw_queue *queue)
{
	for (uint32_t i = 0; i < queue->n_lanes; i++)
		if (!queue->lanes[i].standing)
			stand_first(queue, &queue->lanes[i]);
}

/* Restores the invariant where the first entry of the near ones is no live
 * event of its own. */
static __attribute__((noinline)) void settle_slowly(struct tw_queue *queue)
{
	struct tw_order_entry first;

	while (tw_order_first(&queue->order, &first)) {
		if (is_due(queue, first)) {
			queue->next = (tw_time)first.time;
			return;
		}
		if (queue->order.n_near || queue->order.n_instant) {
			discard(queue, tw_order_take(&queue->order));
		} else {
			tw_order_filter_lowest(&queue->order, keep_due, queue);
			stand_all(queue);
		}
	}
	queue->next = TW_NEVER;
}

/* Restores the invariant. */
static inline void settle(struct tw_queue *queue)
{
	const struct tw_order *order = &queue->order;
	struct tw_order_entry first;

	if (__builtin_expect(order->n_near != 0, 1)) {
		first = order->near[order->n_near - 1];
		if (is_live(queue, first.rank)) {
			queue->next = (tw_time)first.time;
			return;
		}
	}
	settle_slowly(queue);
}

/* Leaves out all that was cancelled. */
static void compact(struct tw_queue *queue)
{
	tw_order_filter(&queue->order, keep_due, queue);
	stand_all(queue);
}

bool tw_queue_pending(const struct tw_queue *queue, tw_event_id id)
{
	uint32_t slot = slot_of(id);

	return slot && slot < queue->n_slots && is_live(queue, id);
}

bool tw_queue_cancel(struct tw_queue *queue, tw_event_id id)
{
	uint32_t slot = slot_of(id);
	bool in_order;

	if (!tw_queue_pending(queue, id))
		return false;
	in_order = queue->slots[slot].use == USE_ORDER;
	free_slot(queue, slot);
	if (in_order && ++queue->stale > COMPACT_MIN &&
		queue->stale > queue->n / 2)
		compact(queue);
	settle(queue);
	return true;
}

/* The first entry that is due, and the slot of its event: not its own where it
 * stands for a lane, which goes to *lane. */
static struct tw_order_entry take_due(struct tw_queue *queue,
	struct tw_order_entry top, uint32_t *number,
	struct tw_queue_lane **lane)
{
	while (!is_due(queue, top)) {
		discard(queue, top);
		top = tw_order_take(&queue->order);
	}
	*number = slot_of(top.rank);
	*lane = lane_of(queue, &queue->slots[*number]);
	if (*lane)
		*number = slot_of(ring_at(*lane, 0)->rank);
	return top;
}

bool tw_queue_pop(struct tw_queue *queue, struct tw_event *event)
{
	struct tw_order_entry top;
	const struct tw_queue_slot *slot;
	struct tw_queue_lane *lane = NULL;
	uint32_t number;

	if (queue->next == TW_NEVER)
		return false;
	top = tw_order_take(&queue->order);
	number = slot_of(top.rank);
	if (!is_live(queue, top.rank))
		top = take_due(queue, top, &number, &lane);
	queue->n--;
	slot = &queue->slots[number];
	queue->now = (tw_time)top.time;
	*event = (struct tw_event){.at = queue->now,
		.b = slot->b,
		.a = slot->a,
		.kind = slot->kind,
		.class = (uint16_t)(top.rank >> CLASS_SHIFT)};
	free_slot(queue, number);
	if (lane)
		stand_first(queue, lane);
	settle(queue);
	return true;
}

void tw_queue_advance(struct tw_queue *queue, tw_time to)
{
	tw_assert(to >= queue->now && to <= tw_queue_next(queue));
	queue->now = to;
}

size_t tw_queue_bytes(const struct tw_queue *queue)
{
	size_t bytes = tw_order_bytes(&queue->order) +
		       queue->cap_slots * sizeof *queue->slots +
		       queue->n_lanes * sizeof *queue->lanes;

	for (uint32_t i = 0; i < queue->n_lanes; i++)
		bytes += queue->lanes[i].cap * sizeof *queue->lanes->ring;
	return bytes;
}
