#include "twins/cluster/deployment.h"

#include "twins/base/memory.h"

#include <stdlib.h>
#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- fenceposts ----------------------------------------------------- */

bool tw_deployment_share(
	const char *text, int64_t desired, bool round_up, int64_t *to)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	if (end == text || v < 0 || v > INT32_MAX)
		return false;
	if (!strcmp(end, "%")) {
		*to = (v * desired + (round_up ? 99 : 0)) / 100;
		return true;
	}
	*to = v;
	return !*end;
}

bool tw_deployment_fenceposts(const char *surge_text,
	const char *unavailable_text, int64_t desired, int64_t *surge,
	int64_t *unavailable)
{
	if (!tw_deployment_share(surge_text, desired, true, surge) ||
		!tw_deployment_share(
			unavailable_text, desired, false, unavailable))
		return false;
	if (!*surge && !*unavailable)
		*unavailable = 1;
	return true;
}

int64_t tw_deployment_max_unavailable(const struct tw_deployment *d)
{
	if (d->recreate || !d->desired)
		return 0;
	return least(d->unavailable, d->desired);
}

int64_t tw_deployment_min_available(const struct tw_deployment *d)
{
	return d->recreate ? 0 : d->desired - tw_deployment_max_unavailable(d);
}

/* ---- a rolling update ----------------------------------------------- */

int64_t tw_deployment_new_size(
	const struct tw_deployment *d, int64_t total, int64_t new_size)
{
	int64_t room;

	if (d->recreate)
		return d->desired;
	room = d->desired + d->surge - total;
	if (room <= 0)
		return new_size;
	return new_size + least(room, d->desired - new_size);
}

int64_t tw_deployment_reconcile_new(
	const struct tw_deployment *d, int64_t total, int64_t new_size)
{
	if (new_size >= d->desired)
		return d->desired;
	return tw_deployment_new_size(d, total, new_size);
}

/* The oldest set that has not been looked at; NULL: none is left. */
static struct tw_replica_set *next_oldest(
	struct tw_replica_set *sets, size_t n, const struct tw_replica_set *at)
{
	struct tw_replica_set *best = NULL;

	for (size_t i = 0; i < n; i++) {
		bool after = !at || sets[i].age < at->age ||
			     (sets[i].age == at->age && &sets[i] > at);

		if (!after)
			continue;
		if (!best || sets[i].age > best->age)
			best = &sets[i];
	}
	return best;
}

int64_t tw_deployment_clean_up(
	struct tw_replica_set *old, size_t n, int64_t most)
{
	int64_t cleaned = 0;

	for (struct tw_replica_set *it = next_oldest(old, n, NULL);
		it && cleaned < most; it = next_oldest(old, n, it)) {
		int64_t gone;

		if (!it->replicas || it->replicas == it->available)
			continue;
		gone = least(most - cleaned, it->replicas - it->available);
		it->replicas -= gone;
		cleaned += gone;
	}
	return cleaned;
}

int64_t tw_deployment_scale_down(const struct tw_deployment *d,
	struct tw_replica_set *old, size_t n, int64_t new_available)
{
	int64_t available = new_available, room, gone = 0;

	for (size_t i = 0; i < n; i++)
		available += old[i].available;
	room = available - tw_deployment_min_available(d);
	for (struct tw_replica_set *it = next_oldest(old, n, NULL);
		it && gone < room; it = next_oldest(old, n, it)) {
		int64_t down = least(it->replicas, room - gone);

		it->replicas -= down;
		gone += down;
	}
	return gone;
}

int64_t tw_deployment_reconcile_old(const struct tw_deployment *d,
	struct tw_replica_set *old, size_t n,
	const struct tw_replica_set *new_set)
{
	int64_t total = new_set->replicas, olds = 0, room, gone;

	for (size_t i = 0; i < n; i++)
		olds += old[i].replicas;
	total += olds;
	if (!olds)
		return 0;
	room = total - tw_deployment_min_available(d) -
	       (new_set->replicas - new_set->available);
	if (room <= 0)
		return 0;
	gone = tw_deployment_clean_up(old, n, room);
	return gone + tw_deployment_scale_down(d, old, n, new_set->available);
}

/* ---- proportional scaling ------------------------------------------- */

/* Halves away from zero. */
static int64_t rounded(int64_t a, int64_t b)
{
	return (2 * a + b) / (2 * b);
}

int64_t tw_deployment_fraction(const struct tw_deployment *d, int64_t replicas,
	int64_t annotation, int64_t status_replicas)
{
	if (!d->desired)
		return -replicas;
	if (annotation <= 0)
		annotation = status_replicas;
	if (annotation <= 0)
		return 0;
	return rounded(replicas * (d->desired + d->surge), annotation) -
	       replicas;
}

static struct tw_replica_set *new_set_of(struct tw_replica_set *sets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sets[i].is_new)
			return &sets[i];
	return NULL;
}

/* The only active set, or the newest (FindActiveOrLatest); NULL: several. */
static struct tw_replica_set *only_active(struct tw_replica_set *sets, size_t n)
{
	struct tw_replica_set *active = NULL, *newest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (sets[i].replicas > 0) {
			active = &sets[i];
			count++;
		}
		if (!newest || sets[i].age < newest->age)
			newest = &sets[i];
	}
	if (count > 1)
		return NULL;
	if (count == 1)
		return active;
	return new_set_of(sets, n) ? new_set_of(sets, n) : newest;
}

