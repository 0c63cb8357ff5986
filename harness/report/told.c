/* What a report has said already, and does not say again. */
#include "harness/report/told.h"

#include <string.h>

void tw_told_init(struct tw_told *told, struct tw_arena *arena, bool verbose)
{
	*told = (struct tw_told){.arena = arena, .verbose = verbose};
	tw_map_init(&told->said, arena);
	tw_map_init(&told->causes, arena);
}

void tw_told_scenario(
	struct tw_told *told, const struct tw_scenario_result *scenario)
{
	told->scenario = scenario;
	tw_map_init(&told->said, told->arena);
}

/* The lines from i on that belong to one heading, as one text. */
static const char *block_text(
	struct tw_arena *arena, const struct tw_evidence_lines *lines, size_t i)
{
	const char *text = tw_arena_printf(
		arena, "%s\t%s", lines->v[i].head, lines->v[i].text);

	while (++i < lines->n && !lines->v[i].head[0])
		text = tw_arena_printf(arena, "%s\n%s", text, lines->v[i].text);
	return text;
}

/* Causes that callers decide have one of them in their name; what a callee
 * does is the same whoever calls. */
static const char *cause_name(struct tw_arena *arena, const struct tw_edge *e)
{
	bool callers =
		e->cause == TW_CAUSE_RETRIES || e->cause == TW_CAUSE_CALLS ||
		e->cause == TW_CAUSE_TIMEOUT ||
		e->cause == TW_CAUSE_UNREACHED ||
		e->cause == TW_CAUSE_NETWORK || e->cause == TW_CAUSE_BACKOFF;

	return tw_arena_printf(arena, "%s%s%s: %s", callers ? e->caller : "",
		callers ? " -> " : "", e->service, tw_cause_texts[e->cause]);
}

/* "as in steady: …" where an earlier scenario has the same cause, else NULL. */
static const char *as_before(struct tw_told *told, const struct tw_group *group)
{
	const struct tw_blame *blame = group->blame;
	const char *name, *first, *here = told->scenario->name;

	if (!blame || !blame->guilty || told->verbose)
		return NULL;
	name = cause_name(told->arena, blame->guilty);
	first = tw_map_get(&told->causes, name);
	if (!first)
		tw_map_put(&told->causes, name,
			tw_arena_strdup(told->arena, here));
	if (!first || !strcmp(first, here))
		return NULL;
	return tw_arena_printf(told->arena, "as in %s: %s", first, name);
}

/* What a cause that was told has told with it. */
static bool is_of_cause(const char *head)
{
	static const char *const heads[] = {
		"to do", "power", "path", "edges", "such as"};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (!strcmp(head, heads[i]))
			return true;
	return false;
}

void tw_told_choose(struct tw_told *told, const struct tw_group *group,
	struct tw_evidence_lines *lines, bool *shown)
{
	const char *before = as_before(told, group);

	for (size_t i = 0; i < lines->n; i++) {
		struct tw_evidence_line *it = &lines->v[i];

		shown[i] = i && shown[i - 1];
		if (!it->head[0])
			continue;
		if (before && !strcmp(it->head, "guilty"))
			it->text = before;
		shown[i] = tw_map_put(
			&told->said, block_text(told->arena, lines, i), NULL);
		if (!strcmp(it->head, "measured") &&
			group->reason == TW_REASON_BEYOND)
			shown[i] = false;
		if (before && is_of_cause(it->head) &&
			it->text != group->advice)
			shown[i] = false;
	}
}
