/*
 * The control plane at size: how long kube-scheduler's decisions, the loss of
 * a zone and a rollout of everything take, on one core, and what a pod costs.
 *
 *	scale [ROUNDS]		medians of rounds in turns (3), at 50, 500 and
 *				5,000 nodes, and of decisions by what pods ask
 *	scale one NODES [ASKS]	one round, step by step: for a profiler
 *
 * Nodes of 16 cores in three zones, ten pods each; Deployments of 100 pods,
 * spread over nodes and zones as kube-scheduler does by default. ASKS: what
 * the pods ask besides, a name of `asks` below.
 *
 * The peer: Kubernetes' own benchmark of its scheduler at 5,000 nodes and
 * 50,000 pods fails below 810 pods a second (test/integration/scheduler_perf/
 * misc/performance-config.yaml, SchedulingBasic/5000Nodes_50000Pods).
 */
#include "harness/config/config.h"
#include "harness/manifests/manifests.h"
#include "tests/twin_builder.h"
#include "twins/cluster/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PODS 100 /* of a Deployment */
#define EACH 10	 /* pods a node */
#define PEER 810 /* pods a second */
#define MOST 25	 /* rounds */

/* What pods ask besides: put into the template's spec; %u is the Deployment. */
static const struct asks {
	const char *name, *says, *text;
	bool own_requests;
} asks[] = {
	{"alike", "the same of every Deployment", "", false},
	{"own", "requests of each Deployment's own", "", true},
	{"nodes", "a preferred zone, and a toleration",
		"      affinity: {nodeAffinity: "
		"{preferredDuringSchedulingIgnoredDuringExecution: [{weight: "
		"10, preference: {matchExpressions: [{key: "
		"topology.kubernetes.io/zone, operator: In, values: "
		"[a]}]}}]}}\n      tolerations: [{key: spot, operator: "
		"Exists}]\n",
		false},
	{"spread", "zones with a skew of 1, or not at all",
		"      topologySpreadConstraints: [{maxSkew: 1, topologyKey: "
		"topology.kubernetes.io/zone, whenUnsatisfiable: "
		"DoNotSchedule, labelSelector: {matchLabels: {app: "
		"d%u}}}]\n",
		false},
	{"apart", "no node twice (required anti-affinity)",
		"      affinity: {podAntiAffinity: "
		"{requiredDuringSchedulingIgnoredDuringExecution: "
		"[{topologyKey: kubernetes.io/hostname, labelSelector: "
		"{matchLabels: {app: d%u}}}]}}\n",
		false},
	{"near", "rather a zone with the same (preferred affinity)",
		"      affinity: {podAffinity: "
		"{preferredDuringSchedulingIgnoredDuringExecution: [{weight: "
		"5, podAffinityTerm: {topologyKey: "
		"topology.kubernetes.io/zone, labelSelector: {matchLabels: "
		"{app: d%u}}}}]}}\n",
		false},
};

#define N_ASKS (sizeof asks / sizeof *asks)

struct figures {
	double place, zone, rollout; /* s of CPU */
	double bytes;		     /* a pod */
	uint64_t rolled;	     /* pods of the rollout */
};

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

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void manifest_of(uint32_t i, const char *image, const struct asks *ask,
	struct tw_buf *to)
{
	tw_buf_printf(to,
		"---\napiVersion: apps/v1\nkind: Deployment\n"
		"metadata: {name: d%u}\nspec:\n  replicas: %d\n"
		"  selector: {matchLabels: {app: d%u}}\n"
		"  template:\n    metadata: {labels: {app: d%u}}\n"
		"    spec:\n      containers:\n"
		"        - name: c\n          image: \"c:%s\"\n"
		"          resources: {requests: {cpu: %um, memory: "
		"512Mi}}\n",
		i, PODS, i, i, image, ask->own_requests ? 300 + i : 500);
	tw_buf_printf(to, ask->text, i);
	tw_buf_printf(to,
		"---\napiVersion: v1\nkind: Service\n"
		"metadata: {name: d%u}\nspec: {selector: {app: d%u}, "
		"ports: [{port: 80}]}\n",
		i, i);
}

#pragma GCC diagnostic pop

struct side {
	struct tw_manifests *m;
	struct tw_spec *spec;
	struct tw_model *model;
};

