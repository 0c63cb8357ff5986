/*
 * `twinrig check`: read everything, run nothing, tell what is wrong and what
 * looks wrong.
 */
#include "harness/commands/check/against.h"
#include "harness/commands/check/rules.h"
#include "harness/commands/output.h"
#include "harness/commands/check/sarif.h"
#include "harness/commands/input/scenario.h"
#include "harness/commands/input/setup.h"
#include "harness/commands/input/system.h"
#include "harness/commands/input/judges.h"
#include "harness/commands/input/traffic.h"
#include "harness/gate/check.h"
#include "harness/lint/lint.h"

#include <stdio.h>
#include <string.h>

static void check_checks(struct tw_setup *setup)
{
	struct tw_check check;

	for (size_t i = 0; i < setup->config.gate.checks.n; i++) {
		const struct tw_config_check *from =
			setup->config.gate.checks.v[i];

		if (!from->check.v)
			continue; /* told already: it is missing */
		tw_check_parse(&check, &setup->config.arena,
			tw_str_of(from->check.v), from->check.origin->pos,
			&setup->diags);
	}
}

static void check_judges(struct tw_setup *setup)
{
	struct tw_files *files =
		setup->config.gate.judges.n ? tw_setup_files(setup) : NULL;
	struct tw_ready_judges judges = {0};

	if (files)
		tw_judges_read(&setup->config, files, &setup->config.arena,
			&setup->diags, &judges, NULL);
	tw_files_free(files);
}

/* Faults are told wrong in any case that `each` makes, each finding once. */
static void check_scenarios(struct tw_setup *setup, struct tw_system *system)
{
	struct tw_cases cases;

	tw_cases_init(&cases);
	tw_cases_expand(
		&cases, &setup->config, system->model, NULL, &setup->diags);
	for (size_t i = 0; i < cases.list.n; i++) {
		const struct tw_case *one = cases.list.v[i];
		struct tw_scenario scenario;

		if (i && one->config == cases.list.v[i - 1]->config)
			continue;
		tw_case_compile(one, system->model, &scenario, &setup->diags);
		tw_scenario_release(&scenario);
	}
	tw_cases_release(&cases);
}

static void print_kept(const struct tw_manifests *manifests)
{
	if (!manifests->kept.n)
		return;
	printf("kept, not modelled:");
	for (size_t i = 0; i < manifests->kept.n; i++)
		printf("%s %zu %s", i ? "," : "",
			*(size_t *)manifests->kept.v[i].value,
			manifests->kept.v[i].key);
	putchar('\n');
}

/* One custom resource and what is known of it. */
static void print_custom(const struct tw_manifest_custom *it)
{
	printf("  %s %s/%s  %s:%d  ", it->kind, it->namespace, it->name,
		it->pos.file ? it->pos.file : "", it->pos.line);
	for (size_t i = 0; i < it->owns.n; i++)
		printf("%s %s/%s", i ? "," : "owns", it->owns.v[i]->kind,
			it->owns.v[i]->name);
	if (it->owns.n && it->reached.n)
		printf("; ");
	for (size_t i = 0; i < it->reached.n; i++) {
		const struct tw_manifest_reached *by = &it->reached.v[i];

		printf("%s %s by %s", i ? "," : "called as", by->host,
			by->workload);
		if (by->modelled)
			printf(" (modelled, %s:%d)",
				by->modelled->pos.file ? by->modelled->pos.file
						       : "",
				by->modelled->pos.line);
		else
			printf(" (not modelled)");
	}
	puts(it->owns.n || it->reached.n ? "" : "nobody is seen to call it");
}

/* Custom resources: each that matters, with -v all of them. */
static void print_customs(const struct tw_manifests *manifests, bool verbose)
{
	size_t silent = 0, told = 0;

	for (size_t i = 0; i < manifests->customs.n; i++) {
		const struct tw_manifest_custom *it = &manifests->customs.v[i];

		if (!verbose && !it->owns.n && !it->reached.n) {
			silent++;
			continue;
		}
		if (!told++)
			puts("black boxes, made by operators of custom "
			     "resources:");
		print_custom(it);
	}
	if (silent && told)
		printf("  and %zu that nobody is seen to call (-v names "
		       "them)\n",
			silent);
}

/* Where each call edge that the manifests give away comes from. */
static void print_edges(const struct tw_manifests *manifests)
{
	for (size_t i = 0; i < manifests->edges.n; i++) {
		const struct tw_manifest_edge *edge = &manifests->edges.v[i];

		printf("  %s -> %s  %s, %s:%d\n", edge->from, edge->to,
			edge->detail, edge->pos.file ? edge->pos.file : "",
			edge->pos.line);
	}
}

/* Hosts outside that nobody modelled: what they cost is missing. */
static void print_outsiders(const struct tw_system *system)
{
	const struct tw_manifests *manifests = system->manifests;
	const struct tw_spec *spec = system->spec;
	struct tw_map names;

	tw_map_init(&names, NULL);
	for (size_t i = 0; i < manifests->outsiders.n; i++)
		if (!manifests->outsiders.v[i].modelled)
			tw_map_put(
				&names, manifests->outsiders.v[i].host, NULL);
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *it = spec->services.v[i].value;

		if (it->external && !it->endpoints.n)
			tw_map_put(&names,
				it->external_name.v ? it->external_name.v
						    : it->name,
				NULL);
	}
	for (size_t i = 0; i < names.n; i++)
		printf("%s %s",
			i ? "," : "outside, not modelled:", names.v[i].key);
	if (names.n)
		putchar('\n');
	tw_map_release(&names);
}

