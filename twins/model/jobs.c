/*
 * Jobs and CronJobs: what their pods do, by the model, and when they start.
 * Defaults: batch/v1 (parallelism 1; completions 1, or none where parallelism
 * is given; backoffLimit 6, concurrencyPolicy Allow).
 */
#include "twins/model/build.h"
#include "twins/model/cron.h"

#include <string.h>

/* Starts of a CronJob within this time of the run are worked out. */
#define HORIZON	   (24 * TW_H)
#define MAX_STARTS 2000

bool build_is_job(const char *kind)
{
	return !strcmp(kind, "Job") || !strcmp(kind, "CronJob");
}

const struct tw_spec_job *build_job_spec(
	const struct build *b, const struct tw_revision *revision)
{
	const struct tw_spec_service *service =
		revision->service == TW_NONE
			? NULL
			: b->services[revision->service].spec;

	return service && service->job.runs.origin ? &service->job : NULL;
}

static void set_calls(
	struct build *b, const struct tw_spec_job *from, struct tw_job *to)
{
	struct tw_job_call *calls = tw_new_array(
		&b->model->arena, (uint32_t)from->calls.n, struct tw_job_call);

	for (size_t i = 0; i < from->calls.n; i++) {
		const struct tw_spec_job_call *it = from->calls.v[i];
		uint32_t service = tw_model_service(b->model, it->service.v);
		uint32_t endpoint = service == TW_NONE
					    ? TW_NONE
					    : tw_model_endpoint(b->model,
						      service, it->endpoint.v);

		if (endpoint == TW_NONE) {
			tw_diag(b->diags, TW_ERROR,
				build_pos(it->service.origin),
				"no service has the endpoint '%s%s%s'",
				it->service.v, it->endpoint.v ? ":" : "",
				it->endpoint.v ? it->endpoint.v : "");
			continue;
		}
		calls[to->n_calls++] = (struct tw_job_call){
			endpoint, (tw_time)((double)TW_S / it->rate.v)};
	}
	to->calls = calls;
}

static void set_starts(struct build *b, const struct tw_spec_workload *workload,
	struct tw_job *to)
{
	tw_time clock = tw_int_or(b->spec->clock, 0), at = -1;
	tw_time *starts;
	struct tw_cron cron;
	struct tw_error error;

	if (!workload->schedule.v || tw_int_or(workload->suspend, 0))
		return;
	/* The reader has said what is wrong with it. */
	if (tw_cron_parse(&cron, workload->schedule.v, &error))
		return;
	starts = tw_new_array(&b->model->arena, MAX_STARTS, tw_time);
	while (to->n_starts < MAX_STARTS &&
		(at = tw_cron_next(&cron, clock + at)) != TW_NEVER) {
		at -= clock;
		if (at > HORIZON)
			break;
		starts[to->n_starts++] = at;
	}
	to->starts = starts;
	to->concurrency =
		!workload->concurrency.v		      ? TW_CRON_ALLOW
		: !strcmp(workload->concurrency.v, "Forbid")  ? TW_CRON_FORBID
		: !strcmp(workload->concurrency.v, "Replace") ? TW_CRON_REPLACE
							      : TW_CRON_ALLOW;
	to->starting_deadline =
		tw_int_or(workload->starting_deadline, TW_NEVER);
}

static struct tw_str next_word(struct tw_str *text)
{
	struct tw_str word = *text = tw_str_trim(*text);

	word.n = 0;
	while (word.n < text->n && text->p[word.n] != ' ')
		word.n++;
	text->p += word.n;
	text->n -= word.n;
	return word;
}

/* "Ignore DisruptionTarget; FailJob In 42 43": what the reader wrote. */
static void set_rule(
	struct build *b, struct tw_str text, struct tw_failure_rule *to)
{
	struct tw_str word = next_word(&text);
	uint8_t *codes =
		tw_new_array(&b->model->arena, text.n / 2 + 1, uint8_t);
	int64_t code;

	to->action = tw_str_equal(word, "Ignore")    ? TW_FAILURE_IGNORED
		     : tw_str_equal(word, "FailJob") ? TW_FAILURE_FATAL
						     : TW_FAILURE_COUNTS;
	word = next_word(&text);
	to->disrupted = tw_str_equal(word, "DisruptionTarget");
	to->none_of = tw_str_equal(word, "NotIn");
	while ((word = next_word(&text)).n)
		if (tw_parse_int(word, &code))
			codes[to->n_codes++] = (uint8_t)code;
	to->codes = codes;
}

static void set_rules(struct build *b, const struct tw_spec_workload *workload,
	struct tw_job *to)
{
	const char *at = workload->failure_policy.v;
	struct tw_failure_rule *rules;

	if (!at)
		return;
	rules = tw_new_array(
		&b->model->arena, strlen(at) / 2 + 1, struct tw_failure_rule);
	for (; *at; at += strspn(at, "; ")) {
		size_t n = strcspn(at, ";");

		set_rule(b, (struct tw_str){at, n}, &rules[to->n_rules++]);
		at += n;
	}
	to->rules = rules;
}

const struct tw_job *build_job(
	struct build *b, const struct tw_revision *revision)
{
	const struct tw_spec_workload *workload = revision->spec;
	const struct tw_spec_job *from = build_job_spec(b, revision);
	struct tw_job *to;

	if (!workload || !build_is_job(workload->kind) || !from)
		return NULL;
	to = tw_new(&b->model->arena, struct tw_job);
	to->runs = &from->runs.v;
	to->threads = (uint32_t)((tw_int_or(from->cpu, 0) + 999) / 1000);
	to->fails = tw_real_or(from->fails, 0);
	to->parallelism = (uint32_t)tw_int_or(workload->parallelism, 1);
	to->completions =
		(uint32_t)tw_int_or(workload->completions, to->parallelism);
	to->any = workload->parallelism.origin && !workload->completions.origin;
	to->suspended = tw_int_or(workload->suspend, 0);
	to->restarts = workload->restart_policy.v &&
		       !strcmp(workload->restart_policy.v, "OnFailure");
	to->backoff_limit = (uint32_t)tw_int_or(workload->backoff_limit, 6);
	to->deadline = tw_int_or(workload->deadline, TW_NEVER);
	to->exit_code = (uint8_t)tw_int_or(from->exit_code, 1);
	to->success_count = (uint32_t)tw_int_or(workload->success_count, 0);
	set_rules(b, workload, to);
	to->only_failed = to->n_rules ||
			  (workload->replacement.v &&
				  !strcmp(workload->replacement.v, "Failed"));
	set_calls(b, from, to);
	set_starts(b, workload, to);
	return to;
}
