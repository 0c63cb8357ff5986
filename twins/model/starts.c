/*
 * What has to be ready before a service's processes start (`starts-after`), and
 * how long it takes where the data comes from a backup (`restore`).
 */
#include "twins/base/memory.h"
#include "twins/model/build.h"

#include <string.h>

static void resolve(struct build *b, const struct tw_text *name,
	const struct tw_spec_service *from, uint32_t *to, uint32_t *n)
{
	const struct tw_spec_service *service =
		tw_spec_find_service(b->spec, from->namespace, name->v);
	uint32_t found;

	if (!service)
		service = tw_spec_find_service(b->spec, NULL, name->v);
	found = service ? build_find_service(b, service) : TW_NONE;
	if (found == TW_NONE || service == from) {
		tw_diag(b->diags, TW_ERROR, build_pos(name->origin),
			service ? "starts-after: '%s' would wait for itself"
				: "starts-after: there is no service '%s'",
			name->v);
		return;
	}
	to[(*n)++] = found;
}

/* Marks all that `at` waits for, by others too. */
static void mark(const struct tw_model *model, uint32_t at, bool *seen)
{
	const struct tw_service *it = &model->services[at];

	for (uint32_t i = 0; i < it->n_after; i++) {
		if (seen[it->after[i]])
			continue;
		seen[it->after[i]] = true;
		mark(model, it->after[i], seen);
	}
}

static bool is_circle(struct build *b, uint32_t service)
{
	bool *seen = tw_calloc(b->model->n_services, sizeof *seen);
	bool itself;

	mark(b->model, service, seen);
	itself = seen[service];
	tw_free(seen);
	return itself;
}

void build_starts(struct build *b)
{
	for (uint32_t s = 0; s < b->model->n_services; s++) {
		const struct tw_spec_service *from = b->services[s].spec;
		struct tw_service *to = &b->model->services[s];
		uint32_t *after;

		if (from->restore.origin)
			to->restore = &from->restore.v;
		if (!from->starts_after.n)
			continue;
		after = tw_new_array(
			&b->model->arena, from->starts_after.n, uint32_t);
		for (size_t i = 0; i < from->starts_after.n; i++)
			resolve(b, &from->starts_after.v[i], from, after,
				&to->n_after);
		to->after = after;
	}
	for (uint32_t s = 0; s < b->model->n_services; s++)
		if (b->model->services[s].n_after && is_circle(b, s))
			tw_diag(b->diags, TW_ERROR,
				build_pos(b->services[s]
						  .spec->starts_after.v[0]
						  .origin),
				"starts-after: %s waits for itself in the end: "
				"none of its pods could ever start",
				b->model->services[s].key);
}
