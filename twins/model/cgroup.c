#include "twins/model/cgroup.h"

#define MIN_SHARES 2
#define MAX_SHARES 262144
#define MIN_QUOTA  1000 /* us */
#define PERIOD	   100000

int64_t tw_cgroup_quota(int64_t millicores, int64_t period_us)
{
	int64_t quota;

	if (millicores <= 0)
		return 0;
	quota = millicores * (period_us ? period_us : PERIOD) / 1000;
	return quota < MIN_QUOTA ? MIN_QUOTA : quota;
}

int64_t tw_cgroup_shares(int64_t millicores)
{
	int64_t shares = millicores * 1024 / 1000;

	if (shares < MIN_SHARES)
		return MIN_SHARES;
	return shares > MAX_SHARES ? MAX_SHARES : shares;
}

/* ---- sums over a pod ------------------------------------------------ */

static int64_t given(struct tw_int field)
{
	return field.origin ? field.v : 0;
}

/* A limit alone is the request too (core/v1). */
static int64_t request(struct tw_int wish, struct tw_int limit)
{
	return given(wish) ? given(wish) : given(limit);
}

struct need {
	int64_t cpu, memory;
};

static struct need requests_of(const struct tw_spec_container *c)
{
	return (struct need){request(c->cpu_request, c->cpu_limit),
		request(c->memory_request, c->memory_limit)};
}

/* To the scheduler a request of 0 is one. */
static struct need written_of(const struct tw_spec_container *c)
{
	return (struct need){
		tw_int_or(c->cpu_request, tw_int_or(c->cpu_limit, 0)),
		tw_int_or(c->memory_request, tw_int_or(c->memory_limit, 0))};
}

static struct need limits_of(const struct tw_spec_container *c)
{
	return (struct need){given(c->cpu_limit), given(c->memory_limit)};
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Init containers run one by one, beside the sidecars that started before;
 * then all others at once, beside all sidecars (resource requests of a Pod,
 * KEP 753). */
static struct need sum_of(const struct tw_spec_workload *workload,
	struct need (*of)(const struct tw_spec_container *))
{
	struct need sidecars = {0}, init = {0}, sum = {0};

	for (size_t i = 0; i < workload->containers.n; i++) {
		const struct tw_spec_container *c = workload->containers.v[i];
		struct need need = of(c);

		if (c->is_sidecar) {
			sidecars.cpu += need.cpu;
			sidecars.memory += need.memory;
		} else if (c->is_init) {
			init.cpu = larger(init.cpu, sidecars.cpu + need.cpu);
			init.memory = larger(
				init.memory, sidecars.memory + need.memory);
		} else {
			sum.cpu += need.cpu;
			sum.memory += need.memory;
		}
	}
	return (struct need){larger(init.cpu, sum.cpu + sidecars.cpu),
		larger(init.memory, sum.memory + sidecars.memory)};
}

static bool has_pod_level(const struct tw_spec_workload *w)
{
	return given(w->cpu_request) || given(w->cpu_limit) ||
	       given(w->memory_request) || given(w->memory_limit);
}

static struct need pod_requests(const struct tw_spec_workload *w)
{
	struct need sum = sum_of(w, requests_of);
	int64_t cpu = request(w->cpu_request, w->cpu_limit);
	int64_t memory = request(w->memory_request, w->memory_limit);

	return (struct need){cpu ? cpu : sum.cpu, memory ? memory : sum.memory};
}

void tw_pod_requests(
	const struct tw_spec_workload *w, int64_t *cpu, int64_t *memory)
{
	struct need sum = sum_of(w, written_of);

	*cpu = tw_int_or(w->cpu_request, sum.cpu);
	*memory = tw_int_or(w->memory_request, sum.memory);
}

/* ---- the pod -------------------------------------------------------- */

enum tw_qos tw_qos_of(const struct tw_spec_workload *w)
{
	bool anything = false, guaranteed = true;

