#include "harness/gate/looks.h"

#include "harness/gate/boundaries.h"
#include "twins/base/assert.h"

size_t tw_look_next(const struct tw_looks *looks, size_t n)
{
	size_t step;

	tw_assert(looks->first >= 1);
	if (n < looks->first)
		return looks->first;
	if (n >= looks->most)
		return 0;
	step = (n + 1) / 2;
	/* What would be left after it, if less than a step, is no look more. */
	return looks->most - n < 2 * step ? looks->most : n + step;
}

size_t tw_look_number(const struct tw_looks *looks, size_t n)
{
	size_t number = 0;

	for (size_t at = looks->first; at && at <= n;
		at = tw_look_next(looks, at))
		number++;
	return number;
}

static double spent(const struct tw_looks *looks, size_t n)
{
	double t = (double)n / (double)looks->most;

	return t * t;
}

/* At what runs, and what is spent there of an error of 1. */
static void lay_out(
	const struct tw_looks *looks, struct tw_look_plan *plan, double *spend)
{
	double before = 0;

	for (size_t at = looks->first; at; at = tw_look_next(looks, at)) {
		tw_assert(plan->n < TW_LOOKS_MAX);
		spend[plan->n] = spent(looks, at) - before;
		before = spent(looks, at);
		plan->look[plan->n].alpha = plan->alpha;
		plan->look[plan->n].sum = spend[plan->n];
		plan->at[plan->n++] = at;
	}
}

void tw_look_plan(
	const struct tw_looks *looks, double alpha, struct tw_look_plan *plan)
{
	double spend[TW_LOOKS_MAX], errors[TW_LOOKS_MAX];
	double levels[TW_LOOKS_MAX];

	tw_assert(alpha > 0 && alpha < 0.5);
	if (plan->looks.first == looks->first &&
		plan->looks.most == looks->most && !(plan->alpha < alpha) &&
		!(plan->alpha > alpha))
		return;
	*plan = (struct tw_look_plan){.looks = *looks, .alpha = alpha};
	if (looks->most <= looks->first)
		return;
	lay_out(looks, plan, spend);
	for (size_t i = 0; i < TW_LOOK_ERRORS; i++, alpha /= 8) {
		for (size_t k = 0; k < plan->n; k++)
			errors[k] = alpha * spend[k];
		tw_boundaries(plan->at, errors, plan->n, levels);
		for (size_t k = 0; k < plan->n; k++)
			plan->look[k].share[i] = levels[k] / alpha;
	}
}

struct tw_look tw_look_at(const struct tw_look_plan *plan, size_t n)
{
	struct tw_look look = {0};

	for (size_t k = 0; k < plan->n && plan->at[k] <= n; k++)
		look = plan->look[k];
	return look;
}

double tw_look_level(const struct tw_look *look, double alpha)
{
	return look->alpha > 0 ? alpha * look->share[0] : alpha;
}

double tw_look_p(const struct tw_look *look, double p)
{
	double error, all;

	if (!(look->alpha > 0))
		return p;
	error = look->alpha;
	for (size_t i = 1; i < TW_LOOK_ERRORS; i++)
		error /= 8;
	all = p / look->sum;
	/* From the smallest on: between two errors the levels of the smaller
	 * one are right, too, since the shares rise with the error. */
	for (size_t i = TW_LOOK_ERRORS; i-- && all > error; error *= 8) {
		all = p / look->share[i];
		all = all > error ? all : error;
		if (i && all <= error * 8)
			break;
	}
	return all < 1 ? all : 1;
}
