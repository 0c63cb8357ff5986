#include "harness/gate/rates.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"
#include "twins/kernel/special.h"

#include <stdbool.h>

struct tw_bounds tw_rate_exact(uint64_t x, uint64_t n, double alpha)
{
	double k = (double)x, rest = (double)(n - x);
	struct tw_bounds bounds = {0, 1};

	tw_assert(n > 0 && x <= n && alpha > 0 && alpha < 0.5);
	if (x)
		bounds.low = tw_beta_inverse(k, rest + 1, alpha);
	if (x < n)
		bounds.high = tw_beta_inverse(k + 1, rest, 1 - alpha);
	return bounds;
}

struct tw_bounds tw_rate_wilson(uint64_t x, uint64_t n, double alpha)
{
	double z = -tw_normal_inverse(alpha), size = (double)n;
	double p = (double)x / size;
	double middle = (p + z * z / (2 * size)) / (1 + z * z / size);
	double half = z / (1 + z * z / size) *
		      sqrt(p * (1 - p) / size + z * z / (4 * size * size));
	struct tw_bounds bounds = {middle - half, middle + half};

	tw_assert(n > 0 && x <= n && alpha > 0 && alpha < 0.5);
	if (!x || bounds.low < 0)
		bounds.low = 0;
	if (x == n || bounds.high > 1)
		bounds.high = 1;
	return bounds;
}

struct tw_bounds tw_rate_difference(
	struct tw_rate c, struct tw_rate b, double factor, double alpha)
{
	struct tw_bounds of_c = tw_rate_wilson(c.x, c.n, alpha);
	struct tw_bounds of_b = tw_rate_wilson(b.x, b.n, alpha);
	double pc = (double)c.x / (double)c.n;
	double pb = (double)b.x / (double)b.n, d = pc - factor * pb;
	double below_c = pc - of_c.low, above_c = of_c.high - pc;
	double below_b = factor * (pb - of_b.low);
	double above_b = factor * (of_b.high - pb);

	return (struct tw_bounds){
		d - sqrt(below_c * below_c + above_b * above_b),
		d + sqrt(above_c * above_c + below_b * below_b),
	};
}

static bool is_beyond(uint64_t x, struct tw_rate b, uint64_t n, double factor,
	double add, double alpha)
{
	struct tw_rate c = {x, n};

	return b.n ? tw_rate_difference(c, b, factor, alpha).low > add
		   : tw_rate_exact(x, n, alpha).low > add;
}

double tw_rate_detectable(struct tw_rate b, uint64_t n, double factor,
	double add, double alpha, double power)
{
	uint64_t low = 0, high = n;

	/* The bound rises with the count. */
	if (!is_beyond(n, b, n, factor, add, alpha))
		return 2;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (is_beyond(middle, b, n, factor, add, alpha))
			high = middle;
		else
			low = middle;
	}
	/* P(X >= high) = power, for X binomial. */
	return tw_beta_inverse((double)high, (double)(n - high) + 1, power);
}

double tw_mcnemar(uint64_t broken, uint64_t fixed)
{
	if (!broken)
		return 1;
	return tw_beta_lower((double)broken, (double)fixed + 1, 0.5);
}
