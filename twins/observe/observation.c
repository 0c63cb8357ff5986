#include "twins/observe/observation.h"

#include "twins/base/assert.h"

#include <stdlib.h>
#include <string.h>

void tw_observation_init(struct tw_observation *obs, tw_time slice)
{
	tw_assert(slice > 0);
	*obs = (struct tw_observation){.slice = slice};
	obs->fault_start = TW_NEVER;
	tw_arena_init(&obs->arena);
	tw_map_init(&obs->names, NULL);
}

void tw_observation_release(struct tw_observation *obs)
{
	for (size_t i = 0; i < obs->cells.n; i++) {
		tw_histogram_release(&obs->cells.v[i].latency);
		tw_vec_release(&obs->cells.v[i].slices);
	}
	for (size_t i = 0; i < obs->gauges.n; i++)
		tw_vec_release(&obs->gauges.v[i].slices);
	tw_vec_release(&obs->cells);
	tw_vec_release(&obs->gauges);
	tw_vec_release(&obs->failed);
	tw_vec_release(&obs->incidents);
	tw_vec_release(&obs->scalings);
	tw_vec_release(&obs->verticals);
	tw_vec_release(&obs->thresholds);
	tw_timeline_release(&obs->timeline);
	tw_map_release(&obs->names);
	tw_arena_release(&obs->arena);
}

/* Names and the keys of cells share the map: a key begins with the byte 1,
 * which no name does. */
const char *tw_observation_name(struct tw_observation *obs, const char *name)
{
	char *copy = tw_map_get(&obs->names, name);

	if (copy)
		return copy;
	copy = tw_arena_strdup(&obs->arena, name);
	tw_map_put(&obs->names, name, copy);
	return copy;
}

static void key_text(const struct tw_cell_key *key, struct tw_buf *out)
{
	const char *const parts[] = {
		key->caller, key->service, key->endpoint, key->zone};

	tw_buf_add_char(out, 1);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		tw_buf_add(out, parts[i], strlen(parts[i]) + 1);
	tw_buf_printf(out, "%d %d", (int)key->side, (int)key->window);
}

struct tw_cell *tw_observation_cell(
	struct tw_observation *obs, const struct tw_cell_key *key)
{
	struct tw_buf text = {0};
	void *known;

	key_text(key, &text);
	known = tw_map_get_n(&obs->names, text.p, text.n);
	if (!known) {
		tw_vec_push(&obs->cells,
			((struct tw_cell){.key = *key, .tally.min = TW_NEVER}));
		known = (void *)(uintptr_t)obs->cells.n;
		tw_map_put_n(&obs->names, text.p, text.n, known);
	}
	tw_buf_release(&text);
	return &obs->cells.v[(uintptr_t)known - 1];
}

void tw_observation_incident(
	struct tw_observation *obs, const struct tw_incident *incident)
{
	if (obs->n_incidents++ < TW_INCIDENTS)
		tw_vec_push(&obs->incidents, *incident);
}

struct tw_gauge_slice tw_gauge_total(const struct tw_gauge *gauge)
{
	struct tw_gauge_slice sum = {0};

	for (size_t i = 0; i < gauge->slices.n; i++) {
		const struct tw_gauge_slice *it = &gauge->slices.v[i];

		sum.replicas = it->replicas;
		if (it->unavailable > sum.unavailable)
			sum.unavailable = it->unavailable;
		if (it->queue > sum.queue)
			sum.queue = it->queue;
		sum.busy += it->busy;
		sum.capacity += it->capacity;
		sum.computing += it->computing;
		sum.throttled += it->throttled;
		sum.cpu += it->cpu;
		sum.ooms += it->ooms;
		if (it->memory > sum.memory)
			sum.memory = it->memory;
	}
	return sum;
}

void tw_cell_forget(struct tw_cell *cell)
{
	tw_histogram_release(&cell->latency);
	tw_vec_release(&cell->slices);
	*cell = (struct tw_cell){.key = cell->key, .tally.min = TW_NEVER};
}

void tw_cell_close(struct tw_cell *cell, uint32_t number)
{
	struct tw_tally *tally = &cell->tally;
	struct tw_slice *slice;

	if (!tally->count)
		return;
	while (cell->slices.n <= number)
		tw_vec_push(&cell->slices, (struct tw_slice){0});
	slice = &cell->slices.v[number];
	slice->count += tally->count;
	slice->errors += tally->errors;
	slice->timeouts += tally->timeouts;
	slice->latency_sum += tally->sum;
	if (tally->max > slice->latency_max)
		slice->latency_max = tally->max;
	cell->count += tally->count;
	cell->errors += tally->errors;
	cell->timeouts += tally->timeouts;
	tw_histogram_add_up(&cell->latency, tally->count, tally->min,
		tally->max, (tw_wide)(uint64_t)tally->sum);
	*tally = (struct tw_tally){.min = TW_NEVER};
}

static int by_key(const void *a, const void *b)
{
	const struct tw_cell_key *x = &((const struct tw_cell *)a)->key;
	const struct tw_cell_key *y = &((const struct tw_cell *)b)->key;
	int d = strcmp(x->service, y->service);

	d = d ? d : strcmp(x->endpoint, y->endpoint);
	d = d ? d : strcmp(x->caller, y->caller);
	d = d ? d : (int)x->side - (int)y->side;
	d = d ? d : strcmp(x->zone, y->zone);
	return d ? d : (int)x->window - (int)y->window;
}

static int by_position(const void *a, const void *b)
{
	const struct tw_example *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void tw_observation_sort(struct tw_observation *obs)
{
	if (obs->cells.n)
		qsort(obs->cells.v, obs->cells.n, sizeof *obs->cells.v, by_key);
	if (obs->failed.n)
		qsort(obs->failed.v, obs->failed.n, sizeof *obs->failed.v,
			by_position);
	for (size_t i = 0; i < obs->cells.n; i++) {
		struct tw_buf text = {0};

		key_text(&obs->cells.v[i].key, &text);
		tw_map_put_n(&obs->names, text.p, text.n,
			(void *)(uintptr_t)(i + 1));
		tw_buf_release(&text);
	}
}