static void read_side(struct side *side, uint32_t nodes, uint32_t deployments,
	const char *image, const struct asks *ask)
{
	struct tw_buf text = {0}, model = {0};
	struct tw_diags diags;

	tw_diags_init(&diags);
	side->m = tw_manifests_new();
	side->spec = tw_spec_new();
	for (uint32_t i = 0; i < deployments; i++)
		manifest_of(i, image, ask, &text);
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

static bool quiet;

static void line(const char *what, double seconds, uint64_t decisions)
{
	if (quiet)
		return;
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

static double lose_zone(struct side *side)
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
	if (!quiet)
		printf("  %llu pods evicted, %llu scheduled again\n",
			(unsigned long long)count.evicted,
			(unsigned long long)count.scheduled);
	tw_observation_release(&seen);
	tw_scenario_release(&scenario);
	tw_diags_release(&diags);
	return seconds;
}

static void roll_out(struct side *side, uint32_t nodes, uint32_t deployments,
	const struct asks *ask, struct figures *to)
{
	struct side now;
	struct tw_observation seen;
	struct count count = {0};
	double start, seconds;

	read_side(&now, nodes, deployments, "2", ask);
	tw_spec_rollout(now.spec, side->spec, TW_S, always, NULL);
	start = cpu_seconds();
	now.model = compiled(now.spec);
	tw_twin_place_after(now.model, side->model);
	line("the candidate's cluster", cpu_seconds() - start, 0);
	seconds = run(now.model, NULL, 120, &seen, &count);
	line("a rollout of everything", seconds, count.scheduled);
	to->rollout = seconds;
	to->rolled = count.scheduled;
	if (!quiet)
		printf("  %llu of %llu Deployments rolled out, %llu pods "
		       "created\n",
			(unsigned long long)seen.rolled_out,
			(unsigned long long)seen.rollouts,
			(unsigned long long)count.scheduled);
	tw_observation_release(&seen);
	tw_model_free(now.model);
	tw_spec_free(now.spec);
	tw_manifests_free(now.m);
}

/* `whole`: what comes after the initial scheduling too. */
static struct figures measure(
	uint32_t nodes, const struct asks *ask, bool whole)
{
	uint32_t deployments = nodes * EACH / PODS;
	struct figures figures = {0};
	struct side side = {0};
	double start = cpu_seconds(), before;

	read_side(&side, nodes, deployments, "1", ask);
	tw_spec_manage(side.spec);
	line("reading manifests", cpu_seconds() - start, 0);
	start = cpu_seconds();
	before = megabytes();
	side.model = compiled(side.spec);
	line("compiling", cpu_seconds() - start, 0);
	start = cpu_seconds();
	if (tw_place(side.model))
		fprintf(stderr, "some pods fit nowhere\n");
	figures.place = cpu_seconds() - start;
	line("initial scheduling", figures.place, deployments * PODS);
	if (whole) {
		figures.zone = lose_zone(&side);
		figures.bytes = (megabytes() - before) * 1024 * 1024 /
				(deployments * PODS);
		roll_out(&side, nodes, deployments, ask, &figures);
	}
	tw_model_free(side.model);
	tw_spec_free(side.spec);
	tw_manifests_free(side.m);
	return figures;
}

/* In a process of its own, whose memory is its own. */
static struct figures apart(uint32_t nodes, const struct asks *ask, bool whole)
{
	struct figures figures = {0};
	int ends[2], status;

	if (pipe(ends))
		exit(1);
	if (!fork()) {
		quiet = true;
		figures = measure(nodes, ask, whole);
		_exit(write(ends[1], &figures, sizeof figures) !=
			sizeof figures);
	}
	close(ends[1]);
	if (read(ends[0], &figures, sizeof figures) != sizeof figures)
		exit(1);
	close(ends[0]);
	wait(&status);
	return figures;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *of, size_t n)
{
	qsort(of, n, sizeof *of, by_size);
	return of[n / 2];
}

static const uint32_t sizes[] = {50, 500, 5000};

static void print_sizes(size_t rounds)
{
	static struct figures all[3][MOST];
	double v[4][MOST];

	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < 3; i++)
			all[i][r] = apart(sizes[i], &asks[0], true);
	printf("%6s %6s  %-24s %-10s %-26s %s\n", "nodes", "pods",
		"initial scheduling", "zone lost", "rollout of everything",
		"memory a pod");
	for (size_t i = 0; i < 3; i++) {
		double pods = sizes[i] * EACH;

		for (size_t r = 0; r < rounds; r++) {
			const struct figures *it = &all[i][r];

			v[0][r] = 1e6 * it->place / pods;
			v[1][r] = it->zone;
			v[2][r] = 1e6 * it->rollout / (double)it->rolled;
			v[3][r] = it->bytes;
		}
		printf("%6u %6.0f  %6.2f s %8.1f us each %7.2f s  %6.2f s "
		       "%8.1f us each %10.0f bytes\n",
			sizes[i], pods, median(v[0], rounds) * pods / 1e6,
			median(v[0], rounds), median(v[1], rounds),
			median(v[2], rounds) * pods / 1e6, median(v[2], rounds),
			median(v[3], rounds));
	}
}

static void print_asks(size_t rounds)
{
	static double v[N_ASKS][2][MOST];

	for (size_t r = 0; r < rounds; r++)
		for (size_t a = 0; a < N_ASKS; a++)
			for (size_t i = 0; i < 2; i++)
				v[a][i][r] =
					1e6 *
					apart(sizes[i + 1], &asks[a], false)
						.place /
					(sizes[i + 1] * EACH);
	printf("\na decision, of pods that ask %22s %12s %10s\n", "500 nodes",
		"5000 nodes", "a second");
	for (size_t a = 0; a < N_ASKS; a++) {
		double small = median(v[a][0], rounds);
		double large = median(v[a][1], rounds);

		printf("%-48s %7.1f us %9.1f us %10.0f\n", asks[a].says, small,
			large, 1e6 / large);
	}
	printf("kube-scheduler's benchmark asks for %d pods a second: %.0f "
	       "times that\n",
		PEER, 1e6 / median(v[0][1], rounds) / PEER);
}

int main(int argc, char **argv)
{
	bool one = argc > 2 && !strcmp(argv[1], "one");
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 3;

	for (size_t a = 0; one && a < N_ASKS; a++)
		if (!strcmp(argc > 3 ? argv[3] : "alike", asks[a].name)) {
			measure((uint32_t)strtoul(argv[2], NULL, 10), &asks[a],
				true);
			return 0;
		}
	if (one || !rounds || rounds > MOST) {
		fprintf(stderr, "usage: scale [ROUNDS] | scale one NODES "
				"[ASKS]\n");
		return 2;
	}
	print_sizes(rounds);
	print_asks(rounds);
	return 0;
}
