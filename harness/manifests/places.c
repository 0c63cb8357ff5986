/*
 * Scalars by where they stand: what the twin honours is marked by the position
 * that its origin remembers.
 */
#include "harness/manifests/reader.h"

#include <stdlib.h>

struct place {
	const char *file;
	int line, column;
	size_t turn; /* of equal ones the first counts */
	struct tw_yaml *node;
};

struct tw_manifest_places {
	TW_VEC(struct place) v;
	size_t objects; /* there were so many then */
};

static int compare(const struct place *a, const struct place *b)
{
	int files = a->file == b->file ? 0 : strcmp(a->file, b->file);

	if (files)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

static int by_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int order = compare(a, b);

	return order ? order : a->turn < b->turn ? -1 : a->turn > b->turn;
}

static void add(struct tw_manifest_places *to, struct tw_yaml *node)
{
	if (node->kind == TW_YAML_SCALAR) {
		if (node->pos.file)
			tw_vec_push(&to->v,
				((struct place){node->pos.file, node->pos.line,
					node->pos.column, to->v.n, node}));
		return;
	}
	for (size_t i = 0; i < node->items.n; i++)
		add(to, node->items.v[i]);
	for (size_t i = 0; i < node->pairs.n; i++)
		add(to, node->pairs.v[i].value);
}

static struct tw_manifest_places *places_of(struct tw_manifests *m)
{
	struct tw_manifest_places *places = m->places;

	if (places && places->objects == m->objects.n)
		return places;
	tw_manifest_places_free(places);
	places = m->places = tw_calloc(1, sizeof *places);
	places->objects = m->objects.n;
	for (size_t i = 0; i < m->objects.n; i++)
		add(places, m->objects.v[i]->doc);
	if (places->v.n)
		qsort(places->v.v, places->v.n, sizeof *places->v.v, by_place);
	return places;
}

void tw_manifest_places_free(struct tw_manifest_places *places)
{
	if (places)
		tw_vec_release(&places->v);
	tw_free(places);
}

void tw_manifests_use(struct tw_manifests *m, struct tw_pos pos)
{
	const struct tw_manifest_places *places = places_of(m);
	const struct place wanted = {pos.file, pos.line, pos.column, 0, NULL};
	size_t low = 0, high = places->v.n;

	if (!pos.file)
		return;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&places->v.v[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < places->v.n && !compare(&places->v.v[low], &wanted))
		tw_yaml_use(places->v.v[low].node);
}