/* Larger first; of equals the newer first where pods are added, the older
 * where they go. */
static bool goes_before(const struct tw_replica_set *a,
	const struct tw_replica_set *b, bool adding)
{
	if (a->replicas != b->replicas)
		return a->replicas > b->replicas;
	return adding ? a->age < b->age : a->age > b->age;
}

static void scale_each(const struct tw_deployment *d,
	struct tw_replica_set **sorted, size_t n, int64_t add)
{
	int64_t added = 0;

	for (size_t i = 0; i < n; i++) {
		struct tw_replica_set *it = sorted[i];
		int64_t share = 0;

		if (add) {
			share = tw_deployment_fraction(d, it->replicas,
				it->annotation, it->status_replicas);
			share = add > 0 ? least(share, add - added)
					: most_of(share, add - added);
		}
		it->replicas += share;
		added += share;
	}
	if (n && add != added)
		sorted[0]->replicas =
			most_of(sorted[0]->replicas + add - added, 0);
}

void tw_deployment_scale(
	const struct tw_deployment *d, struct tw_replica_set *sets, size_t n)
{
	struct tw_replica_set *only = only_active(sets, n);
	struct tw_replica_set *new_set = new_set_of(sets, n);
	struct tw_replica_set **sorted;
	int64_t total = 0, allowed, add;
	size_t active = 0;

	if (only) {
		only->replicas = d->desired;
		return;
	}
	if (new_set && new_set->replicas == d->desired &&
		new_set->desired_annotation == d->desired &&
		new_set->available == d->desired) {
		for (size_t i = 0; i < n; i++)
			if (!sets[i].is_new)
				sets[i].replicas = 0;
		return;
	}
	if (d->recreate)
		return;
	sorted = tw_calloc(n ? n : 1, sizeof *sorted);
	for (size_t i = 0; i < n; i++) {
		total += sets[i].replicas;
		if (sets[i].replicas > 0)
			sorted[active++] = &sets[i];
	}
	allowed = d->desired ? d->desired + d->surge : 0;
	add = allowed - total;
	for (size_t i = 1; i < active; i++)
		for (size_t k = i;
			k && goes_before(sorted[k], sorted[k - 1], add > 0);
			k--) {
			struct tw_replica_set *swap = sorted[k];

			sorted[k] = sorted[k - 1];
			sorted[k - 1] = swap;
		}
	scale_each(d, sorted, active, add);
	tw_free(sorted);
}

/* ---- progress ------------------------------------------------------- */

bool tw_deployment_complete(
	int64_t desired, const struct tw_deployment_status *status)
{
	return status->updated == desired && status->total == desired &&
	       status->available == desired;
}

bool tw_deployment_progressing(const struct tw_deployment_status *old,
	const struct tw_deployment_status *now)
{
	return now->updated > old->updated ||
	       now->total - now->updated < old->total - old->updated ||
	       now->ready > old->ready || now->available > old->available;
}

bool tw_deployment_timed_out(
	int64_t deadline, enum tw_progress reason, int64_t age)
{
	if (deadline < 0 || deadline == TW_NO_DEADLINE ||
		reason == TW_PROGRESS_AVAILABLE)
		return false;
	return reason == TW_PROGRESS_EXCEEDED || age > deadline;
}

enum tw_progress tw_deployment_progress(int64_t desired,
	const struct tw_deployment_status *old,
	const struct tw_deployment_status *now, enum tw_progress reason,
	int64_t age, int64_t deadline)
{
	if (now->total == now->updated && reason == TW_PROGRESS_AVAILABLE)
		return reason;
	if (tw_deployment_complete(desired, now))
		return TW_PROGRESS_AVAILABLE;
	if (tw_deployment_progressing(old, now))
		return TW_PROGRESS_UPDATED;
	if (tw_deployment_timed_out(deadline, reason, age))
		return TW_PROGRESS_EXCEEDED;
	return reason;
}

int64_t tw_deployment_requeue(int64_t desired,
	const struct tw_deployment_status *status, bool has_condition,
	enum tw_progress reason, int64_t age, int64_t deadline)
{
	if (deadline < 0 || deadline == TW_NO_DEADLINE || !has_condition ||
		reason == TW_PROGRESS_EXCEEDED ||
		tw_deployment_complete(desired, status))
		return -1;
	return age < deadline ? deadline - age : 0;
}

/* ---- what is left --------------------------------------------------- */

size_t tw_deployment_outdated(
	struct tw_replica_set *old, size_t n, int64_t limit)
{
	int64_t alive = 0, more;
	size_t gone = 0;

	if (limit == TW_NO_DEADLINE)
		return 0;
	for (size_t i = 0; i < n; i++)
		alive += !old[i].deleting;
	more = alive - limit;
	/* Of the oldest that are too many, those that can go. */
	for (size_t i = 0; i < n && more > 0; i++) {
		if (old[i].deleting)
			continue;
		more--;
		old[i].outdated = !old[i].replicas && !old[i].status_replicas;
		gone += old[i].outdated;
	}
	return gone;
}

bool tw_deployment_old_pods(
	const struct tw_replica_set *old, size_t n, size_t others_not_ended)
{
	for (size_t i = 0; i < n; i++)
		if (old[i].status_replicas > 0)
			return true;
	return others_not_ended > 0;
}
