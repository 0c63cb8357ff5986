/* `twinrig baseline`: what gates stored in git. */
#include "harness/commands/stored/shelf.h"

#include <stdio.h>

#define KEEP 5

/* ---- list -------------------------------------------------------------- */

/* The commit of the candidate, with a + where it had files of no commit. */
static void commit_text(
	struct tw_shelf *shelf, const char *ref, char to[static 16])
{
	struct tw_record record;
	struct tw_error error;

	snprintf(to, 16, "-");
	if (tw_record_open(&record, shelf->archive, ref, &error))
		return;
	if (*tw_record_value(&record, "candidate.commit"))
		snprintf(to, 16, "%.12s%s",
			tw_record_value(&record, "candidate.commit"),
			!strcmp(tw_record_value(&record, "candidate.state"),
				"clean")
				? ""
				: "+");
	tw_record_release(&record);
}

static int list(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	const struct tw_catalog *catalog = &shelf->catalog;
	char when[TW_WHEN], commit[16];

	(void)cli;
	if (!catalog->gates.n && !catalog->baselines.n)
		puts("no gate is stored here yet");
	for (size_t i = catalog->gates.n; i-- > 0;) {
		const struct tw_catalog_gate *gate = &catalog->gates.v[i];

		commit_text(shelf, gate->ref, commit);
		printf("%s  %s  %-13s  %s%s%s%s\n", gate->id,
			tw_when_text(gate->about.time, when), commit,
			gate->about.subject, *gate->names ? "  [" : "",
			gate->names, *gate->names ? "]" : "");
	}
	for (size_t i = 0; i < catalog->baselines.n; i++) {
		const struct tw_catalog_gate *it = &catalog->baselines.v[i];

		printf("baseline %s: of %s, %s\n", it->id,
			tw_when_text(it->about.time, when), it->about.subject);
	}
	for (size_t i = catalog->proofs.n; i-- > 0;)
		printf("proof %s: of %s, %s\n", catalog->proofs.v[i].id,
			tw_when_text(catalog->proofs.v[i].about.time, when),
			catalog->proofs.v[i].about.subject);
	if (catalog->running.n)
		printf("%zu runs did not end; the same gate goes on with what "
		       "they had\n",
			catalog->running.n);
	if (catalog->broken.n)
		printf("damaged, `twinrig baseline prune` takes them away:\n%s",
			catalog->broken.p);
	return 0;
}

/* ---- show -------------------------------------------------------------- */

static void show_value(
	const struct tw_record *record, const char *name, const char *shown)
{
	const char *value = tw_record_value(record, name);

	if (*value)
		printf("%-10s %s\n", shown, value);
}

static int show_verdict(struct tw_record *record, bool all)
{
	struct tw_judged_list judged = {0};
	struct tw_error error;
	size_t left = 0;

	if (tw_judged_read(record, &judged, &error))
		return tw_shelf_fail(&error);
	for (size_t i = 0; i < judged.n; i++) {
		const struct tw_judged *it = &judged.v[i];

		if (!all && !strcmp(it->verdict, "pass")) {
			left++;
			continue;
		}
		printf("  %-12s %s: %s%s%s%s\n", it->verdict, it->scenario,
			it->check, *it->group ? " [" : "", it->group,
			*it->group ? "]" : "");
	}
	if (left)
		printf("  pass         %zu more (-v shows them)\n", left);
	return 0;
}

static int show(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	const char *name = cli->args.n > 1 ? cli->args.v[1] : NULL;
	struct tw_record record;
	struct tw_record_runs runs = {0};
	struct tw_error error;
	char when[TW_WHEN];
	int status = tw_shelf_record(shelf, name, &record);

	if (status)
		return status;
	printf("%-10s %s\n%-10s %s UTC\n%-10s %s\n", "gate",
		tw_record_name(&record), "when",
		tw_when_text(record.about.time, when), "verdict",
		record.about.subject);
	show_value(&record, "candidate", "candidate");
	show_value(&record, "candidate.commit", "  commit");
	show_value(&record, "candidate.state", "  files");
	show_value(&record, "baseline", "baseline");
	show_value(&record, "baseline.commit", "  commit");
	show_value(&record, "seed", "seed");
	show_value(&record, "runs", "runs");
	show_value(&record, "twinrig", "twinrig");
	if (!tw_record_read_runs(&record, &runs, &error))
		printf("%-10s %zu\n", "trials", runs.n);
	show_value(&record, "lacks.candidate", "no files");
	status = show_verdict(&record, cli->verbose);
	tw_record_release(&record);
	return status;
}

/* ---- accept ------------------------------------------------------------ */

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return n && !name[n] && name[0] != '.' && name[0] != '-' &&
	       !strstr(name, "..") && n < 100;
}

static int accept_gate(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	const char *name = cli->args.n > 1 ? cli->args.v[1] : "";
	struct tw_record record;
	struct tw_buf ref = {0};
	struct tw_error error;
	int status;

	if (!is_name(name)) {
		tw_fail(&error, TW_E_USAGE,
			"accept wants a name for the baseline (letters, "
			"digits, . _ -), and then a gate if it is not the "
			"last one");
		return tw_shelf_fail(&error);
	}
	status = tw_shelf_record(
		shelf, cli->args.n > 2 ? cli->args.v[2] : NULL, &record);
	if (status)
		return status;
	tw_buf_printf(&ref, TW_ARCHIVE_BASELINES "%s", name);
	if (strncmp(record.about.subject, "pass", 4) != 0 && !cli->force)
		tw_fail(&error, TW_E_USAGE,
			"gate %s did not pass (%s); --force accepts it all the "
			"same",
			tw_record_name(&record), record.about.subject);
	else
		error.code = TW_OK;
	if (error.code || tw_git_ref_set(tw_archive_git(shelf->archive), ref.p,
				  &record.commit, NULL, &error))
		status = tw_shelf_fail(&error);
	else if (!cli->quiet)
		printf("baseline %s is gate %s (%s)\n", name,
			tw_record_name(&record), record.about.subject);
	tw_buf_release(&ref);
	tw_record_release(&record);
	return status;
}

