/* What the cases of the autoscaler have in common. */
#include "tests/conformance/hpa.h"

tw_time hpa_seconds(const struct tw_yaml *map, const char *key)
{
	return (tw_time)(conformance_get_real(map, key, 0) * (double)TW_S);
}

bool hpa_given(const struct tw_yaml *map, const char *key)
{
	const struct tw_yaml *it = tw_yaml_get(map, key);

	return it && !tw_yaml_is_null(it);
}

bool hpa_text_is(const struct tw_yaml *map, const char *key, const char *v)
{
	return !strcmp(conformance_get_text(map, key, ""), v);
}

/* ---- pods and samples ----------------------------------------------- */

static enum tw_hpa_phase phase_of(const char *text)
{
	static const char *const phases[] = {
		"Pending", "Running", "Succeeded", "Failed"};

	for (int i = 0; i < 4; i++)
		if (!strcmp(text, phases[i]))
			return (enum tw_hpa_phase)i;
	return TW_HPA_RUNNING;
}

/* Of one container or all; false: a value that counts is missing. */
static bool usage_of(
	const struct tw_yaml *sample, const char *container, int64_t *to)
{
	const struct tw_yaml *usage = tw_yaml_get(sample, "usage");
	bool found = false;

	if (!usage) {
		*to = conformance_get_int(sample, "value", 0);
		return hpa_given(sample, "value");
	}
	for (size_t i = 0; i < tw_yaml_count(usage); i++) {
		const struct tw_yaml *it = tw_yaml_item(usage, i);

		if (container && !hpa_text_is(it, "name", container))
			continue;
		if (!hpa_given(it, "value"))
			return false;
		*to += conformance_get_int(it, "value", 0);
		found = true;
	}
	return found;
}

static void sample_into(const struct tw_yaml *sample, const char *container,
	struct tw_hpa_pod *to)
{
	to->has_sample = usage_of(sample, container, &to->value);
	to->sampled = hpa_seconds(sample, "time_s");
	to->window = hpa_seconds(sample, "window_s");
}

static const struct tw_yaml *sample_of(
	const struct tw_yaml *samples, const char *pod)
{
	for (size_t i = 0; i < tw_yaml_count(samples); i++)
		if (hpa_text_is(tw_yaml_item(samples, i), "pod", pod))
			return tw_yaml_item(samples, i);
	return NULL;
}

static size_t containers_of(const struct tw_yaml *list, const char *resource,
	bool init, struct tw_hpa_container *to)
{
	size_t n = tw_yaml_count(list);

	for (size_t i = 0; i < n; i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);
		const struct tw_yaml *requests = tw_yaml_get(it, "requests");
		const struct tw_yaml *from = requests ? requests : it;
		const char *key = requests ? resource : "request";

		to[i] = (struct tw_hpa_container){
			.name = conformance_get_text(it, "name", ""),
			.has_request = hpa_given(from, key),
			.request = conformance_get_int(from, key, 0),
			.init = init,
			.sidecar = hpa_text_is(it, "restart_policy", "Always")};
	}
	return n;
}

bool hpa_request_of(struct conformance *c, const struct tw_yaml *pod,
	const char *resource, const char *container, bool pod_level,
	int64_t *to)
{
	const struct tw_yaml *plain = tw_yaml_get(pod, "containers");
	const struct tw_yaml *init = tw_yaml_get(pod, "init_containers");
	const struct tw_yaml *own = tw_yaml_get(pod, "pod_requests");
	struct tw_hpa_container *all = tw_new_array(&c->arena,
		tw_yaml_count(plain) + tw_yaml_count(init) + 1,
		struct tw_hpa_container);
	const struct tw_hpa_pod_level level = {hpa_given(own, resource),
		conformance_get_int(own, resource, 0)};
	size_t n = containers_of(plain, resource, false, all);

	n += containers_of(init, resource, true, all + n);
	return tw_hpa_request(all, n, container,
		pod_level && own && !tw_yaml_is_null(own) ? &level : NULL, to);
}

static struct tw_hpa_pod pod_of(
	struct conformance *c, const struct tw_yaml *pod, const char *container)
{
	struct tw_hpa_pod to = {
		.phase = phase_of(conformance_get_text(pod, "phase", "")),
		.deleting = conformance_get_bool(pod, "deleting", false),
		.has_condition = hpa_given(pod, "ready"),
		.ready = conformance_get_bool(pod, "ready", false),
		.has_start = hpa_given(pod, "start_s"),
		.ready_change = hpa_seconds(pod, "ready_change_s"),
		.start = hpa_seconds(pod, "start_s")};

