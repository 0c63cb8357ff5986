#include "harness/judges/judges.h"

#include <stdio.h>

const struct tw_judge_kind *const tw_judge_kinds[] = {
	&tw_judge_kayenta,
	&tw_judge_k6,
	&tw_judge_argo,
	&tw_judge_openslo,
	NULL,
};

const struct tw_judge_kind *tw_judge_kind_of(const char *name)
{
	for (size_t i = 0; tw_judge_kinds[i]; i++)
		if (!strcmp(tw_judge_kinds[i]->name, name))
			return tw_judge_kinds[i];
	return NULL;
}

const struct tw_check *tw_judge_measure(struct tw_judge_setup *setup,
	const char *name, struct tw_pos pos, struct tw_diags *diags)
{
	for (size_t i = 0; i < setup->metrics.n; i++)
		if (!strcmp(setup->metrics.v[i].name, name)) {
			setup->metrics.v[i].used = true;
			return setup->metrics.v[i].measure;
		}
	tw_diag(diags, TW_ERROR, pos,
		"nothing says what the metric '%s' is in the twin", name)
		->hint = "add it to the judge's `metrics:` in twinrig.yaml, as "
			 "a measure such as p99(latency{service=\"shop/"
			 "cart\"})";
	return NULL;
}

void tw_judge_answer(
	const struct tw_judge_question *q, struct tw_opinion_line line)
{
	line.name = tw_arena_strdup(q->arena, line.name);
	tw_vec_push_in(q->arena, &q->answer->lines, line);
	if (line.verdict > q->answer->verdict)
		q->answer->verdict = line.verdict;
}

const char *tw_judge_number(struct tw_arena *arena, double value)
{
	char text[40];

	if (value != value)
		return "no data";
	snprintf(text, sizeof text, "%.6g", value);
	return tw_arena_strdup(arena, text);
}

double tw_judge_scaled(const struct tw_judge_setup *setup,
	const struct tw_check *measure, double value)
{
	return tw_check_unit(measure) == TW_UNIT_TIME ? value / setup->unit
						      : value;
}