/* ---- push, fetch, prune ------------------------------------------------ */

typedef int transfer(struct tw_git *git, const char *remote, const char *prefix,
	size_t *done, struct tw_error *error);

/* Runs that did not end stay at home. */
static int move_all(
	struct tw_shelf *shelf, const struct tw_cli *cli, transfer *move)
{
	static const char *const prefixes[] = {
		TW_ARCHIVE_GATES, TW_ARCHIVE_BASELINES};
	struct tw_git *git = tw_archive_git(shelf->archive);
	const char *remote =
		cli->args.n > 1 ? cli->args.v[1] : tw_git_remote(git);
	size_t all = 0;
	struct tw_error error;

	if (!*remote) {
		tw_fail(&error, TW_E_USAGE,
			"there is no remote; name one, a path or a URL");
		return tw_shelf_fail(&error);
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t done = 0;

		if (move(git, remote, prefixes[i], &done, &error))
			return tw_shelf_fail(&error);
		all += done;
	}
	if (!cli->quiet)
		printf("%zu refs %s %s\n", all,
			move == tw_git_push ? "sent to" : "fetched from",
			remote);
	return 0;
}

static int push(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	return move_all(shelf, cli, tw_git_push);
}

static int fetch(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	return move_all(shelf, cli, tw_git_fetch);
}

static int prune(struct tw_shelf *shelf, const struct tw_cli *cli)
{
	struct tw_prune it = {
		.keep = cli->keep >= 0 ? (size_t)cli->keep : KEEP};
	struct tw_error error;
	size_t proofs = 0;

	if (tw_catalog_prune(
		    &shelf->catalog, shelf->archive, true, &it, &error) ||
		tw_catalog_prune_proofs(&shelf->catalog, shelf->archive,
			it.keep, &proofs, &error))
		return tw_shelf_fail(&error);
	if (!cli->quiet)
		printf("the trials of %zu gates went, their verdicts stay; so "
		       "did %zu runs that had not ended, %zu proofs and %zu "
		       "damaged refs; `git gc` frees the room\n",
			it.thinned, it.running, proofs, it.broken);
	return 0;
}

int tw_baseline_diff(struct tw_shelf *shelf, const struct tw_cli *cli);

static const struct action {
	const char *name;
	size_t most; /* arguments, the action's name left out */
	int (*run)(struct tw_shelf *shelf, const struct tw_cli *cli);
} actions[] = {
	{"list", 0, list},
	{"show", 1, show},
	{"accept", 2, accept_gate},
	{"diff", 2, tw_baseline_diff},
	{"push", 1, push},
	{"fetch", 1, fetch},
	{"prune", 0, prune},
};

#define N_ACTIONS (sizeof actions / sizeof *actions)

static const struct action *find_action(
	const char *word, struct tw_error *error)
{
	const char *names[N_ACTIONS];
	const char *near;

	for (size_t i = 0; i < N_ACTIONS; i++) {
		names[i] = actions[i].name;
		if (!strcmp(word, names[i]))
			return &actions[i];
	}
	near = tw_nearest(word, names, N_ACTIONS);
	tw_fail(error, TW_E_USAGE, "baseline cannot '%s'%s%s%s", word,
		near ? "; did you mean '" : "; see `twinrig baseline --help`",
		near ? near : "", near ? "'?" : "");
	return NULL;
}

static int run(const struct tw_cli *cli)
{
	struct tw_error error;
	const struct action *action =
		find_action(cli->args.n ? cli->args.v[0] : "list", &error);
	struct tw_shelf shelf;
	int status;

	if (action && cli->args.n > action->most + 1) {
		tw_fail(&error, TW_E_USAGE, "baseline %s: '%s' is one too many",
			action->name, cli->args.v[action->most + 1]);
		action = NULL;
	}
	if (!action)
		return tw_shelf_fail(&error);
	status = tw_shelf_open(&shelf, cli);
	if (status)
		return status;
	status = action->run(&shelf, cli);
	tw_shelf_close(&shelf);
	return status;
}

const struct tw_command tw_command_baseline = {
	.name = "baseline",
	.arguments = "[ACTION]",
	.summary = "what gates stored in git: show, name, compare, share",
	.manual = "GATE is a gate's id (or the start of it), a baseline's name "
		  "or a ref; where none\nis given, the gate that answered last "
		  "here, run or not.\n\n"
		  "  list                every stored gate, the newest first, "
		  "with its candidate's\n"
		  "                      commit (+: with files of none); "
		  "baselines; proofs (gate\n"
		  "                      --prove); what is done where no "
		  "ACTION is named\n"
		  "  show [GATE]         what it compared and what came of it\n"
		  "  accept NAME [GATE]  its candidate becomes the baseline "
		  "NAME, for\n"
		  "                      `baseline: {stored: NAME}`\n"
		  "  diff A [B]          in what two gates differ: inputs, "
		  "files, verdicts\n"
		  "  push [REMOTE]       to another repository: a remote, a "
		  "path or a URL\n"
		  "  fetch [REMOTE]      from it\n"
		  "  prune               keeps the newest --keep gates and "
		  "baselines whole, of\n"
		  "                      others the verdict",
	.run = run,
};
