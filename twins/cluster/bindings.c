#include "twins/cluster/bindings.h"

#include <stdlib.h>
#include <string.h>

#define OLD_ZONE   "failure-domain.beta.kubernetes.io/zone"
#define OLD_REGION "failure-domain.beta.kubernetes.io/region"

static const struct tw_storage *storage_of(const struct tw_model *model)
{
	return &model->storage;
}

/* ---- volumes that are there ------------------------------------------ */

static bool is_taken(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t volume)
{
	const struct tw_storage *storage = storage_of(model);

	for (uint32_t c = 0; c < storage->n_claims; c++)
		if (bindings[c].bound && bindings[c].volume == volume)
			return true;
	return storage->taken && storage->taken[volume];
}

static bool is_reached(
	const struct tw_volume *volume, const struct tw_node_spec *node)
{
	return !node || !volume->spec->affinity.is_required ||
	       tw_node_affinity_fits(&volume->spec->affinity, node);
}

static bool would_do(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim,
	uint32_t volume, const struct tw_node_spec *node)
{
	const struct tw_claim *it = &storage_of(model)->claims[claim];
	const struct tw_volume *v = &storage_of(model)->volumes[volume];
	unsigned modes = (unsigned)tw_int_or(v->spec->modes, 0);

	if (v->spec->claim.v && it->volume != volume)
		return false;
	return v->class == it->class &&
	       tw_int_or(v->spec->capacity, 0) >= it->size &&
	       (it->modes & ~modes) == 0 && is_reached(v, node) &&
	       !is_taken(model, bindings, volume);
}

/* The smallest; TW_NONE: there is none. node NULL: from anywhere. */
static uint32_t find_volume(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim,
	const struct tw_node_spec *node)
{
	const struct tw_storage *storage = storage_of(model);
	uint32_t own = storage->claims[claim].volume, best = TW_NONE;
	int64_t least = INT64_MAX;

	if (own != TW_NONE)
		return would_do(model, bindings, claim, own, node) ? own
								   : TW_NONE;
	for (uint32_t v = 0; v < storage->n_volumes; v++) {
		int64_t size = tw_int_or(storage->volumes[v].spec->capacity, 0);

		if (size >= least || !would_do(model, bindings, claim, v, node))
			continue;
		best = v;
		least = size;
	}
	return best;
}

/* ---- Immediate -------------------------------------------------------- */

/* FNV-1, 32 bits. */
static uint32_t fnv(const char *p, size_t n)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < n; i++)
		hash = (hash * 16777619U) ^ (uint8_t)p[i];
	return hash;
}

/* getPVCNameHashAndIndexOffset: "data-zk-2" is the hash of "zk", and 2. */
static uint32_t turn_of(const char *name)
{
	const char *dash = strrchr(name, '-'), *base = name;
	uint32_t index = 0;
	size_t n = strlen(name);

	if (dash && dash[1] &&
		strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
		index = (uint32_t)strtoul(dash + 1, NULL, 10);
		n = (size_t)(dash - name);
		for (size_t i = 0; i < n; i++)
			if (name[i] == '-')
				base = name + i + 1;
		n -= (size_t)(base - name);
	}
	return fnv(base, n) + index;
}

static bool may_be_made(
	const struct tw_storage_class *class, const struct tw_node_spec *node)
{
	for (size_t i = 0; class->only && i < class->only->n; i++)
		if (tw_node_term_fits(&class->only->v[i], node))
			return true;
	return !class->only;
}

/* A node of the zone that the claim's name picks; TW_NONE: none is allowed. */
static uint32_t pick_node(const struct tw_model *model, uint32_t claim)
{
	const struct tw_claim *it = &storage_of(model)->claims[claim];
	const struct tw_storage_class *class =
		&storage_of(model)->classes[it->class];
	uint32_t *firsts = tw_calloc(model->n_zones + 1, sizeof *firsts);
	uint32_t n = 0, found = TW_NONE;
	const char *slash = strchr(it->name, '/');

	for (uint32_t node = 0; node < model->n_nodes; node++) {
		const char *zone = model->zones[model->nodes[node].zone];
		uint32_t at = 0;

		if (!may_be_made(class, model->nodes[node].spec))
			continue;
		while (at < n &&
			strcmp(model->zones[model->nodes[firsts[at]].zone],
				zone) < 0)
			at++;
		if (at < n && model->nodes[firsts[at]].zone ==
				      model->nodes[node].zone)
			continue;
		memmove(firsts + at + 1, firsts + at,
			(n - at) * sizeof *firsts);
		firsts[at] = node;
		n++;
	}
	if (n)
		found = firsts[turn_of(slash ? slash + 1 : it->name) % n];
	tw_free(firsts);
	return found;
}

static void make(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t claim, uint32_t node)
{
	const struct tw_storage *storage = storage_of(model);
	uint8_t reach = storage->classes[storage->claims[claim].class].reach;

	bindings[claim] = (struct tw_claim_binding){.bound = true,
		.reach = reach,
		.volume = TW_NONE,
		.at = reach == TW_FROM_ZONE ? model->nodes[node].zone : node};
}

