#include "harness/report/recovery.h"

#include "twins/base/units.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 9 /* "candidate" */

static bool is_alike(
	const struct tw_recovery_map *a, const struct tw_recovery_map *b)
{
	return !strcmp(a->scenario, b->scenario) &&
	       !strcmp(a->condition, b->condition) && a->n == b->n;
}

static int width_of(const struct tw_recovery_map *map)
{
	size_t most = 1;

	for (size_t i = 0; i < map->n; i++)
		if (strlen(map->sizes[i]) > most)
			most = strlen(map->sizes[i]);
	return (int)most + 1;
}

static char mark(size_t lost, size_t runs)
{
	if (!lost)
		return '.';
	if (lost == runs)
		return '#';
	return (char)('0' + (10 * lost < runs ? 1 : 10 * lost / runs));
}

static void row(const struct tw_recovery_map *map, const char *load, int side,
	int width, struct tw_buf *out)
{
	tw_buf_printf(out, "  %-5s %-*s", load, NAME_WIDTH,
		side ? "candidate" : "baseline");
	for (size_t i = 0; i < map->n; i++)
		tw_buf_printf(
			out, "%*c", width, mark(map->lost[side][i], map->runs));
	tw_buf_add_char(out, '\n');
}

static void rows(
	const struct tw_recovery_map *map, int width, struct tw_buf *out)
{
	char number[TW_REAL_TEXT], load[TW_REAL_TEXT + 2];

	snprintf(load, sizeof load, "%sx",
		tw_real_text(map->load > 0 ? map->load : 1, number));
	if (map->has_baseline)
		row(map, load, 0, width, out);
	row(map, map->has_baseline ? "" : load, 1, width, out);
}

static void head(
	const struct tw_recovery_map *map, int width, struct tw_buf *out)
{
	tw_buf_printf(out, "recovery after `%s` of %s%s%s\n  %-5s %-*s",
		map->trigger, map->scenario, map->condition[0] ? ": " : "",
		map->condition, "load", NAME_WIDTH, "");
	for (size_t i = 0; i < map->n; i++)
		tw_buf_printf(out, "%*s", width, map->sizes[i]);
	tw_buf_add_char(out, '\n');
}

void tw_recovery_text(
	const struct tw_recovery_map *const *maps, size_t n, struct tw_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = 0;
		int width = width_of(maps[i]);

		while (!is_alike(maps[first], maps[i]))
			first++;
		if (first < i)
			continue; /* stands with the first of its kind */
		head(maps[i], width, out);
		for (size_t k = i; k < n; k++)
			if (is_alike(maps[i], maps[k]))
				rows(maps[k], width, out);
	}
}

void tw_recovery_maps(const struct tw_gate_result *gate, struct tw_buf *out)
{
	TW_VEC(const struct tw_recovery_map *) maps = {0};

	for (size_t i = 0; i < gate->scenarios.n; i++)
		for (size_t k = 0; k < gate->scenarios.v[i]->maps.n; k++)
			tw_vec_push(&maps, gate->scenarios.v[i]->maps.v[k]);
	tw_recovery_text(maps.v, maps.n, out);
	tw_vec_release(&maps);
}
