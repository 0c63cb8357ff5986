/*
 * Why a pod fits nowhere, in kube-scheduler's words. Source: Kubernetes 1.36,
 * pkg/scheduler/framework/types.go, FitError: each reason with the number of
 * nodes that have it, in the order of the finished texts; a node may have
 * several of one filter.
 */
#include "twins/cluster/scheduler.h"

#include <stdlib.h>

void tw_sched_say(
	struct tw_arena *arena, struct tw_sched_tally *to, const char *text)
{
	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->v[i].text, text)) {
			to->v[i].n++;
			return;
		}
	tw_vec_push_in(arena, to, ((struct tw_sched_said){text, 1}));
}

void tw_sched_reasons(const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to)
{
	struct tw_sched_reason reason;
	const struct tw_sched_plugin *plugin =
		tw_sched_refuses(cycle, node, &reason);

	if (plugin && plugin->reasons)
		plugin->reasons(cycle, node, arena, to);
	else if (plugin)
		tw_sched_say(arena, to, tw_arena_strdup(arena, reason.text));
}

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void tw_sched_print(const struct tw_sched_tally *tally, size_t n_nodes,
	struct tw_arena *arena, struct tw_buf *to)
{
	const char **texts = tw_new_array(arena, tally->n + 1, const char *);

	for (size_t i = 0; i < tally->n; i++)
		texts[i] = tw_arena_printf(
			arena, "%u %s", tally->v[i].n, tally->v[i].text);
	if (tally->n)
		qsort(texts, tally->n, sizeof *texts, by_text);
	tw_buf_printf(to, "0/%zu nodes are available", n_nodes);
	for (size_t i = 0; i < tally->n; i++)
		tw_buf_printf(to, "%s%s", i ? ", " : ": ", texts[i]);
	tw_buf_add_char(to, '.');
}

size_t tw_sched_n_nodes(const struct tw_scheduler *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nodes.n; i++)
		n += !s->nodes.v[i].absent;
	return n;
}

void tw_sched_explain(const struct tw_sched_cycle *cycle, struct tw_buf *why)
{
	struct tw_sched_tally tally = {0};
	struct tw_arena arena;

	/* Of a pre-filter: no node was asked (PreFilterMsg). */
	if (cycle->s->volumes && cycle->s->volumes->unbound) {
		tw_buf_printf(why, "0/%zu nodes are available: %s.",
			tw_sched_n_nodes(cycle->s), cycle->s->volumes->unbound);
		return;
	}
	tw_arena_init(&arena);
	for (uint32_t i = 0; i < cycle->s->nodes.n; i++)
		tw_sched_reasons(cycle, i, &arena, &tally);
	tw_sched_print(&tally, tw_sched_n_nodes(cycle->s), &arena, why);
	tw_arena_release(&arena);
}