	if (has_pod_level(w))
		return given(w->cpu_limit) && given(w->memory_limit) &&
				       request(w->cpu_request, w->cpu_limit) ==
					       w->cpu_limit.v &&
				       request(w->memory_request,
					       w->memory_limit) ==
					       w->memory_limit.v
			       ? TW_QOS_GUARANTEED
			       : TW_QOS_BURSTABLE;
	for (size_t i = 0; i < w->containers.n; i++) {
		const struct tw_spec_container *c = w->containers.v[i];
		struct need wish = requests_of(c), limit = limits_of(c);

		anything |= wish.cpu || wish.memory;
		guaranteed &= limit.cpu && limit.memory &&
			      wish.cpu == limit.cpu &&
			      wish.memory == limit.memory;
	}
	if (!anything)
		return TW_QOS_BEST_EFFORT;
	return guaranteed ? TW_QOS_GUARANTEED : TW_QOS_BURSTABLE;
}

/* The pod's own limits count, or those of all its containers. */
static struct need pod_limits(const struct tw_spec_workload *w)
{
	struct need sum = sum_of(w, limits_of);

	for (size_t i = 0; i < w->containers.n; i++) {
		if (!given(w->containers.v[i]->cpu_limit))
			sum.cpu = 0;
		if (!given(w->containers.v[i]->memory_limit))
			sum.memory = 0;
	}
	return (struct need){given(w->cpu_limit) ? w->cpu_limit.v : sum.cpu,
		given(w->memory_limit) ? w->memory_limit.v : sum.memory};
}

void tw_cgroup_of_pod(const struct tw_spec_workload *w, int64_t period_us,
	bool enforce, struct tw_cgroup *to)
{
	struct need limits = pod_limits(w);
	enum tw_qos qos = tw_qos_of(w);

	*to = (struct tw_cgroup){
		MIN_SHARES, TW_CGROUP_NONE, TW_CGROUP_NONE, TW_CGROUP_NONE};
	if (qos == TW_QOS_BEST_EFFORT)
		return;
	to->shares = tw_cgroup_shares(pod_requests(w).cpu);
	if (limits.cpu) {
		to->quota_us =
			enforce ? tw_cgroup_quota(limits.cpu, period_us) : -1;
		to->period_us = period_us;
	}
	if (limits.memory)
		to->memory = limits.memory;
}

/* ---- who is killed -------------------------------------------------- */

#define GUARANTEED_SCORE  (-997)
#define BEST_EFFORT_SCORE 1000

/* Here the request as it stands counts: the API server has made one of a
 * limit alone, and so has the reader of manifests. */
static int64_t wish_of(const struct tw_spec_container *c)
{
	return given(c->memory_request);
}

/* What the pod's own request leaves over is for all containers alike. */
static int64_t left_over(const struct tw_spec_workload *w)
{
	int64_t sum = 0, pod = given(w->memory_request);

	for (size_t i = 0; i < w->containers.n; i++)
		sum += wish_of(w->containers.v[i]);
	return pod > sum ? (pod - sum) / (int64_t)w->containers.n : 0;
}

static int64_t smallest_request(const struct tw_spec_workload *w)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < w->containers.n; i++) {
		int64_t it = wish_of(w->containers.v[i]);

		if (!w->containers.v[i]->is_init && it < least)
			least = it;
	}
	return least;
}

static int64_t score_of(int64_t wish, int64_t capacity)
{
	int64_t score = 1000 - 1000 * wish / capacity;

	if (score < 1000 + GUARANTEED_SCORE)
		return 1000 + GUARANTEED_SCORE;
	return score < BEST_EFFORT_SCORE ? score : BEST_EFFORT_SCORE - 1;
}

int tw_oom_score(const struct tw_spec_workload *w,
	const struct tw_spec_container *container, int64_t capacity,
	bool critical)
{
	enum tw_qos qos = tw_qos_of(w);
	int64_t more, score, regular;

	if (critical || qos == TW_QOS_GUARANTEED)
		return GUARANTEED_SCORE;
	if (qos == TW_QOS_BEST_EFFORT)
		return BEST_EFFORT_SCORE;
	more = left_over(w);
	score = score_of(wish_of(container) + more, capacity);
	if (container->is_sidecar) {
		regular = score_of(smallest_request(w) + more, capacity);
		score = score < regular ? score : regular;
	}
	return (int)score;
}

struct tw_spec_container *tw_main_container(const struct tw_spec_workload *w)
{
	struct tw_spec_container *first = NULL;

	for (size_t i = 0; i < w->containers.n; i++) {
		struct tw_spec_container *c = w->containers.v[i];

		if (c->is_init)
			continue;
		if (c->ports.n)
			return c;
		if (!first)
			first = c;
	}
	return first;
}
