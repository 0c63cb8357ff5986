/*
 * Job and CronJob (batch/v1). What their pods do is the model's to say; without
 * that they are not run, and none of this counts as modelled.
 */
#include "harness/manifests/reader.h"
#include "twins/model/cron.h"

/* ---- podFailurePolicy and successPolicy ------------------------------ */

static const char *one_of(struct tw_manifest_reader *r, struct tw_yaml *node,
	const char *what, const char *const *words)
{
	struct tw_text text = {0};

	tw_manifest_word(r, node, what, words, &text);
	return text.v;
}

static bool add_codes(
	struct tw_manifest_reader *r, struct tw_yaml *codes, struct tw_buf *to)
{
	static const char *const ops[] = {"In", "NotIn", NULL};
	struct tw_yaml *values = tw_yaml_get(codes, "values");
	const char *op =
		one_of(r, tw_yaml_get(codes, "operator"), "operator", ops);
	int64_t code;

	if (!op)
		return false;
	tw_buf_printf(to, " %s", op);
	for (size_t i = 0; i < tw_yaml_count(values); i++) {
		struct tw_yaml *it = tw_yaml_item(values, i);

		if (!tw_parse_int(tw_yaml_str(it), &code) || code < 0 ||
			code > 255 || (!code && *op == 'I')) {
			tw_manifest_error(r, it,
				"an exit code of a pod that failed is a number "
				"from 1 to 255");
			return false;
		}
		tw_buf_printf(to, " %d", (int)code);
	}
	return true;
}

/* False: it bears on nothing here, or is wrong. */
static bool add_rule(
	struct tw_manifest_reader *r, struct tw_yaml *rule, struct tw_buf *to)
{
	static const char *const actions[] = {
		"Count", "FailIndex", "FailJob", "Ignore", NULL};
	struct tw_yaml *codes = tw_yaml_get(rule, "onExitCodes");
	struct tw_yaml *conditions = tw_yaml_get(rule, "onPodConditions");
	const char *action =
		one_of(r, tw_yaml_get(rule, "action"), "action", actions);

	if (!action)
		return false;
	tw_buf_printf(to, "%s%s", to->n ? "; " : "", action);
	if (codes)
		return add_codes(r, codes, to);
	for (size_t i = 0; i < tw_yaml_count(conditions); i++) {
		const char *type = tw_yaml_text(
			tw_yaml_get(tw_yaml_item(conditions, i), "type"));

		if (type && !strcmp(type, "DisruptionTarget"))
			tw_buf_add_text(to, " DisruptionTarget");
	}
	return true;
}

static void read_failure_policy(struct tw_manifest_reader *r,
	struct tw_yaml *spec, struct tw_spec_workload *to)
{
	struct tw_yaml *policy = tw_yaml_get(spec, "podFailurePolicy");
	struct tw_yaml *rules = tw_yaml_get(policy, "rules");
	struct tw_buf text = {0};
	bool good = tw_yaml_count(rules) > 0;

	for (size_t i = 0; i < tw_yaml_count(rules); i++)
		good &= add_rule(r, tw_yaml_item(rules, i), &text);
	if (good)
		tw_set_text(&to->failure_policy,
			tw_manifest_keep(r, tw_buf_text(&text)),
			tw_manifest_origin(r, policy, NULL));
	tw_buf_release(&text);
}

/* The first rule that asks for a number alone: which index a pod has is no
 * matter here. */
static void read_success_policy(struct tw_manifest_reader *r,
	struct tw_yaml *spec, struct tw_spec_workload *to)
{
	struct tw_yaml *rules =
		tw_yaml_path(spec, "successPolicy", "rules", NULL);

	for (size_t i = 0; i < tw_yaml_count(rules); i++) {
		struct tw_yaml *it = tw_yaml_item(rules, i);

		if (tw_yaml_get(it, "succeededIndexes"))
			continue;
		tw_manifest_int(r, tw_yaml_get(it, "succeededCount"), 1,
			1000000, &to->success_count);
		return;
	}
}

static void read_job_spec(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *to)
{
	tw_manifest_int(r, tw_yaml_get(spec, "parallelism"), 0, 10000,
		&to->parallelism);
	tw_manifest_int(r, tw_yaml_get(spec, "completions"), 1, 1000000,
		&to->completions);
	tw_manifest_int(r, tw_yaml_get(spec, "backoffLimit"), 0, INT32_MAX,
		&to->backoff_limit);
	tw_manifest_seconds(r, tw_yaml_get(spec, "activeDeadlineSeconds"), 1,
		&to->deadline);
	read_failure_policy(r, spec, to);
	read_success_policy(r, spec, to);
	tw_manifest_text(
		r, tw_yaml_get(spec, "podReplacementPolicy"), &to->replacement);
}

