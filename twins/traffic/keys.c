/* The keys that requests carry (twins/model/keys.h), in arrays beside those of
 * calls and tasks: who does not balance by a key has none of this. */
#include "twins/base/hash.h"
#include "twins/traffic/traffic.h"

#include <string.h>

static uint64_t *of_call(const struct tw_world *world, uint32_t call)
{
	return &world->call_keys[(size_t)call * world->model->keys.n];
}

static uint64_t *of_task(const struct tw_world *world, uint32_t task)
{
	return &world->task_keys[(size_t)task * world->model->keys.n];
}

static void copy(
	const struct tw_world *world, uint64_t *to, const uint64_t *from)
{
	memcpy(to, from, world->model->keys.n * sizeof *to);
}

/* The client of a call inside is the replica that calls, known by its name as
 * it would be by its address. */
static void set_source(struct tw_world *world, uint32_t call)
{
	const struct tw_key_source client = {TW_KEY_SOURCE, ""};
	uint32_t key = tw_key_number(&world->model->keys, client);
	uint32_t from = world->calls[call].from;
	const char *name;

	if (key == TW_KEYS_MAX || from == TW_NONE)
		return;
	name = world->model->replicas[from].key;
	of_call(world, call)[key] = tw_key_hash(name, strlen(name));
}

void tw_keys_of_step(
	struct tw_world *world, uint32_t call, uint32_t task, uint32_t step)
{
	const struct tw_key_carry *carry = &world->model->key_carry[step];
	const uint64_t *from = of_task(world, world->tasks[task].attempt);
	uint64_t *to = of_call(world, call);

	for (uint32_t i = 0; i < world->model->keys.n; i++)
		to[i] = carry->keep >> i & 1 ? from[i] : carry->set[i];
	set_source(world, call);
}

/* Copies that a fault makes are of users of their own. */
void tw_keys_of_arrival(struct tw_world *world, uint32_t call,
	const struct tw_arrival *arrival, uint32_t copies)
{
	uint64_t *to = of_call(world, call);

	for (uint32_t i = 0; i < world->model->keys.n; i++) {
		to[i] = arrival->keys ? arrival->keys[i] : 0;
		if (copies)
			to[i] = tw_hash_combine(arrival->key, copies) | 1;
	}
	set_source(world, call);
}

void tw_keys_of_task(struct tw_world *world, uint32_t task, uint32_t call)
{
	copy(world, of_task(world, task), of_call(world, call));
}

void tw_keys_of_mirror(struct tw_world *world, uint32_t call, uint32_t from)
{
	copy(world, of_call(world, call), of_call(world, from));
}

uint64_t tw_keys_get(
	const struct tw_world *world, const struct tw_call *call, uint32_t key)
{
	if (key >= world->model->keys.n)
		return 0;
	return of_call(world, (uint32_t)(call - world->calls))[key];
}
