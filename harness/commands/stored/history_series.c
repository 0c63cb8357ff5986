#include "harness/commands/stored/history_series.h"

#include "harness/gate/changes.h"
#include "harness/gate/check.h"
#include "harness/gate/stats.h"
#include "twins/base/hash.h"

#include <stdio.h>

/* A change may come by chance in so many series; of what is told, in so many of
 * all. */
#define ALPHA 0.05

void tw_series_init(struct tw_series_list *all)
{
	*all = (struct tw_series_list){0};
	tw_arena_init(&all->arena);
	tw_map_init(&all->known, &all->arena);
}

void tw_series_release(struct tw_series_list *all)
{
	for (size_t i = 0; i < all->list.n; i++) {
		tw_vec_release(&all->list.v[i]->values);
		tw_vec_release(&all->list.v[i]->gates);
	}
	tw_vec_release(&all->list);
	tw_arena_release(&all->arena);
}

static struct tw_series *series_of(
	struct tw_series_list *all, const struct tw_judged *judged)
{
	struct tw_arena *arena = &all->arena;
	const char *key = tw_arena_printf(arena, "%s\n%s\n%s", judged->scenario,
		judged->check, judged->group);
	struct tw_series *series = tw_map_get(&all->known, key);

	if (series)
		return series;
	series = tw_new(arena, struct tw_series);
	series->scenario = tw_arena_strdup(arena, judged->scenario);
	series->check = tw_arena_strdup(arena, judged->check);
	series->group = tw_arena_strdup(arena, judged->group);
	series->kind = tw_arena_strdup(arena, judged->kind);
	tw_map_put(&all->known, key, series);
	tw_vec_push(&all->list, series);
	return series;
}

void tw_series_add(
	struct tw_series_list *all, const struct tw_judged *judged, size_t gate)
{
	struct tw_series *series;
	double value;

	if (!tw_parse_real(tw_str_of(judged->candidate), &value))
		return;
	series = series_of(all, judged);
	tw_vec_push(&series->values, value);
	tw_vec_push(&series->gates, gate);
}

static void value_text(
	const char *kind, double value, char to[static TW_VALUE_TEXT])
{
	static const char *const kinds[] = {"time", "ratio", "rate", "count"};

	if (!strcmp(kind, "recovery"))
		kind = "time";
	for (int i = 0; i < 4; i++)
		if (!strcmp(kind, kinds[i])) {
			tw_value_text((enum tw_unit)i, value, to);
			return;
		}
	snprintf(to, TW_VALUE_TEXT, "%.4g", value);
}

static void add_change(const struct tw_series *series,
	const struct tw_change *change, struct tw_arena *arena,
	struct tw_history *to)
{
	char before[TW_VALUE_TEXT], after[TW_VALUE_TEXT];

	value_text(series->kind, change->before, before);
	value_text(series->kind, change->after, after);
	tw_vec_push_in(arena, &to->changes,
		((struct tw_history_change){.gate = series->gates.v[change->at],
			.scenario = tw_arena_strdup(arena, series->scenario),
			.check = tw_arena_strdup(arena, series->check),
			.group = tw_arena_strdup(arena, series->group),
			.before = tw_arena_strdup(arena, before),
			.after = tw_arena_strdup(arena, after),
			.p = change->p}));
}

/* The p of each series is that of its clearest change; 1 where there is none.
 */
static double clearest(const struct tw_changes *changes)
{
	double p = 1;

	for (size_t i = 0; i < changes->n; i++)
		if (changes->v[i].p < p)
			p = changes->v[i].p;
	return p;
}

void tw_series_changes(struct tw_series_list *all, struct tw_arena *arena,
	struct tw_history *to)
{
	struct tw_changes *changes =
		tw_calloc(all->list.n + 1, sizeof *changes);
	double *p = tw_calloc(all->list.n + 1, sizeof *p), kept;

	for (size_t i = 0; i < all->list.n; i++) {
		const struct tw_series *series = all->list.v[i];

		if (series->values.n < 2 * TW_CHANGE_LEAST)
			continue;
		tw_changes_of(series->values.v, series->values.n, ALPHA,
			tw_hash_name(series->check), &changes[i]);
		p[to->series++] = clearest(&changes[i]);
	}
	kept = tw_false_discovery(p, to->series, ALPHA);
	for (size_t i = 0; i < all->list.n; i++)
		for (size_t k = 0; k < changes[i].n; k++)
			if (changes[i].v[k].p <= kept)
				add_change(all->list.v[i], &changes[i].v[k],
					arena, to);
	for (size_t i = 0; i < all->list.n; i++)
		tw_vec_release(&changes[i]);
	tw_free(changes);
	tw_free(p);
}