static void bind(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t claim,
	const struct tw_node_spec *spec, uint32_t node)
{
	const struct tw_storage *storage = storage_of(model);
	uint32_t volume = find_volume(model, bindings, claim, spec);

	if (volume != TW_NONE)
		bindings[claim] = (struct tw_claim_binding){
			.bound = true, .volume = volume};
	else if (storage->classes[storage->claims[claim].class].provisions &&
		 storage->claims[claim].volume == TW_NONE && node != TW_NONE)
		make(model, bindings, claim, node);
}

struct tw_claim_binding *tw_bindings_new(
	const struct tw_model *model, struct tw_arena *arena)
{
	const struct tw_storage *storage = storage_of(model);
	struct tw_claim_binding *all;

	if (!storage->n_claims)
		return NULL;
	all = tw_new_array(arena, storage->n_claims, struct tw_claim_binding);
	for (uint32_t c = 0; c < storage->n_claims; c++)
		all[c].volume = TW_NONE;
	return all;
}

static void bind_immediate(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t claim)
{
	const struct tw_storage *storage = storage_of(model);
	const struct tw_claim *it = &storage->claims[claim];

	if (!bindings[claim].bound && it->declared &&
		!storage->classes[it->class].waits)
		bind(model, bindings, claim, NULL, pick_node(model, claim));
}

void tw_bindings_bind_immediate(
	const struct tw_model *model, struct tw_claim_binding *bindings)
{
	const struct tw_storage *storage = storage_of(model);

	for (uint32_t c = 0; c < storage->n_claims; c++)
		if (!storage->claims[c].ephemeral)
			bind_immediate(model, bindings, c);
}

void tw_bindings_begin(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica)
{
	const struct tw_storage *storage = storage_of(model);

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++)
		if (storage->claims[storage->list[i]].ephemeral)
			bind_immediate(model, bindings, storage->list[i]);
}

void tw_bindings_end(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica)
{
	const struct tw_storage *storage = storage_of(model);

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++)
		if (storage->claims[storage->list[i]].ephemeral)
			bindings[storage->list[i]] =
				(struct tw_claim_binding){.volume = TW_NONE};
}

void tw_bindings_bind(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica, uint32_t node)
{
	const struct tw_storage *storage = storage_of(model);

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++) {
		uint32_t claim = storage->list[i];

		if (!bindings[claim].bound && storage->claims[claim].declared)
			bind(model, bindings, claim, model->nodes[node].spec,
				node);
	}
}

bool tw_claim_is_exclusive(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim)
{
	const struct tw_storage *storage = storage_of(model);
	const struct tw_claim *it = &storage->claims[claim];
	uint32_t v = bindings[claim].volume;

	if (v != TW_NONE && storage->volumes[v].spec->local)
		return false;
	return it->declared && storage->classes[it->class].attached &&
	       !(it->modes & (TW_ACCESS_RWX | TW_ACCESS_ROX));
}

const char *tw_binding_volume(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim)
{
	uint32_t volume = bindings[claim].volume;

	return volume == TW_NONE ? storage_of(model)->claims[claim].shown
				 : storage_of(model)->volumes[volume].name;
}

const char *tw_binding_at(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim)
{
	const struct tw_claim_binding *it = &bindings[claim];

	if (!it->bound)
		return "";
	if (it->volume != TW_NONE)
		return storage_of(model)->volumes[it->volume].name;
	if (it->reach == TW_FROM_ANYWHERE)
		return "anywhere";
	if (it->at == TW_NONE)
		return "nowhere";
	return it->reach == TW_FROM_ZONE ? model->zones[it->at]
					 : model->nodes[it->at].name;
}

/* ---- what is asked of a node ------------------------------------------ */

static const struct tw_sched_reason fine = {TW_SCHED_OK, NULL};

/* Whether a volume that was made is within reach. */
static bool is_near(const struct tw_model *model,
	const struct tw_claim_binding *binding, uint32_t node)
{
	switch ((enum tw_reach_of)binding->reach) {
	case TW_FROM_ZONE:
		return model->nodes[node].zone == binding->at;
	case TW_FROM_NODE:
		return node == binding->at;
	case TW_FROM_ANYWHERE:
		break;
	}
	return true;
}

static struct tw_sched_reason filter_binding(
	const struct tw_pod_volumes *it, uint32_t node)
{
	const struct tw_storage *storage = storage_of(it->model);
	const struct tw_node_spec *spec = it->model->nodes[node].spec;
	bool found = true;

	for (uint32_t i = 0; i < it->n; i++) {
		uint32_t c = it->claims[i];
		const struct tw_claim_binding *binding = &it->bindings[c];
		const struct tw_storage_class *class =
			&storage->classes[storage->claims[c].class];

		if (!storage->claims[c].declared)
			continue;
		if (!binding->bound)
			found &= find_volume(it->model, it->bindings, c,
					 spec) != TW_NONE ||
				 (class->provisions &&
					 storage->claims[c].volume == TW_NONE &&
					 may_be_made(class, spec));
		else if (binding->volume == TW_NONE
				 ? !is_near(it->model, binding, node)
				 : !is_reached(
					   &storage->volumes[binding->volume],
					   spec))
			return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
				"node(s) had volume node affinity conflict"};
	}
	if (!found)
		return (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE,
			"node(s) didn't find available persistent volumes to "
			"bind"};
	return fine;
}

