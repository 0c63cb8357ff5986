/*
 * Of recorded evictions: what `kubectl drain` did, by the lines that it wrote
 * and by what the run told.
 */
#include "tests/conformance/eviction.h"

#include "twins/cluster/drain.h"

#include <math.h>

static struct drain *drain_of(struct eviction *it, const char *node)
{
	for (size_t i = 0; i < it->drains.n; i++)
		if (!strcmp(it->drains.v[i].node, node))
			return &it->drains.v[i];
	return NULL;
}

/* Between two strings, or NULL. */
static const char *between(struct eviction *it, const char *line,
	const char *before, const char *after)
{
	const char *from = strstr(line, before), *to;

	if (!from)
		return NULL;
	from += strlen(before);
	to = *after ? strstr(from, after) : from + strlen(from);
	return to ? tw_arena_strndup(
			    &it->stage.c->arena, from, (size_t)(to - from))
		  : NULL;
}

void drain_read_line(struct eviction *it, const struct tw_yaml *entry)
{
	const char *line = conformance_get_text(entry, "line", "");
	const char *node = conformance_get_text(entry, "node", "");
	double t = conformance_get_real(entry, "t", 0);
	const char *tried = between(it, line, "evicting pod ", "");
	const char *refused =
		between(it, line, "error when evicting pods/\"", "\"");
	struct drain *drain = drain_of(it, node);
	const char *slash = tried ? strchr(tried, '/') : NULL;

	if (tried && !drain) {
		tw_vec_push_in(&it->stage.c->arena, &it->drains,
			((struct drain){.node = node,
				.start = t,
				.end = -1,
				.got_end = -1}));
		drain = &it->drains.v[it->drains.n - 1];
	}
	if (slash && first_owner(it, slash + 1))
		tw_vec_push_in(&it->stage.c->arena, &it->want,
			((struct tried){.node = node,
				.owner = first_owner(it, slash + 1),
				.pod = slash + 1,
				.at = t}));
	for (size_t i = it->want.n; refused && i--;)
		if (!strcmp(it->want.v[i].pod, refused)) {
			it->want.v[i].refused = true;
			it->want.v[i].at = t;
			break;
		}
	if (drain && !strncmp(line, "(exit ", 6)) {
		drain->end = t;
		drain->drained = !strcmp(line, "(exit 0)");
	}
}

static bool is_first(const struct stage *stage, uint32_t replica)
{
	return !tw_pod_of(stage->world, replica)->turn &&
	       stage->world->replicas[replica].node != TW_NONE;
}

void drain_told(struct stage *stage, const struct tw_tap_event *event)
{
	struct eviction *it = stage->context;
	struct drain *drain = event->node ? drain_of(it, event->node) : NULL;
	struct tried seen = {.replica = event->replica,
		.at = stage_time(event->at),
		.refused = event->kind == TW_TAP_KEPT};

	if (event->kind == TW_TAP_CREATED) {
		struct owner *owner =
			owner_named(it, owner_of_replica(it, event->replica));

		tw_vec_push_in(
			&stage->c->arena, &owner->replicas, event->replica);
	} else if ((event->kind == TW_TAP_KEPT ||
			   event->kind == TW_TAP_STOPPING) &&
		   stage->world && is_first(stage, event->replica)) {
		uint32_t node = stage->world->replicas[event->replica].node;

		seen.node = stage->model->nodes[node].name;
		seen.owner = owner_of_replica(it, event->replica);
		tw_vec_push_in(&stage->c->arena, &it->got, seen);
	} else if (drain && (event->kind == TW_TAP_DRAINED ||
				    event->kind == TW_TAP_NOT_DRAINED)) {
		drain->got_end = seen.at;
		drain->got_drained = event->kind == TW_TAP_DRAINED;
	}
}

void drain_start(struct eviction *it, const struct drain *drain)
{
	static const struct tw_drain_options options = {.grace = TW_POD_GRACE,
		.timeout = 90 * TW_S,
		.force = true,
		.ignore_daemonsets = true,
		.delete_local = true};
	const struct tw_model *model = it->stage.model;
	bool *nodes =
		tw_new_array(&it->stage.c->arena, model->n_nodes + 1, bool);

	for (uint32_t n = 0; n < model->n_nodes; n++)
		nodes[n] = !strcmp(model->nodes[n].name, drain->node);
	tw_drain_start(it->stage.world, nodes, &options);
	stage_settle(&it->stage);
}

/* How many of an owner's pods on the node went in the end, or in the first
 * round. */
static size_t gone(const struct tries *all, const char *node, const char *owner,
	double from, double to)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !strcmp(all->v[i].node, node) &&
		     !strcmp(all->v[i].owner, owner) && !all->v[i].refused &&
		     all->v[i].at >= from - 0.01 && all->v[i].at < to;
	return n;
}

/* Seconds between tries of one pod; < 0: none was tried twice. */
static double period_of(const struct tries *all, const char *node, bool wanted)
{
	double longest = -1;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = i + 1; k < all->n; k++) {
			const struct tried *a = &all->v[i], *b = &all->v[k];

			if (strcmp(a->node, node) || strcmp(b->node, node) ||
				!a->refused ||
				(wanted ? strcmp(a->pod, b->pod) != 0
					: a->replica != b->replica))
				continue;
			if (b->at - a->at > longest)
				longest = b->at - a->at;
			break;
		}
	return longest;
}

void drain_compare(struct eviction *it, const struct drain *drain)
{
	struct conformance *c = it->stage.c;
	double end = drain->end < 0 ? 1e9 : drain->end + 6;
	double want = period_of(&it->want, drain->node, true);
	double got = period_of(&it->got, drain->node, false);
	double rounds;

	for (size_t i = 0; i < it->owners.n; i++) {
		const char *owner = it->owners.v[i].name;
		size_t first = gone(&it->want, drain->node, owner, drain->start,
			drain->start + 2);
		size_t all =
			gone(&it->want, drain->node, owner, drain->start, end);
		size_t ours = gone(&it->got, drain->node, owner, drain->start,
			drain->start + 2);

		if (first != ours)
			conformance_differs(c,
				"drain of %s: %zu pods of %s go at once, not "
				"%zu",
				drain->node, ours, owner, first);
		ours = gone(&it->got, drain->node, owner, drain->start, end);
		if (all != ours)
			conformance_differs(c,
				"drain of %s: %zu pods of %s go, not %zu",
				drain->node, ours, owner, all);
	}
	if ((want < 0) != (got < 0) || fabs(want - got) > 0.2)
		conformance_differs(c,
			"drain of %s: tries are %.2f s apart, not %.2f s",
			drain->node, got, want);
	if (drain->end < 0)
		return;
	if (drain->drained != drain->got_drained)
		conformance_differs(c, "drain of %s: %s", drain->node,
			drain->got_drained ? "ends, and did not"
					   : "does not end, and did");
	rounds = round((drain->end - drain->got_end) / 5);
	if (fabs(rounds) > 1 ||
		fabs(drain->end - drain->got_end - 5 * rounds) > 1.3)
		conformance_differs(c, "drain of %s: takes %.1f s, not %.1f s",
			drain->node, drain->got_end - drain->start,
			drain->end - drain->start);
}
