#include "harness/gate/looks.h"

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

double tw_look_share(const struct tw_looks *looks, size_t n)
{
	double before = 0;

	if (looks->most <= looks->first || n < looks->first)
		return 1;
	for (size_t at = looks->first; at; at = tw_look_next(looks, at)) {
		size_t next = tw_look_next(looks, at);

		if (!next || next > n)
			return spent(looks, at) - before;
		before = spent(looks, at);
	}
	tw_unreachable();
}
