/*
 * Outlier detection: what a proxy makes of the answers of replicas, and which
 * of them it passes over (Envoy, outlier_detection_impl.cc; policy.h says what
 * is simplified).
 */
#include "twins/base/assert.h"
#include "twins/traffic/traffic.h"

#include <math.h>

static void tell(struct tw_world *world, const struct tw_upstream *model,
	enum tw_tap_kind kind, uint32_t replica)
{
	tw_world_tap(world, .kind = kind,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = model->caller,
		.replica = replica);
}

/* The replicas that the proxy's cluster has now. */
static const struct tw_world_pool *members(
	const struct tw_world *world, const struct tw_upstream *model)
{
	return &world->pools[model->pool];
}

/* ---- ejecting ------------------------------------------------------- */

static void eject(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy,
	uint32_t replica)
{
	const struct tw_outlier *by = &upstream->model->outlier;
	struct tw_host *host = tw_proxy_host(upstream, proxy, replica);
	double share = (double)(proxy->ejected + 1) /
		       (double)members(world, upstream->model)->n;

	if (host->ejected || (share > by->max_percent &&
				     !(by->always_one && !proxy->ejected)))
		return;
	host->ejected = true;
	host->ejected_at = tw_world_now(world);
	if ((tw_time)host->times * by->base < by->max + by->base)
		host->times++;
	proxy->ejected++;
	proxy->stale = true;
	tell(world, upstream->model, TW_TAP_EJECTED, replica);
	tw_proxy_cell(world, proxy)->ejections++;
}

static void take_back(struct tw_world *world, const struct tw_upstream *model,
	struct tw_proxy *proxy, struct tw_host *host, uint32_t replica)
{
	host->ejected = false;
	host->was_ejected = true;
	host->back_at = tw_world_now(world);
	host->consecutive_5xx = 0;
	host->consecutive_gateway = 0;
	host->consecutive_local = 0;
	proxy->ejected--;
	proxy->stale = true;
	tell(world, model, TW_TAP_BACK, replica);
}

/* ---- answers -------------------------------------------------------- */

static bool one_more(uint32_t *count, uint32_t limit)
{
	if (++*count != limit)
		return false;
	*count = 0;
	return true;
}

/* What the proxy made of it itself, beside what the replica said. */
static bool is_local(enum tw_reason reason)
{
	return reason == TW_UNREACHED || reason == TW_RESET ||
	       reason == TW_TRY_TIMED_OUT || reason == TW_TIMED_OUT;
}

static void arm(struct tw_world *world, uint32_t number, uint32_t place,
	struct tw_proxy *proxy)
{
	const struct tw_upstream *model =
		world->upstreams->list.v[number].model;
	tw_time interval = model->outlier.interval;
	tw_time next = (tw_world_now(world) / interval + 1) * interval;

	if (proxy->sweeping)
		return;
	proxy->sweeping = true;
	tw_queue_schedule(&world->queue, next, TW_CLASS_WORLD, TW_EV_SWEEP,
		number, place);
}

void tw_outlier_record(struct tw_world *world, uint32_t number,
	struct tw_proxy *proxy, uint32_t replica, enum tw_reason reason,
	int status)
{
	const struct tw_world_upstream *upstream =
		&world->upstreams->list.v[number];
	const struct tw_outlier *by = &upstream->model->outlier;
	struct tw_host *host = tw_proxy_host(upstream, proxy, replica);

	if (reason == TW_CUT_OFF || !world->replicas[replica].listed)
		return;
	arm(world, number, proxy->place, proxy);
	if (by->split_local) {
		if (!is_local(reason))
			host->consecutive_local = 0;
		else if (one_more(&host->consecutive_local,
				 by->consecutive_local))
			eject(world, upstream, proxy, replica);
		if (is_local(reason))
			return;
	}
	host->all++;
	if (status < 500) {
		host->good++;
		host->consecutive_5xx = 0;
		host->consecutive_gateway = 0;
		return;
	}
	if (status < 502 || status > 504)
		host->consecutive_gateway = 0;
	else if (one_more(&host->consecutive_gateway, by->consecutive_gateway))
		eject(world, upstream, proxy, replica);
	if (one_more(&host->consecutive_5xx, by->consecutive_5xx))
		eject(world, upstream, proxy, replica);
}