bool tw_pod_volumes_reach(const struct tw_pod_volumes *it, uint32_t node)
{
	return filter_binding(it, node).status == TW_SCHED_OK;
}

/* One of several: "a__b" (volume/helpers, LabelZonesToSet). */
static bool is_among(const char *list, const char *value)
{
	size_t n = strlen(value);

	for (const char *at = list; at; at = strstr(at, "__")) {
		if (at != list)
			at += 2;
		if (!strncmp(at, value, n) &&
			(!at[n] || !strncmp(at + n, "__", 2)))
			return true;
	}
	return false;
}

static bool same_zone(const struct tw_labels *volume,
	const struct tw_labels *node, const char *key)
{
	const char *wanted = tw_label_value(volume, key);
	const char *has = tw_label_value(node, key);

	return !wanted || (has && is_among(wanted, has));
}

static struct tw_sched_reason filter_zone(
	const struct tw_pod_volumes *it, uint32_t node)
{
	static const char *const keys[] = {
		TW_NODE_ZONE, TW_NODE_REGION, OLD_ZONE, OLD_REGION};
	const struct tw_labels *labels = &it->model->nodes[node].spec->labels;

	for (uint32_t i = 0; i < it->n; i++) {
		uint32_t v = it->bindings[it->claims[i]].volume;

		if (!it->bindings[it->claims[i]].bound || v == TW_NONE)
			continue;
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			if (!same_zone(&storage_of(it->model)
						->volumes[v]
						.spec->labels,
				    labels, keys[k]))
				return (struct tw_sched_reason){
					TW_SCHED_UNRESOLVABLE,
					"node(s) had no available volume zone"};
	}
	return fine;
}

static struct tw_sched_reason filter_restrictions(
	const struct tw_pod_volumes *it)
{
	for (uint32_t i = 0; it->in_use && i < it->n; i++) {
		uint32_t c = it->claims[i];

		if (storage_of(it->model)->claims[c].modes == TW_ACCESS_RWOP &&
			it->in_use(it->context, c))
			return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
				"node has pod using PersistentVolumeClaim with "
				"the same name and ReadWriteOncePod access "
				"mode"};
	}
	return fine;
}

static struct tw_sched_reason filter_limits(
	const struct tw_pod_volumes *it, uint32_t node)
{
	const struct tw_storage *storage = storage_of(it->model);
	uint32_t limit = 0, wanted = 0;

	for (uint32_t i = 0; i < it->n; i++) {
		const struct tw_storage_class *class =
			&storage->classes[storage->claims[it->claims[i]].class];

		if (!class->attached || !class->limit ||
			(it->is_on &&
				it->is_on(it->context, it->claims[i], node)))
			continue;
		wanted++;
		if (!limit || class->limit < limit)
			limit = class->limit;
	}
	if (limit && it->attached &&
		it->attached(it->context, node) + wanted > limit)
		return (struct tw_sched_reason){TW_SCHED_UNSCHEDULABLE,
			"node(s) exceed max volume count"};
	return fine;
}

static struct tw_sched_reason filter(const struct tw_sched_volumes *view,
	enum tw_sched_volume_plugin plugin, uint32_t node)
{
	const struct tw_pod_volumes *it = (const struct tw_pod_volumes *)view;

	switch (plugin) {
	case TW_VOLUME_RESTRICTIONS:
		return filter_restrictions(it);
	case TW_VOLUME_LIMITS:
		return filter_limits(it, node);
	case TW_VOLUME_BINDING:
		return filter_binding(it, node);
	case TW_VOLUME_ZONE:
		return filter_zone(it, node);
	}
	return fine;
}

bool tw_pod_volumes_see(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t replica,
	struct tw_pod_volumes *to)
{
	const struct tw_storage *storage = storage_of(model);

	if (!bindings || storage->first[replica] == storage->first[replica + 1])
		return false;
	*to = (struct tw_pod_volumes){.view = {.filter = filter},
		.model = model,
		.bindings = bindings,
		.claims = storage->list + storage->first[replica],
		.n = storage->first[replica + 1] - storage->first[replica]};
	for (uint32_t i = 0; i < to->n; i++) {
		const struct tw_claim *it = &storage->claims[to->claims[i]];

		if (it->declared && !bindings[to->claims[i]].bound &&
			!storage->classes[it->class].waits)
			to->view.unbound = "pod has unbound immediate "
					   "PersistentVolumeClaims";
	}
	return true;
}
