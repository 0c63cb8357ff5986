/* Claims that were bound before: those of the system that another one follows.
 */
#include "twins/base/map.h"
#include "twins/cluster/bindings.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Nobody can give a claim another class, or a class another provisioner: such
 * a one was deleted and made again. */
static bool same_class(const struct tw_model *a, uint32_t claim,
	const struct tw_model *b, uint32_t other)
{
	const struct tw_storage_class *x =
		&a->storage.classes[a->storage.claims[claim].class];
	const struct tw_storage_class *y =
		&b->storage.classes[b->storage.claims[other].class];

	return !strcmp(x->name, y->name) &&
	       same_text(x->provisioner, y->provisioner) &&
	       x->reach == y->reach;
}

static uint32_t zone_named(const struct tw_model *model, const char *name)
{
	for (uint32_t z = 0; z < model->n_zones; z++)
		if (!strcmp(model->zones[z], name))
			return z;
	return TW_NONE;
}

static uint32_t volume_named(const struct tw_storage *storage, const char *name)
{
	for (uint32_t v = 0; v < storage->n_volumes; v++)
		if (!strcmp(storage->volumes[v].name, name))
			return v;
	return TW_NONE;
}

/* Its `at` in the other system. */
static uint32_t place_of(const struct tw_model *model,
	const struct tw_model *before, const struct tw_claim_binding *was,
	const struct tw_map *nodes)
{
	switch ((enum tw_reach_of)was->reach) {
	case TW_FROM_ZONE:
		return zone_named(model, before->zones[was->at]);
	case TW_FROM_NODE:
		/* 0 becomes TW_NONE. */
		return (uint32_t)(uintptr_t)tw_map_get(
			       nodes, before->nodes[was->at].name) -
		       1;
	case TW_FROM_ANYWHERE:
		break;
	}
	return TW_NONE;
}

static void carry(const struct tw_model *model, struct tw_claim_binding *to,
	const struct tw_model *before, const struct tw_claim_binding *was,
	const struct tw_map *nodes)
{
	if (was->volume == TW_NONE) {
		*to = *was;
		if (was->at != TW_NONE)
			to->at = place_of(model, before, was, nodes);
		return;
	}
	to->volume = volume_named(
		&model->storage, before->storage.volumes[was->volume].name);
	to->bound = to->volume != TW_NONE;
}

/* What a claim had that is here no more. */
static void keep_for(struct tw_storage *storage, const char *volume)
{
	uint32_t v = volume_named(storage, volume);

	if (v != TW_NONE)
		storage->taken[v] = true;
}

void tw_bindings_carry(struct tw_model *model,
	struct tw_claim_binding *bindings, const struct tw_model *before,
	const struct tw_map *nodes)
{
	struct tw_storage *storage = &model->storage;
	const struct tw_storage *had = &before->storage;
	struct tw_map claims;

	if (!bindings || !had->bindings)
		return;
	storage->taken =
		tw_new_array(&model->arena, storage->n_volumes + 1, bool);
	tw_map_init(&claims, NULL);
	for (uint32_t c = 0; c < storage->n_claims; c++)
		tw_map_put(&claims, storage->claims[c].name,
			(void *)(uintptr_t)(c + 1));
	for (uint32_t c = 0; c < had->n_claims; c++) {
		const struct tw_claim_binding *was = &had->bindings[c];
		uintptr_t at =
			(uintptr_t)tw_map_get(&claims, had->claims[c].name);

		if (!was->bound)
			continue;
		if (had->claims[c].ephemeral)
			continue; /* of a pod, and bound where it stands */
		if (at && storage->claims[at - 1].declared &&
			same_class(model, (uint32_t)at - 1, before, c))
			carry(model, &bindings[at - 1], before, was, nodes);
		else if (was->volume != TW_NONE)
			keep_for(storage, had->volumes[was->volume].name);
	}
	tw_map_release(&claims);
}