static void read_suspend(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *to)
{
	struct tw_yaml *suspend = tw_yaml_get(spec, "suspend");
	bool yes;

	if (tw_yaml_bool(suspend, &yes))
		tw_set_int(&to->suspend, yes,
			tw_manifest_origin(r, suspend, NULL));
}

static void read_schedule(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *to)
{
	struct tw_yaml *node = tw_yaml_get(spec, "schedule");
	struct tw_error error = {0};
	struct tw_cron cron;

	if (!node) {
		tw_manifest_error(r, spec, "'spec.schedule' is missing");
		return;
	}
	if (!tw_manifest_text(r, node, &to->schedule))
		return;
	if (tw_cron_parse(&cron, to->schedule.v, &error))
		tw_manifest_error(r, node, "%s", error.message);
}

static void read_cron(struct tw_manifest_reader *r, struct tw_yaml *spec,
	struct tw_spec_workload *to)
{
	static const char *const policies[] = {
		"Allow", "Forbid", "Replace", NULL};

	read_schedule(r, spec, to);
	tw_manifest_word(r, tw_yaml_get(spec, "concurrencyPolicy"),
		"concurrencyPolicy", policies, &to->concurrency);
	tw_manifest_seconds(r, tw_yaml_get(spec, "startingDeadlineSeconds"), 0,
		&to->starting_deadline);
}

void tw_read_job(struct tw_manifest_reader *r)
{
	const struct tw_object *object = r->object;
	struct tw_yaml *spec = tw_yaml_get(object->doc, "spec");
	struct tw_spec_workload *workload;
	struct tw_yaml *template;

	if (!tw_yaml_is(spec, TW_YAML_MAPPING)) {
		tw_manifest_error(r, spec, "'spec' is missing");
		return;
	}
	workload = tw_spec_workload(r->spec, object->kind, object->namespace,
		object->name, tw_manifest_origin(r, NULL, NULL));
	read_suspend(r, spec, workload);
	if (!strcmp(object->kind, "CronJob")) {
		read_cron(r, spec, workload);
		spec = tw_yaml_path(spec, "jobTemplate", "spec", NULL);
	}
	read_job_spec(r, spec, workload);
	template = tw_yaml_get(spec, "template");
	if (!template) {
		tw_manifest_error(r, spec, "'template' of the pods is missing");
		return;
	}
	tw_refused_job(r, spec);
	tw_read_pod(r, tw_yaml_get(template, "metadata"),
		tw_yaml_get(template, "spec"), workload);
}

static struct tw_spec_service *modelled(
	const struct tw_spec *spec, const struct tw_object *object)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		struct tw_spec_service *it = spec->services.v[i].value;

		if (it->job.runs.origin &&
			!strcmp(it->namespace, object->namespace) &&
			!strcmp(it->name, object->name))
			return it;
	}
	return NULL;
}

static void use_success_policy(struct tw_yaml *spec)
{
	struct tw_yaml *rules =
		tw_yaml_path(spec, "successPolicy", "rules", NULL);

	for (size_t i = 0; i < tw_yaml_count(rules); i++)
		if (!tw_yaml_get(tw_yaml_item(rules, i), "succeededIndexes"))
			tw_yaml_use_all(tw_yaml_item(rules, i));
}

void tw_manifests_use_jobs(struct tw_manifests *m, const struct tw_spec *spec)
{
	static const char *const of_job[] = {"parallelism", "completions",
		"backoffLimit", "activeDeadlineSeconds",
		"podReplacementPolicy"};
	static const char *const of_cron[] = {
		"schedule", "concurrencyPolicy", "startingDeadlineSeconds"};

	for (size_t i = 0; i < m->objects.n; i++) {
		struct tw_object *object = m->objects.v[i];
		bool is_cron = !strcmp(object->kind, "CronJob");
		struct tw_yaml *at = tw_yaml_get(object->doc, "spec");

		if ((!is_cron && strcmp(object->kind, "Job")) ||
			strcmp(object->group, "batch"))
			continue;
		object->modelled = modelled(spec, object) != NULL;
		if (!object->modelled)
			continue;
		for (size_t k = 0; is_cron && k < 3; k++)
			tw_yaml_use(tw_yaml_get(at, of_cron[k]));
		tw_yaml_use(tw_yaml_get(at, "suspend"));
		if (is_cron)
			at = tw_yaml_path(at, "jobTemplate", "spec", NULL);
		for (size_t k = 0; k < 5; k++)
			tw_yaml_use(tw_yaml_get(at, of_job[k]));
		tw_yaml_use_all(tw_yaml_get(at, "podFailurePolicy"));
		use_success_policy(at);
	}
}
