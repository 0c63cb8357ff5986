/* The fields of classes, volumes and claims. */
#include "twins/model/spec_walk.h"

void tw_walk_claim(struct tw_walk *walk, struct tw_spec_claim *claim)
{
	static const struct tw_field fields[] = {
		TW_FIELD(tw_spec_claim, class, TEXT),
		TW_FIELD(tw_spec_claim, size, INT),
		TW_FIELD(tw_spec_claim, modes, INT),
		TW_FIELD(tw_spec_claim, volume, TEXT),
		TW_FIELD_END,
	};
	size_t mark = tw_walk_enter(walk, "claims.%s", claim->name);

	tw_walk_fields(walk, fields, claim);
	tw_walk_leave(walk, mark);
}

static void walk_class(struct tw_walk *walk, struct tw_spec_class *class)
{
	static const struct tw_field fields[] = {
		TW_FIELD(tw_spec_class, provisioner, TEXT),
		TW_FIELD(tw_spec_class, binding, TEXT),
		TW_FIELD(tw_spec_class, is_default, INT),
		TW_FIELD_END,
	};
	size_t mark = tw_walk_enter(walk, "classes.%s", class->name);

	tw_walk_fields(walk, fields, class);
	tw_walk_leave(walk, mark);
}

static void walk_volume(struct tw_walk *walk, struct tw_spec_volume *volume)
{
	static const struct tw_field fields[] = {
		TW_FIELD(tw_spec_volume, class, TEXT),
		TW_FIELD(tw_spec_volume, capacity, INT),
		TW_FIELD(tw_spec_volume, modes, INT),
		TW_FIELD(tw_spec_volume, claim, TEXT),
		TW_FIELD_END,
	};
	size_t mark = tw_walk_enter(walk, "volumes.%s", volume->name);

	tw_walk_fields(walk, fields, volume);
	tw_walk_leave(walk, mark);
}

void tw_walk_volumes(struct tw_walk *walk, struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->classes.n; i++)
		walk_class(walk, spec->classes.v[i]);
	for (size_t i = 0; i < spec->volumes.n; i++)
		walk_volume(walk, spec->volumes.v[i]);
	for (size_t i = 0; i < spec->claims.n; i++)
		tw_walk_claim(walk, spec->claims.v[i]);
}
