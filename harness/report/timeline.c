#include "harness/report/timeline.h"

#include <stdlib.h>

/* ---- JSON ----------------------------------------------------------- */

static void write_row(
	struct tw_json_writer *w, const struct tw_timeline_row *row)
{
	bool pretty = w->pretty;

	tw_json_object(w);
	tw_json_put_string(w, "name", row->name);
	tw_json_put_array(w, "points");
	for (size_t i = 0; i < row->points.n; i++) {
		const struct tw_timeline_point *it = &row->points.v[i];

		w->pretty = pretty;
		tw_json_object(w);
		w->pretty = false;
		tw_json_put_int(w, "atNs", it->at);
		tw_json_put_int(w, "desired", it->desired);
		tw_json_put_int(w, "pending", it->pending);
		tw_json_put_int(w, "starting", it->starting);
		tw_json_put_int(w, "ready", it->ready);
		tw_json_put_int(w, "terminating", it->terminating);
		tw_json_put_int(w, "endpoints", it->endpoints);
		tw_json_put_int(w, "restarts", it->restarts);
		tw_json_end(w);
	}
	w->pretty = pretty;
	tw_json_end(w);
	tw_json_end(w);
}

static void write_event(
	struct tw_json_writer *w, const struct tw_timeline_event *event)
{
	tw_json_object(w);
	tw_json_put_int(w, "atNs", event->at);
	tw_json_put_int(w, "lastNs", event->last);
	tw_json_put_int(w, "count", event->count);
	tw_json_put_string(w, "type", event->warning ? "Warning" : "Normal");
	tw_json_put_string(w, "kind", event->kind);
	tw_json_put_string(w, "object", event->object);
	tw_json_put_string(w, "reason", event->reason);
	tw_json_put_string(w, "message", event->message);
	tw_json_end(w);
}

void tw_timeline_json(
	struct tw_json_writer *w, const struct tw_timeline *timeline)
{
	uint64_t told = 0;

	tw_json_object(w);
	tw_json_put_array(w, "workloads");
	for (size_t i = 0; i < timeline->rows.n; i++)
		if (strcmp(timeline->rows.v[i].name, TW_TIMELINE_NODES))
			write_row(w, &timeline->rows.v[i]);
	tw_json_end(w);
	for (size_t i = 0; i < timeline->rows.n; i++) {
		if (strcmp(timeline->rows.v[i].name, TW_TIMELINE_NODES))
			continue;
		tw_json_key(w, "nodes");
		write_row(w, &timeline->rows.v[i]);
	}
	tw_json_put_array(w, "events");
	for (size_t i = 0; i < timeline->events.n; i++) {
		write_event(w, &timeline->events.v[i]);
		told += timeline->events.v[i].count;
	}
	tw_json_end(w);
	tw_json_put_int(
		w, "eventsNotKept", (int64_t)(timeline->n_events - told));
	tw_json_end(w);
}

/* ---- text ----------------------------------------------------------- */

/* Of one row, at most. */
#define TURNS 8

/* Workloads that change, from which on all of them are told of together. */
#define MANY 40

struct entry {
	tw_time at;
	uint32_t order; /* of what happens at once: rows, then events */
	uint8_t dull;	/* the dullest may go first: 2, 1, 0 */
	const char *text;
};

TW_VEC_TYPE(entries, struct entry);

static bool is_nodes(const struct tw_timeline_row *row)
{
	return !strcmp(row->name, TW_TIMELINE_NODES);
}

