#include "twins/cluster/vpa_update.h"

struct sum {
	bool has; /* something is recommended */
	double requested, recommended;
};

static void see(const struct tw_vpa_ask *ask, struct tw_vpa_priority *to)
{
	const struct tw_advice *advice = &ask->advice;

	if (!ask->has_request) {
		to->up = to->outside = true;
		return;
	}
	to->up |= advice->target > ask->request;
	to->outside |= (advice->lower && ask->request < advice->lower) ||
		       (advice->upper && ask->request > advice->upper);
}

/* A thousandth of the resource's unit (core, byte) at least. */
static double change_of(
	enum tw_vertical_resource resource, const struct sum *sum)
{
	double least = resource == TW_VERTICAL_CPU ? 1 : 0.001;
	double requested = sum->requested > least ? sum->requested : least;
	double by = sum->recommended - requested;

	return (by < 0 ? -by : by) / requested;
}

struct tw_vpa_priority tw_vpa_priority_of(
	const struct tw_vpa_ask *asks, size_t n)
{
	struct sum sums[TW_VERTICAL_RESOURCES] = {0};
	struct tw_vpa_priority to = {0};

	for (size_t i = 0; i < n; i++) {
		struct sum *sum = &sums[asks[i].resource];

		if (!asks[i].advice.has)
			continue;
		sum->has = true;
		sum->recommended += (double)asks[i].advice.target;
		if (asks[i].has_request)
			sum->requested += (double)asks[i].request;
		see(&asks[i], &to);
	}
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++)
		if (sums[r].has)
			to.change += change_of(
				(enum tw_vertical_resource)r, &sums[r]);
	return to;
}

int tw_vpa_compare(
	const struct tw_vpa_priority *a, const struct tw_vpa_priority *b)
{
	if (a->up != b->up)
		return a->up ? -1 : 1;
	if (a->change > b->change)
		return -1;
	return a->change < b->change;
}

bool tw_vpa_is_due(
	const struct tw_vpa_priority *it, tw_time age, bool quick_oom)
{
	if (quick_oom)
		return it->change > 0;
	if (it->outside)
		return true;
	return age >= TW_VPA_POD_LIFETIME && it->change >= TW_VPA_LEAST_CHANGE;
}

/* What is not recommended is recommended to be 0, as there. */
static bool goes(const struct tw_vertical_requirement *it,
	const struct tw_vpa_ask *asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tw_vpa_ask *ask = &asks[i];
		int64_t target = ask->advice.has ? ask->advice.target : 0;

		if (it->of[ask->resource] &&
			(it->higher ? target > ask->request
				    : target < ask->request))
			return true;
	}
	return false;
}

static bool container_meets(const struct tw_vertical_requirement *all,
	size_t n_all, const struct tw_vpa_ask *asks, size_t n)
{
	bool advised = false;

	for (size_t i = 0; i < n; i++)
		advised |= asks[i].advice.has;
	if (!advised)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!asks[i].has_request)
			return true;
	for (size_t i = 0; i < n_all; i++)
		if (!goes(&all[i], asks, n))
			return false;
	return true;
}

bool tw_vpa_meets(const struct tw_vertical_requirement *all, size_t n_all,
	const struct tw_vpa_ask *asks, size_t n)
{
	size_t end;

	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && asks[end].container == asks[i].container)
			end++;
		if (container_meets(all, n_all, asks + i, end - i))
			return true;
	}
	return !n_all;
}

bool tw_vpa_may_disturb(const struct tw_vpa_group *group)
{
	int64_t alive = group->running - group->evicted - group->resized;

	return alive > group->configured - group->tolerance ||
	       (group->running == group->configured && !group->tolerance &&
		       !group->evicted && !group->resized);
}
