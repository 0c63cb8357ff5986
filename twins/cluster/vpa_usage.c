#include "twins/cluster/vpa_usage.h"

#include "twins/kernel/fmath.h"

/* model/types.go, MaxResourceAmount */
#define MOST 100000000000000.0

#define LN_2 0.693147180559945309417

void tw_vpa_scales_init(struct tw_vpa_scales *scales, struct tw_arena *arena)
{
	tw_vpa_scale_init(&scales->of[TW_VERTICAL_CPU], arena, TW_VPA_CPU_MAX,
		TW_VPA_CPU_FIRST, TW_VPA_GROWTH, TW_VPA_EPSILON);
	tw_vpa_scale_init(&scales->of[TW_VERTICAL_MEMORY], arena,
		TW_VPA_MEMORY_MAX, TW_VPA_MEMORY_FIRST, TW_VPA_GROWTH,
		TW_VPA_EPSILON);
}

void tw_vpa_usage_init(struct tw_vpa_usage *it, struct tw_arena *arena,
	const struct tw_vpa_scales *scales)
{
	*it = (struct tw_vpa_usage){0};
	for (int r = 0; r < TW_VERTICAL_RESOURCES; r++)
		tw_vpa_histogram_init(
			&it->of[r], arena, &scales->of[r], TW_VPA_HALF_LIFE);
}

/* ---- samples -------------------------------------------------------- */

static double cores_of(int64_t thousandths)
{
	return (double)thousandths / 1000;
}

static double cpu_weight(int64_t request)
{
	double cores = cores_of(request);

	return cores > TW_VPA_MIN_WEIGHT ? cores : TW_VPA_MIN_WEIGHT;
}

static void count(struct tw_vpa_usage *to, tw_time at)
{
	if (!to->samples || at > to->last)
		to->last = at;
	if (!to->samples || at < to->first)
		to->first = at;
	to->samples++;
}

bool tw_vpa_add_cpu(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t used, int64_t request)
{
	if (used < 0 || (of->has_cpu && at <= of->cpu_at))
		return false;
	of->has_cpu = true;
	of->cpu_at = at;
	tw_vpa_histogram_add(&to->of[TW_VERTICAL_CPU], cores_of(used),
		cpu_weight(request), at);
	count(to, at);
	return true;
}

void tw_vpa_add_unknown_cpu(struct tw_vpa_usage *to, tw_time at)
{
	count(to, at);
}

static bool add_peak(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t used, bool is_oom)
{
	struct tw_vpa_histogram *peaks = &to->of[TW_VERTICAL_MEMORY];
	int64_t old = of->memory > of->oom ? of->memory : of->oom;

	if (used < 0 || (!is_oom && of->begun && at < of->memory_at))
		return false;
	if (!of->begun)
		of->window_end = at;
	of->begun = true;
	of->memory_at = at;
	if (at < of->window_end) {
		if (!old || used <= old)
			return true;
		tw_vpa_histogram_subtract(
			peaks, (double)old, 1, of->window_end);
	} else {
		of->window_end +=
			((at - of->window_end) / TW_VPA_MEMORY_INTERVAL + 1) *
			TW_VPA_MEMORY_INTERVAL;
		of->memory = of->oom = 0;
	}
	tw_vpa_histogram_add(peaks, (double)used, 1, of->window_end);
	*(is_oom ? &of->oom : &of->memory) = used;
	return true;
}

bool tw_vpa_add_memory(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t used)
{
	return add_peak(to, of, at, used, false);
}

bool tw_vpa_add_oom(struct tw_vpa_usage *to, struct tw_vpa_peaks *of,
	tw_time at, int64_t request)
{
	int64_t had = request > of->memory ? request : of->memory;
	int64_t least = had + TW_VPA_OOM_LEAST;
	int64_t more = (int64_t)((double)had * TW_VPA_OOM_RATIO);

	if (of->begun && at < of->window_end - TW_VPA_MEMORY_INTERVAL)
		return false;
	return add_peak(to, of, at, more > least ? more : least, true);
}

/* ---- what it makes of them ------------------------------------------ */

static int64_t amount(double of)
{
	if (!(of > 0))
		return 0;
	return (int64_t)(of < MOST ? of : MOST);
}

double tw_vpa_confidence(const struct tw_vpa_usage *it)
{
	double days = (double)(it->last - it->first) / TW_VPA_CONFIDENCE;
	double sampled =
		(double)it->samples / (double)(TW_VPA_CONFIDENCE / (60 * TW_S));

	return days < sampled ? days : sampled;
}

/* Exactly, for amounts are cut off. */
static double power(double x, int n)
{
	double to = 1;

	for (int i = 0; i < (n < 0 ? -n : n); i++)
		to *= x;
	return n < 0 ? 1 / to : to;
}