static const char *point_text(const struct tw_timeline_row *row,
	const struct tw_timeline_point *p, struct tw_arena *arena)
{
	static const struct {
		const char *word;
		size_t offset;
	} counts[] = {
		{"pending", offsetof(struct tw_timeline_point, pending)},
		{"not ready", offsetof(struct tw_timeline_point, starting)},
		{"stopping", offsetof(struct tw_timeline_point, terminating)},
	};
	struct tw_buf out = {0};
	const char *kept;

	tw_buf_printf(&out, "%s: %u", row->name, p->ready);
	if (p->desired || !p->ready) /* a Job's pods are as they come */
		tw_buf_printf(&out, " of %u", p->desired);
	tw_buf_add_text(&out, " ready");
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		uint32_t n =
			*(const uint32_t *)((const char *)p + counts[i].offset);

		if (n)
			tw_buf_printf(&out, ", %u %s", n, counts[i].word);
	}
	if (!is_nodes(row))
		tw_buf_printf(&out, "; %u endpoint%s", p->endpoints,
			p->endpoints == 1 ? "" : "s");
	if (p->restarts)
		tw_buf_printf(&out, "; %u restart%s", p->restarts,
			p->restarts == 1 ? "" : "s");
	kept = tw_arena_strdup(arena, tw_buf_text(&out));
	tw_buf_release(&out);
	return kept;
}

/* The point with the fewest endpoints, or ready nodes. */
static size_t lowest(const struct tw_timeline_row *row)
{
	size_t low = 0;

	for (size_t i = 1; i < row->points.n; i++) {
		const struct tw_timeline_point *a = &row->points.v[i];
		const struct tw_timeline_point *b = &row->points.v[low];

		if (is_nodes(row) ? a->ready < b->ready
				  : a->endpoints < b->endpoints)
			low = i;
	}
	return low;
}

/* How dull the last and the lowest points are, and those in between. */
struct dullness {
	uint8_t ends, between;
};

static void add_turns(const struct tw_timeline_row *row, uint32_t order,
	struct dullness dull, struct tw_arena *arena, struct entries *to)
{
	size_t n = row->points.n, low = lowest(row);

	for (size_t i = 0, next = 0, turn = 0; n > 1 && i < n; i++) {
		bool turns = i == next;

		if (turns && n > TURNS)
			next = ++turn * (n - 1) / (TURNS - 1);
		else if (turns)
			next++;
		/* How it was at the start goes without saying. */
		if (!i || (!turns && i != low))
			continue;
		tw_vec_push_in(arena, to,
			((struct entry){.at = row->points.v[i].at,
				.order = order,
				.dull = i != low && i + 1 < n ? dull.between
							      : dull.ends,
				.text = point_text(
					row, &row->points.v[i], arena)}));
	}
}

/* ---- many workloads ------------------------------------------------- */

static bool is_many(const struct tw_timeline *timeline)
{
	size_t changed = 0;

	for (size_t i = 0; i < timeline->rows.n; i++)
		changed += !is_nodes(&timeline->rows.v[i]) &&
			   timeline->rows.v[i].points.n > 1;
	return changed > MANY;
}

/* A row as it is from a point on. */
struct turn {
	const struct tw_timeline_point *from;
	uint32_t row, point;
};

TW_VEC_TYPE(turns, struct turn);

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->from->at != y->from->at)
		return x->from->at < y->from->at ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->point > y->point) - (x->point < y->point);
}

/* What the sum gains when a row turns; before NULL: it was not there. */
static void turn(struct tw_timeline_point *sum,
	const struct tw_timeline_point *before,
	const struct tw_timeline_point *now)
{
	static const struct tw_timeline_point nothing;

	if (!before)
		before = &nothing;
	sum->at = now->at;
	sum->desired += now->desired - before->desired;
	sum->pending += now->pending - before->pending;
	sum->starting += now->starting - before->starting;
	sum->ready += now->ready - before->ready;
	sum->terminating += now->terminating - before->terminating;
	sum->endpoints += now->endpoints - before->endpoints;
	sum->restarts += now->restarts - before->restarts;
}

/* Where a great many change, they are told of together first. */
static void add_all(const struct tw_timeline *timeline, uint32_t order,
	struct tw_arena *arena, struct entries *to)
{
	struct tw_timeline_row all = {.name = NULL};
	struct tw_timeline_point sum = {0};
	struct turns turns = {0};
	uint32_t n = 0;

