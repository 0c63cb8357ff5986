#include "harness/report/opinion.h"

const char *tw_opinion_name(
	const struct tw_opinion *opinion, struct tw_arena *arena)
{
	return tw_arena_printf(
		arena, "judge %s %s", opinion->judge, opinion->file);
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