/* Machines, not kinds of them. */
static size_t count_nodes(const struct tw_spec *spec)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->nodes.n; i++)
		n += (size_t)tw_int_or(spec->nodes.v[i]->count, 1);
	return n;
}

static void print_summary(const struct tw_system *system, bool verbose)
{
	const struct tw_spec *spec = system->spec;

	printf("%zu files read: %zu services, %zu workloads, %zu policies, "
	       "%zu ways in, %zu nodes\n",
		system->manifests->files, spec->services.n, spec->workloads.n,
		spec->policies.n, spec->entries.n, count_nodes(spec));
	if (system->edges)
		printf("%zu call edges come from the manifests\n",
			system->edges);
	if (verbose)
		print_edges(system->manifests);
	print_outsiders(system);
	print_kept(system->manifests);
	print_customs(system->manifests, verbose);
}

/* Whether the system can carry the traffic, where something says what it is. */
static void check_load(struct tw_setup *setup, struct tw_system *system)
{
	const struct tw_config_traffic *config = &setup->config.traffic;
	const struct tw_flow *flow;
	struct tw_traffic *traffic;

	if (!config->capture.n && !config->entry.origin &&
		!system->spec->entries.n)
		return;
	traffic = tw_traffic_new(
		NULL, system->spec, &setup->plugins, setup->directory);
	flow = tw_traffic_flow(traffic, config, &setup->diags);
	if (flow)
		tw_traffic_lint(flow, TW_FLOW_CANDIDATE, system->spec,
			system->model, &system->diags);
	tw_traffic_free(traffic);
}

static int write_sarif(const struct tw_cli *cli, const struct tw_setup *setup,
	const struct tw_system *system)
{
	struct tw_arena arena;
	struct tw_sarif sarif = {.config = setup->file};
	int status;

	tw_arena_init(&arena);
	sarif.root = tw_findings_root(setup->directory, &arena);
	tw_sarif_findings(&sarif, &setup->diags, NULL);
	tw_sarif_findings(&sarif, &system->diags, NULL);
	status = tw_sarif_file(&sarif, cli->sarif);
	tw_vec_release(&sarif.findings);
	tw_arena_release(&arena);
	return status;
}

static int list(void)
{
	struct tw_buf out = {0};
	int status;

	tw_rules_list(&out);
	status = tw_output_write(NULL, &out);
	tw_buf_release(&out);
	return status;
}

static int run(const struct tw_cli *cli)
{
	struct tw_setup setup;
	struct tw_system system;
	struct tw_files *files;
	size_t errors, warnings;
	int status;

	if (cli->list)
		return list();
	if (cli->baseline)
		return tw_check_against(cli);
	tw_system_init(&system);
	tw_setup_open(&setup, cli);
	check_checks(&setup);
	check_judges(&setup);
	files = setup.config.file ? tw_setup_files(&setup) : NULL;
	if (files) {
		tw_system_load(&system, files, setup.directory, &setup.config,
			&setup.config.candidate);
		tw_spec_link(system.spec);
		if (system.model)
			check_scenarios(&setup, &system);
		else if (setup.config.scenarios.n)
			tw_diag(&setup.diags, TW_NOTE, (struct tw_pos){0},
				"the faults were not checked against the "
				"system: it has errors");
		tw_lint(system.spec, system.model, &system.diags);
		if (system.model)
			check_load(&setup, &system);
		if (!cli->quiet && (!cli->sarif || strcmp(cli->sarif, "-")))
			print_summary(&system, cli->verbose);
	}
	fflush(stdout);
	errors = setup.diags.errors + system.diags.errors;
	if (errors && !system.model) {
		struct tw_cli all = *cli;

		all.verbose = !cli->quiet; /* the note is part of the answer */
		tw_diags_show(&setup.diags, &all);
	} else {
		tw_diags_show(&setup.diags, cli);
	}
	tw_diags_show(&system.diags, cli);
	warnings = setup.diags.warnings + system.diags.warnings;
	if (!cli->quiet || errors)
		fprintf(errors || cli->sarif ? stderr : stdout,
			"%zu errors, %zu warnings\n", errors, warnings);
	status = cli->sarif ? write_sarif(cli, &setup, &system) : 0;
	tw_system_release(&system);
	tw_setup_release(&setup);
	if (status)
		return status;
	return errors ? TW_EXIT_USAGE : TW_EXIT_PASS;
}

const struct tw_command tw_command_check = {
	.name = "check",
	.arguments = "",
	.summary = "read everything, run nothing, report every error and what "
		   "looks wrong",
	.manual =
		"With --baseline: what differs from there, which services "
		"can talk to each other\nnow and could not (and the reverse), "
		"and what looks wrong only here. Nothing is\nrun either way. "
		"--list "
		"tells what each [name] behind a finding means.",
	.run = run,
};
