#include "harness/judges/openslo.h"

#include "twins/base/units.h"

/* The rate over the slices (end - n, end]; windows that begin before the run
 * count what there is of them. */
static double rate(
	const struct tw_slo_slices *s, size_t end, size_t n, double budget)
{
	size_t from = end + 1 > n ? end + 1 - n : 0;
	double bad = 0, all = 0;

	for (size_t i = from; i <= end; i++) {
		if (s->bad.v[i] != s->bad.v[i])
			continue;
		bad += s->bad.v[i] * s->calls.v[i];
		all += s->calls.v[i];
	}
	return all > 0 ? bad / all / budget : 0;
}

static size_t slices_in(tw_time window, tw_time slice)
{
	size_t n = (size_t)((window + slice - 1) / slice);

	return n ? n : 1;
}

struct tw_slo_burn tw_slo_burn_of(
	const struct tw_slo_slices *s, const struct tw_slo_rule *rule)
{
	struct tw_slo_burn burn = {0, TW_NEVER};
	size_t wide = slices_in(rule->window, s->slice);
	size_t narrow = slices_in(rule->window / 12, s->slice);
	size_t needed = slices_in(rule->after, s->slice), held = 0;

	for (size_t i = 0; i < s->bad.n; i++) {
		double a = rate(s, i, wide, rule->budget);
		double b = rate(s, i, narrow, rule->budget);
		double both = a < b ? a : b;

		if (both > burn.most)
			burn.most = both;
		held = both > rule->threshold ||
				       (rule->at_least &&
					       both == rule->threshold)
			       ? held + 1
			       : 0;
		if (held >= needed && burn.fires_at == TW_NEVER)
			burn.fires_at = (tw_time)(i + 1) * s->slice;
	}
	return burn;
}