	to.has_request =
		hpa_request_of(c, pod, "cpu", container, false, &to.request);
	return to;
}

/* Pods with their samples, and samples of pods that are not there. */
struct tw_hpa_pod *hpa_pods(
	struct conformance *c, const char *container, size_t *n)
{
	const struct tw_yaml *pods = tw_yaml_get(c->in, "pods");
	const struct tw_yaml *samples = tw_yaml_get(c->in, "samples");
	struct tw_hpa_pod *to = tw_new_array(&c->arena,
		tw_yaml_count(pods) + tw_yaml_count(samples) + 1,
		struct tw_hpa_pod);

	*n = tw_yaml_count(pods);
	for (size_t i = 0; i < *n; i++) {
		const struct tw_yaml *pod = tw_yaml_item(pods, i);
		const struct tw_yaml *sample = sample_of(
			samples, conformance_get_text(pod, "name", ""));

		to[i] = pod_of(c, pod, container);
		if (sample)
			sample_into(sample, container, &to[i]);
	}
	for (size_t i = 0; i < tw_yaml_count(samples); i++) {
		const struct tw_yaml *sample = tw_yaml_item(samples, i);
		const char *name = conformance_get_text(sample, "pod", "");
		bool known = false;

		for (size_t p = 0; p < tw_yaml_count(pods); p++)
			known |= hpa_text_is(
				tw_yaml_item(pods, p), "name", name);
		if (known)
			continue;
		to[*n] = (struct tw_hpa_pod){.stranger = true};
		sample_into(sample, container, &to[(*n)++]);
	}
	return to;
}

int64_t *hpa_values(struct conformance *c, size_t *n)
{
	const struct tw_yaml *list = tw_yaml_get(c->in, "values");
	int64_t *to = tw_new_array(&c->arena, tw_yaml_count(list) + 1, int64_t);

	*n = tw_yaml_count(list);
	for (size_t i = 0; i < *n; i++)
		tw_yaml_int(tw_yaml_item(list, i), &to[i]);
	return to;
}

struct tw_hpa_timing hpa_timing(const struct tw_yaml *in)
{
	return (struct tw_hpa_timing){
		(tw_time)(conformance_get_real(in, "cpu_init_s", 120) *
			  (double)TW_S),
		(tw_time)(conformance_get_real(in, "ready_delay_s", 10) *
			  (double)TW_S)};
}

/* ---- behaviour and log ----------------------------------------------- */

static enum tw_hpa_select select_of(const char *text)
{
	if (!strcmp(text, "Min"))
		return TW_HPA_MIN;
	return strcmp(text, "Disabled") ? TW_HPA_MAX : TW_HPA_DISABLED;
}

/* null: the defaults. */
const struct tw_hpa_rules *hpa_rules(
	const struct tw_yaml *it, bool up, struct hpa_rules *to)
{
	const struct tw_yaml *list = tw_yaml_get(it, "policies");

	tw_hpa_default_rules(up, &to->it);
	if (!it || tw_yaml_is_null(it))
		return &to->it;
	if (hpa_given(it, "window_s"))
		to->it.window = hpa_seconds(it, "window_s");
	to->it.select = select_of(conformance_get_text(it, "select", "Max"));
	if (!list)
		return &to->it;
	to->it.policies = to->policies;
	to->it.n = 0;
	for (size_t i = 0; i < tw_yaml_count(list) && i < 8; i++) {
		const struct tw_yaml *policy = tw_yaml_item(list, i);

		to->policies[to->it.n++] = (struct tw_hpa_policy){
			hpa_text_is(policy, "type", "Percent"),
			conformance_get_int(policy, "value", 0),
			hpa_seconds(policy, "period_s")};
	}
	return &to->it;
}

void hpa_recommendations(
	const struct tw_yaml *list, struct tw_hpa_recommendations *to)
{
	for (size_t i = 0; i < tw_yaml_count(list); i++) {
		const struct tw_yaml *it = tw_yaml_item(list, i);

		tw_vec_push(
			to, ((struct tw_hpa_recommendation){
				    -hpa_seconds(it, "age_s"),
				    conformance_get_int(it, "replicas", 0)}));
	}
}
