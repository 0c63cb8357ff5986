#include "twins/cluster/hpa_replicas.h"

#include "twins/base/assert.h"
#include "twins/kernel/fmath.h"

#include <string.h>

/* int32, the type of replicas. */
#define MOST 2147483647

static int64_t add(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

static int64_t replicas_of(double x)
{
	return x >= MOST ? MOST : (int64_t)tw_ceil(x);
}

static bool within(const struct tw_hpa_tolerance *tolerance, double ratio)
{
	double off = 1.0 - ratio;

	if (tolerance->by_difference)
		return (off < 0 ? -off : off) <= tolerance->up;
	return 1.0 - tolerance->down <= ratio && ratio <= 1.0 + tolerance->up;
}

/* ---- pods ----------------------------------------------------------- */

static bool unready_for_cpu(const struct tw_hpa_pod *pod,
	const struct tw_hpa_timing *timing, tw_time now)
{
	if (!pod->has_condition || !pod->has_start)
		return true;
	/* It may still be starting: a sample counts once a whole window has
	 * passed since it became ready. */
	if (pod->start + timing->cpu_init > now)
		return !pod->ready ||
		       pod->sampled < pod->ready_change + pod->window;
	/* It is not ready, and never was. */
	return !pod->ready &&
	       pod->start + timing->ready_delay > pod->ready_change;
}

enum tw_hpa_group tw_hpa_group_of(const struct tw_hpa_pod *pod, bool cpu,
	const struct tw_hpa_timing *timing, tw_time now)
{
	if (pod->deleting || pod->phase == TW_HPA_FAILED)
		return TW_HPA_IGNORED;
	if (pod->phase == TW_HPA_PENDING)
		return TW_HPA_UNREADY;
	if (!pod->has_sample)
		return TW_HPA_MISSING;
	if (cpu && unready_for_cpu(pod, timing, now))
		return TW_HPA_UNREADY;
	return TW_HPA_READY;
}

static bool counts(const struct tw_hpa_container *it, const char *container)
{
	if (it->init && !it->sidecar)
		return false;
	return !container || !strcmp(container, it->name);
}

bool tw_hpa_request(const struct tw_hpa_container *containers, size_t n,
	const char *container, const struct tw_hpa_pod_level *pod_level,
	int64_t *to)
{
	size_t have = 0, lack = 0;

	*to = 0;
	if (pod_level && pod_level->has_request && !container) {
		*to = pod_level->request;
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		const struct tw_hpa_container *it = &containers[i];

		if (!counts(it, container))
			continue;
		if (it->has_request)
			*to = add(*to, it->request);
		have += it->has_request;
		lack += !it->has_request;
	}
	if (container)
		return have && !lack;
	return pod_level ? have : !lack;
}

/* ---- metrics of pods ------------------------------------------------ */

/* What is taken into account, and with which value: the map of samples from
 * which the calculator takes and to which it adds. */
struct sums {
	int64_t value, request;
	size_t n;     /* samples */
	size_t known; /* of them, of pods that the selector selects */
};

static void count(
	struct sums *sums, const struct tw_hpa_pod *pod, int64_t value)
{
	sums->n++;
	if (pod->stranger)
		return;
	sums->known++;
	sums->value = add(sums->value, value);
	sums->request = add(sums->request, pod->request);
}

/* The ratio to the target, and what is reported. False: the requests add up
 * to nothing. */
static bool ratio_of(const struct tw_hpa_ask *ask, const struct sums *sums,
	double *ratio, struct tw_hpa_answer *to)
{
	if (ask->type == TW_HPA_UTILIZATION) {
		if (!sums->request)
			return false;
		to->utilization =
			(int64_t)((__int128)sums->value * 100 / sums->request);
		to->value = sums->value / (int64_t)sums->known;
		*ratio = (double)to->utilization / (double)ask->target;
		return true;
	}
	to->value = sums->value / (int64_t)sums->n;
	*ratio = (double)to->value / (double)ask->target;
	return true;
}

/* What a pod without a sample is taken to use. */
static int64_t fallback(const struct tw_hpa_ask *ask,
	const struct tw_hpa_pod *pod, double ratio)
{
	if (ask->type == TW_HPA_UTILIZATION)
		return ratio < 1 ? pod->request *
					   (ask->target > 100 ? ask->target
							      : 100) /
					   100
				 : 0;
	return ratio < 1 ? ask->target : 0;
}

struct groups {
	struct sums ready; /* with those that are strangers */
	size_t n_ready, n_unready, n_missing;
};

static enum tw_hpa_group group_of(
	const struct tw_hpa_ask *ask, const struct tw_hpa_pod *pod)
{
	return tw_hpa_group_of(pod,
		ask->cpu && (ask->source == TW_HPA_RESOURCE ||
				    ask->source == TW_HPA_CONTAINER),
		&ask->timing, ask->now);
}

static void group(const struct tw_hpa_ask *ask, struct groups *to)
{
	*to = (struct groups){0};
	for (size_t i = 0; i < ask->n_pods; i++) {
		const struct tw_hpa_pod *pod = &ask->pods[i];

		if (pod->stranger) {
			/* A raw value of anybody counts; of utilization only
			 * that there is one. */
			if (ask->type != TW_HPA_UTILIZATION)
				to->ready.value =
					add(to->ready.value, pod->value);
			count(&to->ready, pod, pod->value);
			continue;
		}
		switch (group_of(ask, pod)) {
		case TW_HPA_READY:
			to->n_ready++;
			count(&to->ready, pod, pod->value);
			break;
		case TW_HPA_UNREADY:
			to->n_unready++;
			break;
		case TW_HPA_MISSING:
			to->n_missing++;
			break;
		case TW_HPA_IGNORED:
			break;
		}
	}
}

/* Once more, with those that were set aside as cautiously as the direction
 * asks for. */
static void cautiously(const struct tw_hpa_ask *ask,
	const struct groups *groups, double ratio, struct tw_hpa_answer *to)
{
	struct tw_hpa_answer ignored;
	struct sums sums = groups->ready;
	double now;

	for (size_t i = 0; i < ask->n_pods; i++) {
		const struct tw_hpa_pod *pod = &ask->pods[i];
		enum tw_hpa_group mine;

		if (pod->stranger)
			continue;
		mine = group_of(ask, pod);
		/* At a ratio of 1 missing pods are left out of a utilization,
		 * and count as 0 in a raw value. */
		if (mine == TW_HPA_MISSING &&
			(ratio < 1 || ratio > 1 ||
				ask->type != TW_HPA_UTILIZATION))
			count(&sums, pod, fallback(ask, pod, ratio));
		else if (mine == TW_HPA_UNREADY && ratio > 1)
			count(&sums, pod, 0);
	}
	to->replicas = ask->current;
	if (!ratio_of(ask, &sums, &now, &ignored)) {
		to->error = TW_HPA_NO_KNOWN_PODS;
		return;
	}
	if (within(&ask->tolerance, now) || (ratio < 1 && now > 1) ||
		(ratio > 1 && now < 1))
		return;
	to->replicas = replicas_of(now * (double)sums.n);
	if ((now < 1 && to->replicas > ask->current) ||
		(now > 1 && to->replicas < ask->current))
		to->replicas = ask->current;
}

static enum tw_hpa_error ready_to_ask(
	const struct tw_hpa_ask *ask, struct groups *groups)
{
	size_t samples = 0, selected = 0;
	bool requests = true;

	for (size_t i = 0; i < ask->n_pods; i++) {
		samples += ask->pods[i].has_sample;
		selected += !ask->pods[i].stranger;
		requests &= ask->pods[i].stranger || ask->pods[i].has_request;
	}
	if (!samples)
		return TW_HPA_NO_METRICS;
	if (!selected)
		return TW_HPA_NO_PODS;
	group(ask, groups);
	if (!groups->ready.n)
		return TW_HPA_NO_USABLE_METRICS;
	if (ask->type == TW_HPA_UTILIZATION && !requests)
		return TW_HPA_NO_REQUEST;
	return TW_HPA_OK;
}

static void of_pods(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to)
{
	struct groups groups;
	double ratio;

	to->error = ready_to_ask(ask, &groups);
	if (to->error)
		return;
	if (!ratio_of(ask, &groups.ready, &ratio, to)) {
		to->error = TW_HPA_NO_KNOWN_PODS;
		return;
	}
	if ((groups.n_unready && ratio > 1) || groups.n_missing)
		cautiously(ask, &groups, ratio, to);
	else if (within(&ask->tolerance, ratio))
		to->replicas = ask->current;
	else
		to->replicas = replicas_of(ratio * (double)groups.n_ready);
}

/* ---- metrics of something else -------------------------------------- */

static void of_value(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to)
{
	double ratio = (double)to->value / (double)ask->target;
	size_t ready = 0, selected = 0;

	to->replicas = ask->current;
	if (!ask->current) {
		to->replicas = replicas_of(ratio);
		return;
	}
	if (within(&ask->tolerance, ratio))
		return;
	for (size_t i = 0; i < ask->n_pods; i++) {
		const struct tw_hpa_pod *pod = &ask->pods[i];

		selected += !pod->stranger;
		ready += !pod->stranger && pod->phase == TW_HPA_RUNNING &&
			 pod->has_condition && pod->ready;
	}
	if (!selected)
		to->error = TW_HPA_NO_PODS;
	to->replicas = replicas_of(ratio * (double)ready);
}

static void of_average(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to)
{
	double usage = (double)to->value, target = (double)ask->target;

	to->replicas = ask->status;
	if (!within(&ask->tolerance, usage / (target * (double)ask->status)))
		to->replicas = replicas_of(usage / target);
	to->value =
		ask->status ? (int64_t)tw_ceil(usage / (double)ask->status) : 0;
}

static void of_thing(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to)
{
	if (!ask->n_values) {
		to->error = TW_HPA_NO_METRICS;
		return;
	}
	if (ask->source == TW_HPA_OBJECT)
		to->value = ask->values[0];
	else
		for (size_t i = 0; i < ask->n_values; i++)
			to->value = add(to->value, ask->values[i]);
	if (ask->type == TW_HPA_AVERAGE_VALUE)
		of_average(ask, to);
	else
		of_value(ask, to);
}

void tw_hpa_replicas(const struct tw_hpa_ask *ask, struct tw_hpa_answer *to)
{
	*to = (struct tw_hpa_answer){0};
	switch (ask->source) {
	case TW_HPA_RESOURCE:
	case TW_HPA_CONTAINER:
	case TW_HPA_PODS:
		of_pods(ask, to);
		break;
	case TW_HPA_OBJECT:
	case TW_HPA_EXTERNAL:
		of_thing(ask, to);
		break;
	case TW_HPA_UNKNOWN:
		to->error = TW_HPA_BAD_TYPE;
		break;
	}
}
