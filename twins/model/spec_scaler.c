/*
 * Which workload an autoscaler is about, and within which bounds.
 */
#include "twins/model/spec.h"

#include <string.h>

static bool scales(const struct tw_spec_autoscaler *scaler,
	const struct tw_spec_workload *workload)
{
	if (strcmp(scaler->namespace, workload->namespace) ||
		!scaler->target_name.v ||
		strcmp(scaler->target_name.v, workload->name))
		return false;
	return !scaler->target_kind.v ||
	       !strcmp(scaler->target_kind.v, workload->kind);
}

/* The pods of before, in a rollout. */
static bool is_old(const struct tw_spec *spec, size_t workload)
{
	return strchr(spec->workloads.v[workload].key, '\n');
}

struct tw_spec_workload *tw_spec_scaled(
	const struct tw_spec *spec, const struct tw_spec_autoscaler *scaler)
{
	for (size_t w = 0; w < spec->workloads.n; w++)
		if (!is_old(spec, w) &&
			scales(scaler, spec->workloads.v[w].value))
			return spec->workloads.v[w].value;
	return NULL;
}

const struct tw_spec_autoscaler *tw_spec_scaler_of(
	const struct tw_spec *spec, const struct tw_spec_workload *workload)
{
	for (size_t i = 0; i < spec->autoscalers.n; i++)
		if (scales(spec->autoscalers.v[i], workload))
			return spec->autoscalers.v[i];
	return NULL;
}

void tw_spec_scaler_bounds(
	const struct tw_spec_autoscaler *scaler, int64_t *min, int64_t *max)
{
	bool keda = !strcmp(scaler->kind, "ScaledObject");

	*min = tw_int_or(scaler->min, keda ? 0 : 1);
	*max = tw_int_or(scaler->max, keda ? TW_KEDA_MAX : *min);
	if (keda && *min < 1)
		*min = 1;
}

void tw_hpa_default_rules(bool up, struct tw_hpa_rules *to)
{
	/* The last one alone is that of scaling down. */
	static const struct tw_hpa_policy policies[] = {
		{false, 4, 15 * TW_S},
		{true, 100, 15 * TW_S},
	};

	*to = (struct tw_hpa_rules){.window = up ? 0 : TW_HPA_DOWNSCALE,
		.policies = up ? policies : policies + 1,
		.n = up ? 2 : 1};
}
