/*
 * The replicas that a proxy may choose among: those that the directory lists,
 * without the ejected ones, or all in panic.
 */
#include "twins/traffic/balance.h"
#include "twins/traffic/traffic.h"
#include "twins/world/endpoints.h"

/* A replica that left the list is forgotten; if it comes back it is new. */
static void forget(
	struct tw_world *world, struct tw_proxy *proxy, struct tw_host *host)
{
	if (host->ejected)
		proxy->ejected--;
	host->ejected = host->was_ejected = false;
	host->consecutive_5xx = host->consecutive_gateway = 0;
	host->consecutive_local = host->good = host->all = host->times = 0;
	host->due = 0;
	tw_connections_close_idle(world, host);
}

/* Envoy, load_balancing/panic_threshold. */
static bool in_panic(const struct tw_outlier *by, uint32_t usable, uint32_t n)
{
	return (double)usable < by->panic * (double)n;
}

void tw_proxy_refresh(struct tw_world *world,
	const struct tw_world_upstream *upstream, struct tw_proxy *proxy)
{
	const struct tw_world_pool *pool = &world->pools[upstream->model->pool];
	const struct tw_pool *all = &world->model->pools[upstream->model->pool];

	if (proxy->version != pool->version) {
		for (uint32_t i = 0; i < all->n_replicas; i++)
			if (!world->replicas[all->replicas[i]].listed)
				forget(world, proxy, &proxy->hosts[i]);
		proxy->version = pool->version;
		proxy->stale = true;
	}
	if (!proxy->stale)
		return;
	proxy->stale = false;
	proxy->refreshed++;
	if (upstream->model->locality.on) {
		tw_locality_refresh(world, upstream, proxy);
		return;
	}
	proxy->n_usable = 0;
	for (uint32_t i = 0; i < pool->n; i++)
		if (!tw_proxy_host(upstream, proxy, pool->listed[i])->ejected)
			proxy->usable[proxy->n_usable++] = pool->listed[i];
	if (!in_panic(&upstream->model->outlier, proxy->n_usable, pool->n))
		return;
	for (uint32_t i = 0; i < pool->n; i++)
		proxy->usable[i] = pool->listed[i];
	proxy->n_usable = pool->n;
}

/* Of a Service's own balancing: the endpoints of the caller's node. */
static void as_kube_proxy(struct tw_world *world, struct tw_choice *how)
{
	uint32_t pool = how->upstream->model->pool;
	const struct tw_world_pool *seen = &world->pools[pool];

	if (!seen->views)
		return;
	seen = tw_endpoints_for(world, pool, how->proxy->from, how->key);
	how->replicas = seen->listed;
	how->n = seen->n;
}

uint32_t tw_proxy_choose(struct tw_world *world, struct tw_choice *how)
{
	const struct tw_world_upstream *upstream = how->upstream;
	const struct tw_balancing *by = &upstream->model->balancing;
	struct tw_proxy *proxy = how->proxy;
	uint32_t replica;

	if (proxy->hosts) {
		tw_proxy_refresh(world, upstream, proxy);
		how->replicas = proxy->usable;
		how->n = proxy->n_usable;
	} else {
		how->replicas = world->pools[upstream->model->pool].listed;
		how->n = world->pools[upstream->model->pool].n;
	}
	if (by->kube_proxy && !proxy->shares && !proxy->ejected)
		as_kube_proxy(world, how);
	if (by->sessions && how->n && !how->again) {
		replica = tw_session_find(how);
		if (replica != TW_NONE)
			return replica;
	}
	if (how->n && proxy->shares)
		tw_locality_choose(how);
	if (!how->n)
		return TW_NONE;
	replica = tw_balance_pick((enum tw_balancer)by->balancer, how);
	if (by->sessions)
		tw_session_keep(how, replica);
	return replica;
}
