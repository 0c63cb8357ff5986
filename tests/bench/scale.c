/*
 * The control plane at size: how long kube-scheduler's decisions, the loss of
 * a zone and a rollout of everything take, on one core, and what a pod costs.
 *
 *	scale NODES [PODS-A-NODE]
 *
 * Nodes of 16 cores in three zones; Deployments of 100 pods each, spread over
 * nodes and zones as kube-scheduler does by default. Prints one line a step.
 */
#include "harness/config/config.h"
#include "harness/manifests/manifests.h"
#include "tests/twin_builder.h"
#include "twins/cluster/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define PODS 100 /* of a Deployment */

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double megabytes(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1024;
}

static void manifests_of(uint32_t n, const char *image, struct tw_buf *to)
{
	for (uint32_t i = 0; i < n; i++)
		tw_buf_printf(to,
			"---\napiVersion: apps/v1\nkind: Deployment\n"
			"metadata: {name: d%u}\nspec:\n  replicas: %d\n"
			"  selector: {matchLabels: {app: d%u}}\n"
			"  template:\n    metadata: {labels: {app: d%u}}\n"
			"    spec:\n      containers:\n"
			"        - name: c\n          image: \"c:%s\"\n"
			"          resources: {requests: {cpu: 500m, memory: "
			"512Mi}}\n"
			"---\napiVersion: v1\nkind: Service\n"
			"metadata: {name: d%u}\nspec: {selector: {app: d%u}, "
			"ports: [{port: 80}]}\n",
			i, PODS, i, i, image, i, i);
}

struct side {
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_model *model;
};

static void read_side(struct side *side, uint32_t nodes, uint32_t deployments,
	const char *image)
{
	struct tw_buf text = {0}, model = {0};
	struct tw_diags diags;

	tw_diags_init(&diags);
	side->m = tw_manifests_new();
	side->spec = tw_spec_new();
	manifests_of(deployments, image, &text);
	tw_manifests_add_text(
		side->m, "a.yaml", tw_buf_text(&text), text.n, &diags);
	tw_manifests_spec(side->m, side->spec, &diags);
	tw_buf_printf(&model,
		"version: 1\nservices: {d0: {endpoints: {GET /: [{cpu: "
		"1ms}]}}}\nnodes:\n");
	for (int z = 0; z < 3; z++)
		tw_buf_printf(&model,
			"  - {name: n%c, count: %u, zone: %c, cpu: 16, "
			"memory: 64Gi}\n",
			'a' + z, (nodes + 2U - (uint32_t)z) / 3, 'a' + z);
	tw_config_parse_model(
		side->spec, "m.yaml", tw_buf_text(&model), model.n, &diags);
	tw_manifests_link(side->m, side->spec, &diags);
	if (diags.errors) {
		fprintf(stderr, "%s\n", diags.list.v[0]->message);
		exit(1);
	}
	tw_buf_release(&text);
	tw_buf_release(&model);
	tw_diags_release(&diags);
}

static struct tw_model *compiled(struct tw_spec *spec)
{
	struct tw_diags diags;
	struct tw_model *model;

	tw_diags_init(&diags);
	model = tw_model_compile(spec, &diags);
	tw_diags_release(&diags);
	if (!model)
		exit(1);
	return model;
}

static bool always(void *context, const char *workload)
{
	(void)context;
	(void)workload;
	return true;
}

static void line(const char *what, double seconds, uint64_t decisions)
{
	printf("%-28s %8.2f s", what, seconds);
	if (decisions)
		printf("  %10.1f us a decision  %10.0f a second",
			1e6 * seconds / (double)decisions,
			(double)decisions / seconds);
	putchar('\n');
	fflush(stdout);
}

struct count {
	uint64_t scheduled, evicted, gone;
};

static void count_event(void *context, const struct tw_tap_event *event)
{
	struct count *it = context;

	it->scheduled += event->kind == TW_TAP_SCHEDULED;
	it->evicted += event->kind == TW_TAP_EVICTED;
	it->gone += event->kind == TW_TAP_TERMINATED;
}

/* A request a second, for `seconds` of virtual time. */
static double run(struct tw_model *model, const struct tw_scenario *scenario,
	uint32_t seconds, struct tw_observation *seen, struct count *count)
{
	struct tw_tap tap = {count_event, count};
	double start = cpu_seconds();

	b_run(model,
		&(struct tw_options){.seed = 1,
			.slice = 10 * TW_S,
			.scenario = scenario,
			.tap = &tap,
			.max_in_flight = 1000},
		(struct b_traffic){.n = seconds,
			.gap = TW_S,
			.regular = true,
			.endpoint = tw_model_endpoint(
				model, tw_model_service(model, "d0"), NULL)},
		seen);
	return cpu_seconds() - start;
}

static void lose_zone(struct side *side)
{
	struct tw_scenario scenario;
	struct tw_observation seen;
	struct count count = {0};
	struct tw_diags diags;
	double seconds;

	tw_diags_init(&diags);
	tw_scenario_init(&scenario);
	if (!b_fault(&scenario, side->model, "zone-down",
		    "zone=a at=10s for=600s", &diags))
		exit(1);
	seconds = run(side->model, &scenario, 700, &seen, &count);
	line("a zone lost, and back", seconds, 0);
	printf("  %llu pods evicted, %llu scheduled again\n",
		(unsigned long long)count.evicted,
		(unsigned long long)count.scheduled);
	tw_observation_release(&seen);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
}

static void roll_out(struct side *side, uint32_t nodes, uint32_t deployments)
{
	struct side now;
	struct tw_observation seen;
	struct count count = {0};
	double start, seconds;

	read_side(&now, nodes, deployments, "2");
	tw_spec_rollout(now.spec, side->spec, TW_S, always, NULL);
	start = cpu_seconds();
	now.model = compiled(now.spec);
	tw_twin_place_after(now.model, side->model);
	line("the candidate's cluster", cpu_seconds() - start, 0);
	seconds = run(now.model, NULL, 120, &seen, &count);
	line("a rollout of everything", seconds, count.scheduled);
	printf("  %llu of %llu Deployments rolled out, %llu pods created\n",
		(unsigned long long)seen.rolled_out,
		(unsigned long long)seen.rollouts,
		(unsigned long long)count.scheduled);
	tw_observation_release(&seen);
	tw_model_free(now.model);
	tw_spec_free(now.spec);
	tw_manifests_free(now.m);
}

int main(int argc, char **argv)
{
	uint32_t nodes = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 500;
	uint32_t each = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10;
	uint32_t deployments = nodes * each / PODS;
	struct side side = {0};
	double start = cpu_seconds(), before;

	read_side(&side, nodes, deployments, "1");
	tw_spec_manage(side.spec);
	printf("%u nodes, %u pods\n", nodes, deployments * PODS);
	line("reading manifests", cpu_seconds() - start, 0);
	start = cpu_seconds();
	before = megabytes();
	side.model = compiled(side.spec);
	line("compiling", cpu_seconds() - start, 0);
	start = cpu_seconds();
	tw_place(side.model);
	line("initial scheduling", cpu_seconds() - start, deployments * PODS);
	lose_zone(&side);
	printf("memory: %.1f MB in all, %.0f bytes a pod\n", megabytes(),
		(megabytes() - before) * 1024 * 1024 / (deployments * PODS));
	roll_out(&side, nodes, deployments);
	tw_model_free(side.model);
	tw_spec_free(side.spec);
	tw_manifests_free(side.m);
	return 0;
}
