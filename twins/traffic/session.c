/*
 * Sessions: who was sent to a replica is sent there again. Kubernetes'
 * sessionAffinity (kube-proxy, iptables mode: the `recent` match, whose time
 * each packet sets anew) and the cookies of ingress controllers. They live in
 * the proxy, and so for as long as a run; those that are over are forgotten
 * when they are asked for.
 */
#include "twins/base/hash.h"
#include "twins/traffic/balance.h"
#include "twins/traffic/traffic.h"

#define FIRST_SLOTS 64

/* That of the key, or the free one where it belongs. */
static struct tw_session *slot_of(const struct tw_sessions *all, uint64_t key)
{
	uint64_t at = tw_hash_mix(key);

	while (all->slots[at & (all->cap - 1)].key &&
		all->slots[at & (all->cap - 1)].key != key)
		at++;
	return &all->slots[at & (all->cap - 1)];
}

static void grow(struct tw_world *world, struct tw_sessions *all)
{
	struct tw_sessions old = *all;

	all->cap = old.cap ? 2 * old.cap : FIRST_SLOTS;
	all->slots = tw_new_array(&world->arena, all->cap, struct tw_session);
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*slot_of(all, old.slots[i].key) = old.slots[i];
}

static bool is_to_choose(const struct tw_choice *choice, uint32_t replica)
{
	for (uint32_t i = 0; i < choice->n; i++)
		if (choice->replicas[i] == replica)
			return true;
	return false;
}

uint32_t tw_session_find(const struct tw_choice *choice)
{
	const struct tw_balancing *by = &choice->upstream->model->balancing;
	const struct tw_sessions *all = choice->proxy->sessions;
	tw_time now = tw_world_now(choice->world);
	struct tw_session *it;

	if (!choice->hash || !all)
		return TW_NONE;
	it = slot_of(all, choice->hash);
	if (!it->key || (by->session && now - it->last >= by->session) ||
		!is_to_choose(choice, it->replica))
		return TW_NONE;
	it->last = now;
	return it->replica;
}

void tw_session_keep(const struct tw_choice *choice, uint32_t replica)
{
	struct tw_proxy *proxy = choice->proxy;
	struct tw_session *it;

	if (!choice->hash)
		return;
	if (!proxy->sessions)
		proxy->sessions =
			tw_new(&choice->world->arena, struct tw_sessions);
	if (2 * proxy->sessions->n >= proxy->sessions->cap)
		grow(choice->world, proxy->sessions);
	it = slot_of(proxy->sessions, choice->hash);
	proxy->sessions->n += !it->key;
	*it = (struct tw_session){
		choice->hash, replica, tw_world_now(choice->world)};
}