/* ---- sweeps --------------------------------------------------------- */

static double rate_of(const struct tw_host *host)
{
	return 100 * (double)host->good / (double)host->all;
}

static bool counts(const struct tw_host *host, uint32_t volume)
{
	return !host->ejected && host->all && host->all >= volume;
}

/* Those whose rate of success lies below the mean by the factor of standard
 * deviations; nobody where there are too few to compare. */
static void by_success_rate(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_outlier *by = &upstream->model->outlier;
	const struct tw_world_pool *pool = members(world, upstream->model);
	double sum = 0, squares = 0, mean, least;
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool->n; i++) {
		const struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if (!counts(host, by->rate_volume))
			continue;
		sum += rate_of(host);
		n++;
	}
	if (!n || n < by->rate_hosts)
		return;
	mean = sum / n;
	for (uint32_t i = 0; i < pool->n; i++) {
		const struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if (counts(host, by->rate_volume))
			squares +=
				(rate_of(host) - mean) * (rate_of(host) - mean);
	}
	least = mean - by->stdev_factor * sqrt(squares / n);
	for (uint32_t i = 0; i < pool->n; i++) {
		const struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if (counts(host, by->rate_volume) && rate_of(host) < least)
			eject(world, upstream, proxy, pool->listed[i]);
	}
}

static void by_failures(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_outlier *by = &upstream->model->outlier;
	const struct tw_world_pool *pool = members(world, upstream->model);
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool->n; i++)
		n += counts(tw_proxy_host(upstream, proxy, pool->listed[i]),
			by->failure_volume);
	for (uint32_t i = 0; n >= by->failure_hosts && i < pool->n; i++) {
		const struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if (counts(host, by->failure_volume) &&
			100 - rate_of(host) >= 100 * by->failure_threshold)
			eject(world, upstream, proxy, pool->listed[i]);
	}
}

static void take_back_due(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_outlier *by = &upstream->model->outlier;
	const struct tw_world_pool *pool = members(world, upstream->model);

	for (uint32_t i = 0; i < pool->n; i++) {
		struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);
		tw_time span = (tw_time)host->times * by->base;

		if (host->ejected &&
			(span < by->max ? span : by->max) <=
				tw_world_now(world) - host->ejected_at)
			take_back(world, upstream->model, proxy, host,
				pool->listed[i]);
	}
}

/* Ends the interval for each; true where there is something to look at after
 * the next. */
static bool next_interval(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_outlier *by = &upstream->model->outlier;
	const struct tw_world_pool *pool = members(world, upstream->model);
	bool more = false;

	for (uint32_t i = 0; i < pool->n; i++) {
		struct tw_host *host =
			tw_proxy_host(upstream, proxy, pool->listed[i]);

		if (!host->ejected && host->was_ejected && host->times &&
			tw_world_now(world) - host->back_at >= by->interval)
			host->times--;
		more |= host->all || host->ejected || host->times;
		host->good = host->all = 0;
	}
	return more;
}

void tw_outlier_sweep(struct tw_world *world, uint32_t number, uint32_t place)
{
	const struct tw_world_upstream *upstream =
		&world->upstreams->list.v[number];
	struct tw_proxy *proxy = upstream->proxies[place];

	proxy->sweeping = false;
	tw_proxy_refresh(world, upstream, proxy);
	take_back_due(world, upstream, proxy);
	if (upstream->model->outlier.stdev_factor > 0)
		by_success_rate(world, upstream, proxy);
	if (upstream->model->outlier.failure_threshold > 0)
		by_failures(world, upstream, proxy);
	if (next_interval(world, upstream, proxy))
		arm(world, number, place, proxy);
}
