/*
 * Runs one candidate once, as a gate will, and prints what came of it: what
 * the end-to-end tests of the live twin look at.
 *
 *	live_driver DIR CONFIG [--SETTING VALUE]... [-- COMMAND...]
 *
 * COMMAND instead of the configuration's process. Settings: port, deadline,
 * ready, speed, to, scenario.
 */
#include "harness/capture/capture.h"
#include "harness/config/config.h"
#include "harness/live/candidate.h"
#include "harness/manifests/manifests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct driver {
	struct tw_diags diags;
	struct tw_config config;
	struct tw_files *files;
	struct tw_manifests *manifests;
	struct tw_spec *spec;
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_live_traffic traffic;
	struct tw_live_pace pace;
	struct tw_live_options options;
	const char *dir;
};

static _Noreturn void fail(struct driver *d, const char *what)
{
	struct tw_buf text = {0};

	for (size_t i = 0; i < d->diags.list.n; i++)
		tw_diag_print(&d->diags, d->diags.list.v[i], false, &text);
	fprintf(stderr, "live_driver: %s\n%s", what, tw_buf_text(&text));
	exit(3);
}

static void read_system(struct driver *d, const char *file)
{
	struct tw_error error;
	struct tw_texts *m;

	tw_diags_init(&d->diags);
	tw_config_init(&d->config);
	d->files = tw_files_directory_new(d->dir, &error);
	if (!d->files)
		fail(d, error.message);
	if (tw_config_read(&d->config, d->files, file, &d->diags))
		fail(d, "configuration");
	d->spec = tw_spec_new();
	d->manifests = tw_manifests_new();
	m = &d->config.topology.manifests;
	for (size_t i = 0; i < m->n; i++)
		tw_manifests_add(d->manifests, d->files, m->v[i].v,
			m->v[i].origin->pos, &d->diags);
	tw_manifests_spec(d->manifests, d->spec, &d->diags);
	tw_config_read_models(
		&d->config.topology.models, d->files, d->spec, &d->diags);
	tw_manifests_link(d->manifests, d->spec, &d->diags);
	d->model = tw_twin_model(d->spec, &d->diags);
	if (!d->model || d->diags.errors)
		fail(d, "the system");
}

static void read_scenario(struct driver *d, const char *name)
{
	tw_scenario_init(&d->scenario);
	for (size_t i = 0; i < d->config.scenarios.n; i++) {
		struct tw_config_scenario *s = d->config.scenarios.v[i];

		if (strcmp(s->name.v, name) != 0)
			continue;
		for (size_t k = 0; k < s->faults.n; k++)
			if (!tw_scenario_add(&d->scenario, s->faults.v[k]->kind,
				    s->faults.v[k]->kind_pos,
				    s->faults.v[k]->args.v,
				    s->faults.v[k]->args.n, d->model,
				    &d->diags))
				fail(d, "scenario");
		d->options.scenario = &d->scenario;
	}
}

static int take(void *context, const struct twinrig_exchange *exchange)
{
	tw_live_traffic_add(context, exchange);
	return 0;
}

static void read_traffic(struct driver *d)
{
	struct tw_plugins plugins;
	struct tw_capture_report report;
	struct tw_capture_options options = {.plugins = &plugins};
	struct tw_error error;
	char path[1024];

	tw_plugins_init(&plugins);
	tw_capture_report_init(&report);
	snprintf(path, sizeof path, "%s/%s", d->dir,
		d->config.traffic.capture.v[0].v);
	tw_live_traffic_init(&d->traffic, d->model, d->options.service);
	if (tw_capture_read(path, &options, take, &d->traffic, &report, &error))
		fail(d, error.message);
	if (!tw_live_traffic_schedule(&d->traffic, &d->pace))
		fail(d, "too many requests");
	tw_capture_report_release(&report);
	tw_plugins_release(&plugins);
}

static tw_time duration(struct driver *d, const char *text)
{
	tw_time ns;

	if (!tw_parse_duration(tw_str_of(text), &ns))
		fail(d, text);
	return ns;
}

static void set(struct driver *d, const char *name, const char *value)
{
	if (strcmp(name, "--port") == 0)
		d->options.port = (uint16_t)strtol(value, NULL, 10);
	else if (strcmp(name, "--deadline") == 0)
		d->options.deadline = duration(d, value);
	else if (strcmp(name, "--ready") == 0)
		d->options.ready = duration(d, value);
	else if (strcmp(name, "--to") == 0)
		d->pace.to = duration(d, value);
	else if (strcmp(name, "--speed") == 0)
		d->pace.speed = strtod(value, NULL);
	else if (strcmp(name, "--scenario") == 0)
		read_scenario(d, value);
	else
		fail(d, name);
}

