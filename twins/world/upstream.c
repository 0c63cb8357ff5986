#include "twins/world/upstream.h"

#include "twins/base/assert.h"

#include <stdio.h>

static struct tw_upstreams *upstreams(struct tw_world *world)
{
	if (!world->upstreams) {
		world->upstreams = tw_new(&world->arena, struct tw_upstreams);
		world->upstreams->free_ticket = TW_NONE;
		world->upstreams->free_connection = TW_NONE;
		tw_map_init(&world->upstreams->known, &world->arena);
		tw_map_init(&world->upstreams->buckets, &world->arena);
	}
	return world->upstreams;
}

/* The caller's replicas, from the first to the last of its pool. */
static void set_callers(
	const struct tw_model *model, struct tw_world_upstream *it)
{
	const struct tw_pool *pool;
	uint32_t last = 0;

	it->n = 1;
	if (it->model->caller == TW_NONE)
		return;
	pool = &model->pools[model->services[it->model->caller].pool];
	it->first = TW_NONE;
	for (uint32_t i = 0; i < pool->n_replicas; i++) {
		if (pool->replicas[i] < it->first)
			it->first = pool->replicas[i];
		if (pool->replicas[i] > last)
			last = pool->replicas[i];
	}
	if (it->first == TW_NONE)
		it->first = 0;
	else
		it->n = last - it->first + 1;
}

static void set_places(struct tw_world *world, struct tw_world_upstream *it)
{
	const struct tw_pool *pool = &world->model->pools[it->model->pool];
	uint32_t last = 0;

	it->first_host = TW_NONE;
	for (uint32_t i = 0; i < pool->n_replicas; i++) {
		if (pool->replicas[i] < it->first_host)
			it->first_host = pool->replicas[i];
		if (pool->replicas[i] > last)
			last = pool->replicas[i];
	}
	if (it->first_host == TW_NONE)
		return;
	it->places = tw_new_array(
		&world->arena, last - it->first_host + 1, uint32_t);
	for (uint32_t i = 0; i < pool->n_replicas; i++)
		it->places[pool->replicas[i] - it->first_host] = i;
}

static uint32_t find_or_add(
	struct tw_world *world, const struct tw_upstream *model)
{
	struct tw_upstreams *all = upstreams(world);
	struct tw_world_upstream it = {.model = model};
	char key[24];
	void *known;

	snprintf(key, sizeof key, "%llx", (unsigned long long)model->identity);
	known = tw_map_get(&all->known, key);
	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	set_callers(world->model, &it);
	if (model->per_host)
		set_places(world, &it);
	it.idle_lane =
		model->connections.on && model->connections.idle
			? tw_queue_lane(&world->queue, model->connections.idle,
				  TW_CLASS_TIMEOUT)
			: TW_NONE;
	it.proxies = tw_new_array(&world->arena, it.n, struct tw_proxy *);
	tw_vec_push(&all->list, it);
	tw_map_put(&all->known, key, (void *)(uintptr_t)all->list.n);
	return (uint32_t)all->list.n - 1;
}

uint32_t *tw_upstreams_of(
	struct tw_world *world, const struct tw_channel *channel)
{
	uint32_t *list = NULL;

	for (uint32_t t = 0; t < channel->n_targets; t++) {
		if (!channel->targets[t].upstream)
			continue;
		if (!list) {
			list = tw_new_array(
				&world->arena, channel->n_targets, uint32_t);
			for (uint32_t i = 0; i < channel->n_targets; i++)
				list[i] = TW_NONE;
		}
		list[t] = find_or_add(world, channel->targets[t].upstream);
	}
	return list;
}

void tw_upstreams_release(struct tw_world *world)
{
	if (!world->upstreams)
		return;
	tw_vec_release(&world->upstreams->list);
	tw_vec_release(&world->upstreams->tickets);
	tw_vec_release(&world->upstreams->connections);
}

struct tw_proxy *tw_proxy_of(
	struct tw_world *world, uint32_t upstream, uint32_t from)
{
	struct tw_world_upstream *it = &world->upstreams->list.v[upstream];
	uint32_t at =
		from == TW_NONE || from < it->first ? 0 : from - it->first;
	struct tw_proxy *proxy;

	if (at >= it->n)
		at = 0;
	proxy = it->proxies[at];
	if (proxy)
		return proxy;
	proxy = tw_new(&world->arena, struct tw_proxy);
	proxy->place = at;
	proxy->tokens = it->model->max_tokens;
	if (it->model->app_breaker.on) {
		const struct tw_app_breaker *by = &it->model->app_breaker;

		proxy->app_breaker =
			tw_new(&world->arena, struct tw_app_breaker_state);
		proxy->app_breaker->ring = tw_new_array(&world->arena,
			by->window > by->half_open ? by->window : by->half_open,
			uint8_t);
	}
	if (it->model->locality.on)
		proxy->shares = tw_new_array(&world->arena,
			TW_SHARES_MAX(world->model), struct tw_share);
	if (it->model->per_host) {
		uint32_t n = world->model->pools[it->model->pool].n_replicas;

		proxy->hosts = tw_new_array(&world->arena, n, struct tw_host);
		for (uint32_t i = 0; i < n; i++)
			proxy->hosts[i].ready = proxy->hosts[i].first =
				proxy->hosts[i].last = TW_NONE;
		proxy->usable = tw_new_array(&world->arena, n, uint32_t);
		proxy->stale = true;
	}
	it->proxies[at] = proxy;
	return proxy;
}

/* ---- tickets -------------------------------------------------------- */

uint32_t tw_ticket_new(struct tw_world *world)
{
	struct tw_upstreams *all = world->upstreams;
	uint32_t at = all->free_ticket;

	if (at != TW_NONE) {
		all->free_ticket = all->tickets.v[at].next;
	} else {
		at = (uint32_t)all->tickets.n;
		tw_vec_push(&all->tickets, (struct tw_ticket){0});
	}
	all->tickets.v[at] =
		(struct tw_ticket){.next = TW_NONE, .connection = TW_NONE};
	return at;
}

void tw_ticket_free(struct tw_world *world, uint32_t ticket)
{
	struct tw_ticket *it = tw_ticket_at(world, ticket);

	tw_assert(!it->active && !it->retrying && !it->waiting && !it->inside);
	it->next = world->upstreams->free_ticket;
	world->upstreams->free_ticket = ticket;
}
