/*
 * Which differences the runs can have seen: a field of a service that no
 * request reached, on either side, was modelled in vain.
 */
#include "harness/commands/gate/gate.h"

void tw_gate_note_reached(
	struct tw_gate *gate, const struct tw_observation *seen)
{
	struct tw_map *reached = &gate->reached;

	if (!reached->arena)
		tw_map_init(reached, &gate->arena);
	for (size_t i = 0; i < seen->cells.n; i++) {
		const struct tw_cell *cell = &seen->cells.v[i];

		if (cell->count && !tw_map_get(reached, cell->key.service))
			tw_map_put(reached, cell->key.service, gate);
	}
}

static bool is_reached(void *to, const char *service)
{
	struct tw_gate *gate = to;

	return tw_map_get(&gate->reached, service) != NULL;
}

/* Whether the path of a model's field leads through this service. */
static bool is_of(const char *path, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(path, "services.", 9) && !strncmp(path + 9, key, n) &&
	       path[9 + n] == '.';
}

static bool service_is_reached(
	struct tw_gate *gate, const struct tw_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->services.n; i++)
		if (is_of(path, spec->services.v[i].key))
			return is_reached(gate, spec->services.v[i].key);
	return true;
}

bool tw_gate_is_reached(struct tw_gate *gate, const char *id)
{
	const struct tw_system *sides[2] = {&gate->baseline, &gate->candidate};

	for (int i = 0; i < 2; i++) {
		const struct tw_object *object =
			tw_map_get(&sides[i]->manifests->by_id, id);

		if (object && tw_manifests_is_reached(
				      object, sides[i]->spec, is_reached, gate))
			return true;
	}
	return false;
}

void tw_gate_drop_unreached(struct tw_gate *gate)
{
	for (size_t i = 0; i < gate->differences.n; i++) {
		struct tw_difference *it = &gate->differences.v[i];
		const struct tw_object *object = gate->objects.v[i];
		bool reached;

		if (!it->modelled)
			continue;
		if (object)
			reached = tw_gate_is_reached(gate, object->id);
		else
			reached = service_is_reached(gate,
				it->after ? gate->candidate.spec
					  : gate->baseline.spec,
				it->path);
		it->unreached = !reached;
		it->modelled = reached;
	}
}