	for (uint32_t r = 0; r < timeline->rows.n; r++) {
		const struct tw_timeline_row *row = &timeline->rows.v[r];

		if (is_nodes(row))
			continue;
		n++;
		for (uint32_t i = 0; i < row->points.n; i++)
			tw_vec_push(&turns,
				((struct turn){&row->points.v[i], r, i}));
	}
	if (turns.n)
		qsort(turns.v, turns.n, sizeof *turns.v, by_turn);
	for (size_t i = 0; i < turns.n; i++) {
		const struct turn *it = &turns.v[i];

		turn(&sum, it->point ? it->from - 1 : NULL, it->from);
		if (i + 1 == turns.n || turns.v[i + 1].from->at != sum.at)
			tw_timeline_add(&all, &sum);
	}
	all.name = tw_arena_printf(arena, "all %u workloads", n);
	add_turns(&all, order, (struct dullness){0, 0}, arena, to);
	tw_vec_release(&all.points);
	tw_vec_release(&turns);
}

static void add_event(const struct tw_timeline_event *event, uint32_t order,
	uint8_t dull, struct tw_arena *arena, struct entries *to)
{
	const char *times = event->count > 1 ? tw_arena_printf(arena, " (x%u)",
						       event->count)
					     : "";

	tw_vec_push_in(arena, to,
		((struct entry){.at = event->at,
			.order = order,
			.dull = event->warning ? dull : 1 + dull,
			.text = tw_arena_printf(arena, "%s %s: %s%s",
				event->object, event->reason, event->message,
				times)}));
}

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* At most `most` stay: dull ones go first, later ones first. */
static size_t shorten(struct entries *entries, size_t most)
{
	size_t gone = 0, kept = 0;

	for (int dull = 2; dull >= 0; dull--)
		for (size_t i = entries->n; i-- > 0;)
			if (entries->n - gone > most && entries->v[i].text &&
				entries->v[i].dull == dull) {
				entries->v[i].text = NULL;
				gone++;
			}
	for (size_t i = 0; i < entries->n; i++)
		if (entries->v[i].text)
			entries->v[kept++] = entries->v[i];
	entries->n = kept;
	return gone;
}

void tw_timeline_text(const struct tw_timeline *timeline, size_t most,
	struct tw_arena *arena, struct tw_timeline_lines *lines)
{
	struct entries entries = {0};
	bool many = is_many(timeline);
	uint32_t order = 0;
	tw_time last = -1;
	size_t gone;

	if (!tw_timeline_tells(timeline))
		return;
	if (many)
		add_all(timeline, order++, arena, &entries);
	for (size_t i = 0; i < timeline->rows.n; i++) {
		const struct tw_timeline_row *row = &timeline->rows.v[i];
		struct dullness dull = {0, 1};

		if (many)
			dull = is_nodes(row) ? (struct dullness){0, 0}
					     : (struct dullness){2, 2};
		add_turns(row, order++, dull, arena, &entries);
	}
	for (size_t i = 0; i < timeline->events.n; i++)
		add_event(
			&timeline->events.v[i], order++, many, arena, &entries);
	if (!entries.n)
		return;
	qsort(entries.v, entries.n, sizeof *entries.v, by_time);
	gone = shorten(&entries, most);
	for (size_t i = 0; i < entries.n; i++) {
		char time[TW_TIME_TEXT];
		bool again = entries.v[i].at == last;

		last = entries.v[i].at;
		tw_vec_push_in(arena, lines,
			((struct tw_timeline_line){
				again ? ""
				      : tw_arena_strdup(arena,
						tw_time_text(last, time)),
				entries.v[i].text}));
	}
	if (gone)
		tw_vec_push_in(arena, lines,
			((struct tw_timeline_line){
				"", tw_arena_printf(arena,
					    "... %zu more (--json has them)",
					    gone)}));
}

const struct tw_scenario_result *tw_timeline_worst(
	const struct tw_scenario_result *const *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (order[i]->timeline)
			return order[i];
	return NULL;
}