static void print_result(const struct driver *d, struct tw_live_result *r)
{
	printf("end: %s\n", tw_live_end_name(r->end));
	if (r->why[0])
		printf("why: %s\n", r->why);
	printf("requests: %" PRIu64 " sent %" PRIu64 " answered %" PRIu64
	       " timeouts %" PRIu64 " failed %" PRIu64 " given up %" PRIu64
	       "\n",
		r->requests, r->sent, r->answered, r->timeouts, r->failed,
		r->given_up);
	printf("calls: %" PRIu64, r->calls);
	for (int k = 0; k < TW_ANSWER_KINDS; k++)
		printf(" %s %" PRIu64, tw_answer_name((enum tw_answer)k),
			r->answers[k]);
	printf(" unmodelled %" PRIu64 "\n", r->unmodelled);
	for (size_t i = 0; i < r->misses.n; i++)
		printf("miss: %s %s %s x%" PRIu64 "\n", r->misses.v[i]->service,
			r->misses.v[i]->method, r->misses.v[i]->target,
			r->misses.v[i]->count);
	printf("differing: %" PRIu64 " of %" PRIu64 "\n", r->diff.differing,
		r->diff.compared);
	for (size_t i = 0; i < r->diff.groups.n; i++) {
		const struct tw_diff_group *g = r->diff.groups.v[i];

		printf("diff: %s %s %s x%" PRIu64 ": %s, not %s\n", g->endpoint,
			g->path, tw_diff_kind_name(g->kind), g->count,
			g->actual, g->expected);
	}
	printf("lateness: p50 %" PRId64 "us p99 %" PRId64 "us max %" PRId64
	       "us n %" PRIu64 "%s\n",
		tw_histogram_quantile(&r->lateness, 0.5) / TW_US,
		tw_histogram_quantile(&r->lateness, 0.99) / TW_US,
		r->lateness.max / TW_US, r->lateness.count,
		r->late ? " LATE" : "");
	printf("cpu: %" PRId64 "ms of %" PRId64 "ms\n", r->cpu / TW_MS,
		r->elapsed / TW_MS);
	for (size_t i = 0; r->observed && i < r->observation.cells.n; i++) {
		const struct tw_cell *c = &r->observation.cells.v[i];

		if (c->key.side == TW_CLIENT)
			printf("cell: %s -> %s %s window %d count %" PRIu64
			       " errors %" PRIu64 " p10 %" PRId64
			       "us p50 %" PRId64 "us p99 %" PRId64 "us\n",
				c->key.caller, c->key.service, c->key.endpoint,
				(int)c->key.window, c->count, c->errors,
				tw_histogram_quantile(&c->latency, 0.1) / TW_US,
				tw_histogram_quantile(&c->latency, 0.5) / TW_US,
				tw_histogram_quantile(&c->latency, 0.99) /
					TW_US);
	}
	if (r->end != TW_LIVE_PLAYED)
		printf("output: %s\n", tw_buf_text(&r->output));
	(void)d;
}

static void on_log(void *context, const char *line)
{
	(void)context;
	fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv)
{
	struct driver d = {.dir = argc > 2 ? argv[1] : "."};
	const char *command[64] = {NULL};
	struct tw_live_result result;
	struct tw_error error;
	int i = 3, status;

	if (argc < 3)
		return 2;
	read_system(&d, argv[2]);
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2)
		set(&d, argv[i], argv[i + 1]);
	d.options.model = d.model;
	d.options.service =
		tw_model_service(d.model, d.config.candidate.service.v);
	read_traffic(&d);
	d.options.traffic = &d.traffic;
	d.options.dir = d.dir;
	d.options.seed = 1;
	d.options.log = on_log;
	for (size_t k = 0; k < d.config.candidate.process.n && k < 63; k++)
		command[k] = d.config.candidate.process.v[k].v;
	for (int k = 0; i + 1 + k < argc && k < 63; k++) {
		command[k] = argv[i + 1 + k];
		command[k + 1] = NULL;
	}
	d.options.argv = command;
	status = tw_live_run(&d.options, &result, &error);
	if (status)
		fprintf(stderr, "live_driver: %s\n", error.message);
	else
		print_result(&d, &result);
	tw_live_result_release(&result);
	tw_live_traffic_release(&d.traffic);
	tw_scenario_release(&d.scenario);
	tw_model_free(d.model);
	tw_spec_free(d.spec);
	tw_manifests_free(d.manifests);
	tw_files_free(d.files);
	tw_config_release(&d.config);
	tw_diags_release(&d.diags);
	return status ? 3
		      : result.end != TW_LIVE_PLAYED || result.diff.differing;
}
