#include "harness/capture/slots.h"

#include "harness/capture/templates.h"

struct tw_slot_templates {
	const char *service; /* NULL: no service is known */
	struct tw_templates *templates;
	struct tw_map slots; /* struct inferred_key -> slot */
};

struct inferred_key {
	tw_traits traits;
	uint64_t provisional;
};

struct named_key {
	const void *endpoint; /* of a spec */
	tw_traits traits;
};

void tw_slots_init(struct tw_slots *slots, struct tw_arena *arena)
{
	*slots = (struct tw_slots){.arena = arena};
	tw_map_init(&slots->by_pointer, arena);
	tw_map_init(&slots->by_name, arena);
	tw_map_init(&slots->inferred_by_pointer, arena);
	tw_map_init(&slots->inferred_by_name, arena);
}

void tw_slots_release(struct tw_slots *slots)
{
	for (size_t i = 0; i < slots->inferred_by_name.n; i++) {
		struct tw_slot_templates *inferred =
			slots->inferred_by_name.v[i].value;

		tw_templates_free(inferred->templates);
	}
	tw_vec_release(&slots->all);
}

static uint32_t new_slot(struct tw_slots *slots, struct tw_slot slot)
{
	tw_vec_push(&slots->all, slot);
	return (uint32_t)(slots->all.n - 1);
}

/* By its text: the same for both sides. */
static uint32_t slot_of_name(struct tw_slots *slots, const struct tw_slot *it)
{
	const char *name =
		tw_arena_printf(slots->arena, "%s\n%s\n%llx %d", it->service,
			it->name, (unsigned long long)it->traits, it->respond);
	void *known = tw_map_get(&slots->by_name, name);
	uint32_t at;

	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	at = new_slot(slots,
		(struct tw_slot){
			.service = tw_arena_strdup(slots->arena, it->service),
			.name = tw_arena_strdup(slots->arena, it->name),
			.traits = it->traits,
			.respond = it->respond,
		});
	tw_map_put(&slots->by_name, name, tw_slot_from_index(at));
	return at;
}

uint32_t tw_slots_named(struct tw_slots *slots, const struct tw_routed *routed)
{
	const struct named_key key = {routed->endpoint, routed->traits};
	void *known = tw_map_get_n(
		&slots->by_pointer, (const char *)&key, sizeof key);
	uint32_t slot;

	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	slot = slot_of_name(
		slots, &(struct tw_slot){.service = routed->service->key,
			       .name = routed->endpoint->name,
			       .traits = routed->traits});
	tw_map_put_n(&slots->by_pointer, (const char *)&key, sizeof key,
		tw_slot_from_index(slot));
	return slot;
}

uint32_t tw_slots_answered(
	struct tw_slots *slots, const struct tw_routed *routed)
{
	return slot_of_name(slots, &(struct tw_slot){.service = TW_SPOOL_WAY_IN,
					   .name = routed->path,
					   .respond = routed->respond});
}

static struct tw_slot_templates *inferred_of(
	struct tw_slots *slots, const struct tw_spec_service *service)
{
	struct tw_slot_templates *inferred =
		tw_map_get_n(&slots->inferred_by_pointer,
			(const char *)&service, sizeof service);

	if (inferred)
		return inferred;
	inferred = tw_map_get(
		&slots->inferred_by_name, service ? service->key : "");
	if (!inferred) {
		inferred = tw_new(slots->arena, struct tw_slot_templates);
		inferred->templates = tw_templates_new();
		tw_map_init(&inferred->slots, slots->arena);
		if (service)
			inferred->service =
				tw_arena_strdup(slots->arena, service->key);
		tw_map_put(&slots->inferred_by_name,
			service ? service->key : "", inferred);
	}
	tw_map_put_n(&slots->inferred_by_pointer, (const char *)&service,
		sizeof service, inferred);
	return inferred;
}

uint32_t tw_slots_inferred(struct tw_slots *slots,
	const struct tw_routed *routed, const struct twinrig_exchange *exchange)
{
	struct tw_slot_templates *inferred =
		inferred_of(slots, routed->service);
	uint32_t number = tw_templates_add(inferred->templates,
		tw_plugin_text(exchange->method),
		tw_plugin_text(exchange->target));
	const struct inferred_key key = {routed->traits, number};
	void *known =
		tw_map_get_n(&inferred->slots, (const char *)&key, sizeof key);
	uint32_t slot;

	if (known)
		return (uint32_t)((uintptr_t)known - 1);
	slot = new_slot(slots, (struct tw_slot){.service = inferred->service,
				       .inferred = inferred,
				       .provisional = number,
				       .traits = routed->traits});
	tw_map_put_n(&inferred->slots, (const char *)&key, sizeof key,
		tw_slot_from_index(slot));
	return slot;
}

static void settle_slot(struct tw_slots *slots,
	struct tw_spool_endpoints *endpoints, struct tw_map *known,
	struct tw_slot *slot)
{
	const char *name = slot->name;
	struct tw_spool_endpoint *endpoint;
	const char *key;
	void *at;

	if (!name)
		name = tw_templates_name(slot->inferred->templates,
			tw_templates_final(
				slot->inferred->templates, slot->provisional));
	key = tw_arena_printf(slots->arena, "%s\n%s\n%llx %d",
		slot->service ? slot->service : "", name,
		(unsigned long long)slot->traits, slot->respond);
	at = tw_map_get(known, key);
	if (at) {
		slot->endpoint = (uint32_t)((uintptr_t)at - 1);
	} else {
		slot->endpoint = (uint32_t)endpoints->n;
		tw_map_put(known, key, tw_slot_from_index(slot->endpoint));
		tw_vec_push(endpoints,
			(struct tw_spool_endpoint){.service = slot->service,
				.endpoint = name,
				.inferred = slot->inferred != NULL,
				.traits = slot->traits,
				.respond = slot->respond});
	}
	endpoint = &endpoints->v[slot->endpoint];
	for (int side = 0; side < TW_SPOOL_SIDES; side++)
		endpoint->requests[side] += slot->requests[side];
	endpoint->request_bytes.sum += slot->request_bytes.sum;
	endpoint->request_bytes.n += slot->request_bytes.n;
	endpoint->answer_bytes.sum += slot->answer_bytes.sum;
	endpoint->answer_bytes.n += slot->answer_bytes.n;
}

void tw_slots_settle(
	struct tw_slots *slots, struct tw_spool_endpoints *endpoints)
{
	struct tw_map known;

	for (size_t i = 0; i < slots->inferred_by_name.n; i++) {
		struct tw_slot_templates *inferred =
			slots->inferred_by_name.v[i].value;

		tw_templates_finish(inferred->templates);
	}
	tw_map_init(&known, NULL);
	for (size_t i = 0; i < slots->all.n; i++)
		settle_slot(slots, endpoints, &known, &slots->all.v[i]);
	tw_map_release(&known);
}