int64_t tw_vpa_by_confidence(
	int64_t base, double confidence, double multiplier, int exponent)
{
	if (!(confidence > 0))
		return exponent < 0 ? 0 : (int64_t)MOST;
	return amount(
		(double)base * power(1 + multiplier / confidence, exponent));
}

int64_t tw_vpa_with_margin(int64_t base, double fraction)
{
	return base + amount((double)base * fraction);
}

static int64_t percentile(const struct tw_vpa_usage *it,
	enum tw_vertical_resource resource, double p)
{
	double value = tw_vpa_histogram_percentile(&it->of[resource], p);

	return tw_vpa_with_margin(
		amount(resource == TW_VERTICAL_CPU ? value * 1000 : value),
		TW_VPA_MARGIN);
}

/* ScaleResource() of CPUAmountFromCores(), MemoryAmountFromBytes(). */
static int64_t least_of(enum tw_vertical_resource resource, uint32_t containers)
{
	double pod = resource == TW_VERTICAL_CPU ? TW_VPA_MIN_CPU
						 : (double)TW_VPA_MIN_MEMORY;

	return amount(pod / containers);
}

static int64_t at_least(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t bounded(int64_t it, int64_t min, int64_t max)
{
	if (min && it < min)
		it = min;
	return max && it > max ? max : it;
}

struct tw_advice tw_vpa_recommend(const struct tw_vpa_usage *it,
	enum tw_vertical_resource resource, uint32_t containers, int64_t min,
	int64_t max)
{
	double confidence = tw_vpa_confidence(it);
	int64_t least = least_of(resource, containers);
	struct tw_advice to = {.has = true};

	if (tw_vpa_histogram_is_empty(&it->of[resource]))
		return (struct tw_advice){0};
	to.uncapped = at_least(percentile(it, resource, TW_VPA_TARGET), least);
	to.target = bounded(to.uncapped, min, max);
	to.lower =
		bounded(at_least(tw_vpa_by_confidence(
					 percentile(it, resource, TW_VPA_LOWER),
					 confidence, 0.001, -2),
				least),
			min, max);
	to.upper =
		bounded(at_least(tw_vpa_by_confidence(
					 percentile(it, resource, TW_VPA_UPPER),
					 confidence, 1, 1),
				least),
			min, max);
	return to;
}

/* ---- a history ------------------------------------------------------ */

/* The value whose percentile is nearest to what was recommended. */
static double sample_of(const struct tw_vpa_histogram *it, double percentile)
{
	uint32_t bucket = tw_vpa_bucket(it->scale, percentile);
	const double *starts = it->scale->starts;

	/* A percentile is the end of its bucket. */
	if (bucket && bucket + 1 < it->scale->n &&
		percentile - starts[bucket] < starts[bucket + 1] - percentile)
		bucket--;
	return starts[bucket];
}

/* Weights add up to that of samples of all these days, one a minute, and
 * peaks, one a day, as they halve. */
static double weight_of(
	enum tw_vertical_resource resource, int64_t request, double days)
{
	double left = 1 - tw_exp(-days * LN_2);

	return resource == TW_VERTICAL_CPU
		       ? left * 24 * 60 / LN_2 * cpu_weight(request)
		       : left * 2;
}

double tw_vpa_recall(struct tw_vpa_usage *to,
	enum tw_vertical_resource resource, const struct tw_advice *is,
	tw_time history, uint32_t pods)
{
	struct tw_vpa_histogram *it = &to->of[resource];
	double days = (double)history / TW_VPA_CONFIDENCE;
	double unit =
		(resource == TW_VERTICAL_CPU ? 0.001 : 1) / (1 + TW_VPA_MARGIN);
	double lower = (double)is->lower * unit * power(1 + 0.001 / days, 2);
	double target = (double)is->uncapped * unit;
	double upper = (double)is->upper * unit / (1 + 1 / days);
	double weight = pods * weight_of(resource, is->target, days);

	if (lower <= 0 || lower > target)
		lower = target;
	if (upper < target)
		upper = target;
	tw_vpa_histogram_add(it, sample_of(it, lower), weight * 0.6, 0);
	tw_vpa_histogram_add(it, sample_of(it, target), weight * 0.33, 0);
	tw_vpa_histogram_add(it, sample_of(it, upper), weight * 0.07, 0);
	to->first = -history;
	to->last = 0;
	to->samples = (uint64_t)(days * 24 * 60) * pods;
	return sample_of(it, target);
}

void tw_vpa_recall_peak(struct tw_vpa_peaks *of, double peak)
{
	*of = (struct tw_vpa_peaks){.begun = true,
		.window_end = TW_VPA_MEMORY_INTERVAL / 2,
		.memory = (int64_t)peak};
}
