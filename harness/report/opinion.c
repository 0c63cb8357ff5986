#include "harness/report/opinion.h"

const char *tw_opinion_name(
	const struct tw_opinion *opinion, struct tw_arena *arena)
{
	return tw_arena_printf(
		arena, "judge %s %s", opinion->judge, opinion->file);
}

const char *tw_opinion_again(const struct tw_scenario_result *scenario,
	const struct tw_opinion *opinion)
{
	if (!opinion->gates || opinion->verdict == TW_VERDICT_PASS)
		return NULL;
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < scenario->checks.v[c]->groups.n; i++)
			if (scenario->checks.v[c]->groups.v[i]->verdict !=
				TW_VERDICT_PASS)
				return NULL;
	return scenario->reproduce;
}

const char *tw_opinion_text(
	const struct tw_opinion *opinion, struct tw_arena *arena)
{
	return tw_arena_printf(arena, "%s %s: %s%s", opinion->judge,
		opinion->file, opinion->answer,
		opinion->gates ? "" : " (told, not counted)");
}

const char *tw_opinion_line_text(const struct tw_opinion *opinion,
	const struct tw_opinion_line *line, struct tw_arena *arena)
{
	return tw_arena_printf(arena, "%s: %s; %s (%s:%d)", line->name,
		line->answer, line->text,
		line->pos.file ? line->pos.file : opinion->file,
		line->pos.line);
}
