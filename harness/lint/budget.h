/*
 * Private to harness/lint: how long calls may take at worst by their timeouts,
 * tries and back-offs alone. Work is left out: a lower bound of the worst
 * case, so a finding made of it is certain.
 */
#ifndef TW_HARNESS_LINT_BUDGET_H
#define TW_HARNESS_LINT_BUDGET_H

#include "harness/lint/rules.h"

struct tw_budget {
	const struct tw_model *model;
	tw_time *worst; /* of each program; -1: not known yet */
};

void tw_budget_init(struct tw_budget *budget, const struct tw_model *model);
void tw_budget_release(struct tw_budget *budget);

/* Until the last of a program's calls has given up; 0 where nothing bounds
 * any of them. */
tw_time tw_budget_program(struct tw_budget *budget, uint32_t program);
/* The same of one call step, all tries together. */
tw_time tw_budget_call(struct tw_budget *budget, const struct tw_step *step);
/* Of the callee, within one try. */
tw_time tw_budget_inner(struct tw_budget *budget, const struct tw_step *step);
/* When the caller gives up on one try; 0: never. */
tw_time tw_budget_outer(
	const struct tw_model *model, const struct tw_step *step);

/* Every call step of every program, in order. */
typedef void tw_budget_visit(
	void *to, uint32_t program, const struct tw_step *step);
void tw_budget_walk(
	const struct tw_model *model, tw_budget_visit *visit, void *to);
/* The call steps of one program. */
void tw_budget_walk_program(const struct tw_model *model, uint32_t program,
	tw_budget_visit *visit, void *to);

/* "shop/frontend" of a call: who calls, and whom. */
const char *tw_budget_callee(
	const struct tw_model *model, const struct tw_step *step);
const char *tw_budget_caller(const struct tw_model *model, uint32_t program);

#endif
