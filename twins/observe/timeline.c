#include "twins/observe/timeline.h"

#include "twins/base/assert.h"
#include "twins/observe/observation.h"

#include <string.h>

#define COMBINED "(combined from similar events): "

void tw_timeline_release(struct tw_timeline *timeline)
{
	for (size_t i = 0; i < timeline->rows.n; i++)
		tw_vec_release(&timeline->rows.v[i].points);
	tw_vec_release(&timeline->rows);
	tw_vec_release(&timeline->events);
}

/* ---- points --------------------------------------------------------- */

static bool is_same(
	const struct tw_timeline_point *a, const struct tw_timeline_point *b)
{
	return a->desired == b->desired && a->pending == b->pending &&
	       a->starting == b->starting && a->ready == b->ready &&
	       a->terminating == b->terminating &&
	       a->endpoints == b->endpoints && a->restarts == b->restarts;
}

/* Every other point goes; the first and the last stay. */
static void thin(struct tw_timeline_row *row)
{
	size_t n = row->points.n, kept = 1;

	row->step = row->step ? 2 * row->step : TW_MS;
	for (size_t i = 1; i < n; i++) {
		const struct tw_timeline_point *it = &row->points.v[i];

		if (it->at - row->points.v[kept - 1].at >= row->step ||
			i + 1 == n)
			row->points.v[kept++] = *it;
	}
	row->points.n = kept;
}

void tw_timeline_add(
	struct tw_timeline_row *row, const struct tw_timeline_point *point)
{
	struct tw_timeline_point *last =
		row->points.n ? &row->points.v[row->points.n - 1] : NULL;

	tw_assert(!last || point->at >= last->at);
	if (last && is_same(last, point))
		return;
	/* What it was before the last point tells whether that is needed. */
	if (last && point->at == last->at) {
		*last = *point;
		if (row->points.n > 1 && is_same(last - 1, last))
			row->points.n--;
		return;
	}
	if (row->points.n > 1 && point->at - last[-1].at < row->step) {
		tw_time at = last->at;

		*last = *point;
		last->at = at;
		return;
	}
	while (row->points.n >= TW_TIMELINE_POINTS)
		thin(row);
	tw_vec_push(&row->points, *point);
}

/* ---- events --------------------------------------------------------- */

/* The one that it is counted with; *alike: how many differ in the message;
 * *reasons: how many have the reason. */
static struct tw_timeline_event *same_as(struct tw_timeline *timeline,
	const struct tw_timeline_event *event, size_t *alike, size_t *reasons)
{
	struct tw_timeline_event *last = NULL;

	*alike = *reasons = 0;
	for (size_t i = 0; i < timeline->events.n; i++) {
		struct tw_timeline_event *it = &timeline->events.v[i];

		if (strcmp(it->reason, event->reason))
			continue;
		++*reasons;
		if (strcmp(it->object, event->object) ||
			strcmp(it->kind, event->kind))
			continue;
		if (!strcmp(it->message, event->message))
			return it;
		last = it;
		++*alike;
	}
	return *alike >= TW_TIMELINE_ALIKE ? last : NULL;
}

void tw_timeline_say(
	struct tw_observation *obs, const struct tw_timeline_event *event)
{
	struct tw_timeline *timeline = &obs->timeline;
	struct tw_timeline_event kept = *event;
	struct tw_timeline_event *same;
	struct tw_buf text = {0};
	size_t alike, reasons;

	timeline->n_events++;
	same = same_as(timeline, event, &alike, &reasons);
	if (same) {
		same->count++;
		same->last = event->at;
		return;
	}
	if (timeline->events.n >= TW_TIMELINE_EVENTS ||
		reasons >= TW_TIMELINE_REASON)
		return;
	tw_buf_printf(&text, "%s%s",
		alike + 1 >= TW_TIMELINE_ALIKE ? COMBINED : "", event->message);
	kept.kind = tw_observation_name(obs, event->kind);
	kept.object = tw_observation_name(obs, event->object);
	kept.reason = tw_observation_name(obs, event->reason);
	kept.message = tw_observation_name(obs, tw_buf_text(&text));
	kept.last = event->at;
	kept.count = 1;
	tw_vec_push(&timeline->events, kept);
	tw_buf_release(&text);
}

bool tw_timeline_tells(const struct tw_timeline *timeline)
{
	for (size_t i = 0; i < timeline->rows.n; i++)
		if (timeline->rows.v[i].points.n > 1)
			return true;
	return timeline->events.n > 0;
}

struct tw_timeline *tw_timeline_copy(
	const struct tw_timeline *timeline, struct tw_arena *arena)
{
	struct tw_timeline *to = tw_new(arena, struct tw_timeline);

	to->n_events = timeline->n_events;
	for (size_t i = 0; i < timeline->rows.n; i++) {
		const struct tw_timeline_row *it = &timeline->rows.v[i];
		struct tw_timeline_row row = {
			.name = tw_arena_strdup(arena, it->name),
			.step = it->step};

		for (size_t k = 0; k < it->points.n; k++)
			tw_vec_push_in(arena, &row.points, it->points.v[k]);
		tw_vec_push_in(arena, &to->rows, row);
	}
	for (size_t i = 0; i < timeline->events.n; i++) {
		struct tw_timeline_event it = timeline->events.v[i];

		it.kind = tw_arena_strdup(arena, it.kind);
		it.object = tw_arena_strdup(arena, it.object);
		it.reason = tw_arena_strdup(arena, it.reason);
		it.message = tw_arena_strdup(arena, it.message);
		tw_vec_push_in(arena, &to->events, it);
	}
	return to;
}
