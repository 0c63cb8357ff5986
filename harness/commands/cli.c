#include "harness/commands/command.h"

#include "twins/base/units.h"

#include <stddef.h>
#include <string.h>

const struct tw_command *const tw_commands[] = {
	&tw_command_gate,
	&tw_command_merge,
	&tw_command_baseline,
	&tw_command_rejudge,
	&tw_command_history,
	&tw_command_run,
	&tw_command_check,
	&tw_command_init,
	&tw_command_capture,
	&tw_command_faults,
	&tw_command_plugins,
	&tw_command_schema,
	NULL,
};

enum kind { FLAG, TEXT, COUNT, POSITIVE };

struct option {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	enum kind kind;
	size_t offset;
	const char *value; /* how its value is shown */
	const char *help;
	const char *commands; /* " gate merge run "; NULL: every verb */
};

#define AT(member) offsetof(struct tw_cli, member)

#define GATE	 " gate merge "
#define SETUP	 " gate merge baseline rejudge history run check init "
#define MESSAGES " gate merge baseline rejudge run check init capture "

/* In the order of `--help`. A name may stand here once for each command in
 * which it means another thing. */
static const struct option table[] = {
	{"config", 'c', TEXT, AT(config), "FILE",
		"the configuration (twinrig.yaml)", SETUP},
	{"baseline", 0, TEXT, AT(baseline), "WHAT",
		"compare with a REF, a folder or stored:NAME (as configured)",
		" gate merge check run "},
	{"scenario", 0, TEXT, AT(scenario), "NAME",
		"only scenarios of this name or glob", " gate merge run "},
	{"runs", 0, POSITIVE, AT(runs), "N", "trials of each scenario", GATE},
	{"max-runs", 0, POSITIVE, AT(max_runs), "N",
		"go on to so many while a check is undecided", GATE},
	{"seed", 0, COUNT, AT(seed), "N", "the seed of every draw",
		" gate merge run "},
	{"threads", 0, COUNT, AT(threads), "N",
		"trials side by side (one per core)", GATE},
	{"shard", 0, TEXT, AT(shard), "I/N",
		"run only the I-th of N parts of the trials", " gate "},
	{"prove", 0, FLAG, AT(prove), NULL,
		"which regressions the checks would catch, and from what size",
		" gate merge "},
	{"no-store", 0, FLAG, AT(no_store), NULL,
		"neither take stored trials nor store any", GATE},
	{"list", 0, FLAG, AT(list), NULL,
		"what may be found, by name, and what each means", " check "},
	{"events", 0, FLAG, AT(events), NULL, "print every event", " run "},
	{"watch", 0, TEXT, AT(watch), "WHAT",
		"print pods, nodes, deployments, vpa or events as they change",
		" run "},
	{"capture", 0, TEXT, AT(capture), "FILE",
		"a capture or an access log to draft from", " init "},
	{"format", 0, TEXT, AT(format), "NAME",
		"jsonl or gor (by the output's name, else jsonl)", " capture "},
	{"format", 0, TEXT, AT(format), "NAME", "json or text (json)",
		" schema "},
	{"lines", 'n', COUNT, AT(lines), "N", "head: exchanges to show (10)",
		" capture "},
	{"keep", 0, COUNT, AT(keep), "N", "prune: gates that stay whole (5)",
		" baseline "},
	{"force", 0, FLAG, AT(force), NULL, "overwrite files that are there",
		" init "},
	{"force", 0, FLAG, AT(force), NULL, "accept: whatever the verdict",
		" baseline "},
	{"output", 'o', TEXT, AT(output), "FILE",
		"the shard's file, with --shard", " gate "},
	{"output", 'o', TEXT, AT(output), "FILE",
		"where to write (standard output)", " capture schema "},
	{"junit", 0, TEXT, AT(junit), "FILE", "write JUnit XML", GATE},
	{"junit-strict", 0, FLAG, AT(junit_strict), NULL,
		"JUnit without file and line, as Jenkins' xUnit schema has it",
		GATE},
	{"json", 0, TEXT, AT(json), "FILE", "write JSON", " gate merge run "},
	{"markdown", 0, TEXT, AT(markdown), "FILE", "write Markdown", GATE},
	{"html", 0, TEXT, AT(html), "FILE",
		"write one page with charts, for a browser",
		" gate merge history "},
	{"sarif", 0, TEXT, AT(sarif), "FILE",
		"write findings as SARIF 2.1.0, for code scanning",
		" gate merge check "},
	{"annotations", 0, TEXT, AT(annotations), "FILE",
		"write annotations for GitHub Actions", GATE},
	{"code-quality", 0, TEXT, AT(code_quality), "FILE",
		"write GitLab's code quality report", GATE},
	{"metrics", 0, TEXT, AT(metrics), "FILE",
		"write OpenMetrics text, for GitLab's metrics report", GATE},
	{"no-ci", 0, FLAG, AT(no_ci), NULL,
		"no annotations and job summary by itself in GitHub Actions",
		GATE},
	{"plugins", 0, TEXT, AT(plugins), "DIR", "load plugins from there too",
		" gate merge run capture plugins "},
	{"quiet", 'q', FLAG, AT(quiet), NULL,
		"errors, the verdict, a line for what fails", MESSAGES},
	{"verbose", 'v', FLAG, AT(verbose), NULL, "notes too",
		" gate merge baseline rejudge run check init "},
	{"no-progress", 0, FLAG, AT(no_progress), NULL, "no progress bar",
		GATE},
	{"help", 'h', FLAG, AT(help), NULL, "this text", NULL},
	{"version", 0, FLAG, AT(version), NULL, "the version", NULL},
};

#define N_OPTIONS (sizeof table / sizeof *table)

static const struct tw_command *find_command(const char *name)
{
	for (size_t i = 0; tw_commands[i]; i++)
		if (!strcmp(tw_commands[i]->name, name))
			return tw_commands[i];
	return NULL;
}

static int unknown_command(const char *name, struct tw_error *error)
{
	const char *names[32];
	const char *nearest;
	size_t n = 0;

	for (; tw_commands[n] && n < 32; n++)
		names[n] = tw_commands[n]->name;
	nearest = tw_nearest(name, names, n);
	return tw_fail(error, TW_E_USAGE, "unknown command '%s'%s%s%s", name,
		nearest ? "; did you mean '" : "; see 'twinrig --help'",
		nearest ? nearest : "", nearest ? "'?" : "");
}

static bool serves(
	const struct option *option, const struct tw_command *command)
{
	const char *at;
	size_t n;

	if (!option->commands || !command)
		return true;
	n = strlen(command->name);
	for (at = option->commands; (at = strchr(at, ' ')); at++)
		if (!strncmp(at + 1, command->name, n) && at[1 + n] == ' ')
			return true;
	return false;
}

/* That of the command; where it has none of this name, another one's. */
static const struct option *find_option(
	struct tw_str name, bool is_letter, const struct tw_command *command)
{
	const struct option *found = NULL;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (is_letter ? table[i].letter != name.p[0]
			      : !tw_str_equal(name, table[i].name))
			continue;
		found = &table[i];
		if (serves(found, command))
			break;
	}
	return found;
}

static int unknown_option(const char *word, struct tw_error *error)
{
	const char *names[N_OPTIONS];
	const char *nearest;

	for (size_t i = 0; i < N_OPTIONS; i++)
		names[i] = table[i].name;
	nearest = tw_nearest(word + strspn(word, "-"), names, N_OPTIONS);
	return tw_fail(error, TW_E_USAGE, "unknown option '%s'%s%s%s", word,
		nearest ? "; did you mean '--" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

static int store(struct tw_cli *cli, const struct option *option,
	const char *value, struct tw_error *error)
{
	char *at = (char *)cli + option->offset;

	switch (option->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case TEXT:
		*(const char **)at = value;
		return 0;
	case COUNT:
	case POSITIVE:
		if (tw_parse_int(tw_str_of(value), (int64_t *)at) &&
			*(int64_t *)at >= (option->kind == POSITIVE))
			return 0;
		return tw_fail(error, TW_E_USAGE,
			"--%s wants a whole number%s, not '%s'", option->name,
			option->kind == POSITIVE ? " from 1 on" : "", value);
	}
	return 0;
}

/* One word that starts with a dash; *i moves on where its value is the next
 * word. */
static int read_option(struct tw_cli *cli, const struct tw_command *command,
	int argc, char **argv, int *i, struct tw_error *error)
{
	const char *word = argv[*i];
	bool is_letter = word[1] != '-';
	struct tw_str name = tw_str_of(word + (is_letter ? 1 : 2));
	const char *equals = is_letter ? NULL : strchr(word, '=');
	const char *value = equals ? equals + 1 : NULL;
	const struct option *option;

	if (equals)
		name.n = (size_t)(equals - name.p);
	option = name.n ? find_option(name, is_letter, command) : NULL;
	if (!option || (is_letter && option->kind == FLAG && name.n > 1))
		return unknown_option(word, error);
	if (!serves(option, command))
		return tw_fail(error, TW_E_USAGE, "'%s' has no option --%s",
			command->name, option->name);
	if (is_letter && name.n > 1)
		value = name.p + 1;
	if (option->kind == FLAG && value)
		return tw_fail(
			error, TW_E_USAGE, "--%s takes no value", option->name);
	if (option->kind != FLAG && !value) {
		if (*i + 1 >= argc)
			return tw_fail(error, TW_E_USAGE, "--%s wants %s",
				option->name, option->value);
		value = argv[++*i];
	}
	return store(cli, option, value, error);
}

/* Two results on standard output would be none. */
static int one_standard_output(const struct tw_cli *cli, struct tw_error *error)
{
	const struct option *first = NULL;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *it = &table[i];
		const char *value;

		if (it->kind != TEXT || (first && it->offset == first->offset))
			continue;
		value = *(const char *const *)((const char *)cli + it->offset);
		if (!value || strcmp(value, "-"))
			continue;
		if (first)
			return tw_fail(error, TW_E_USAGE,
				"--%s and --%s cannot both be standard output",
				first->name, it->name);
		first = it;
	}
	return 0;
}

const struct tw_command *tw_cli_read(
	int argc, char **argv, struct tw_cli *cli, struct tw_error *error)
{
	const struct tw_command *command = NULL;
	bool only_args = false;

	*cli = (struct tw_cli){.seed = -1, .keep = -1};
	*error = (struct tw_error){0};
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!only_args && !strcmp(word, "--")) {
			only_args = true;
		} else if (!only_args && word[0] == '-' && word[1]) {
			if (read_option(cli, command, argc, argv, &i, error))
				return NULL;
		} else if (!command && !strcmp(word, "help")) {
			cli->help = true;
		} else if (!command) {
			command = find_command(word);
			if (!command) {
				unknown_command(word, error);
				return NULL;
			}
		} else {
			tw_vec_push(&cli->args, word);
		}
	}
	if (!command && !cli->help && !cli->version)
		tw_fail(error, TW_E_USAGE,
			"what is to be done? See 'twinrig --help'");
	if (command && one_standard_output(cli, error))
		return NULL;
	if (command && !command->arguments[0] && cli->args.n && !cli->help)
		tw_fail(error, TW_E_USAGE,
			"'%s' takes no arguments, but got '%s'; see 'twinrig "
			"help "
			"%s'",
			command->name, cli->args.v[0], command->name);
	return command;
}

void tw_cli_release(struct tw_cli *cli)
{
	tw_vec_release(&cli->args);
}

static void help_options(const struct tw_command *command, struct tw_buf *out)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *option = &table[i];
		struct tw_buf left = {0};

		if (!serves(option, command))
			continue;
		if (option->letter)
			tw_buf_printf(&left, "-%c, ", option->letter);
		tw_buf_printf(&left, "--%s%s%s", option->name,
			option->value ? " " : "",
			option->value ? option->value : "");
		tw_buf_printf(
			out, "  %-26s %s\n", tw_buf_text(&left), option->help);
		tw_buf_release(&left);
	}
}

void tw_cli_help(const struct tw_command *command, struct tw_buf *out)
{
	if (command) {
		tw_buf_printf(out, "twinrig %s [OPTIONS]%s%s\n\n%s\n",
			command->name, command->arguments[0] ? " " : "",
			command->arguments, command->summary);
		if (command->manual)
			tw_buf_printf(out, "\n%s\n", command->manual);
		tw_buf_add_text(out, "\n");
		help_options(command, out);
		return;
	}
	tw_buf_add_text(out,
		"twinrig COMMAND [OPTIONS]\n\n"
		"Builds a twin of a system from its YAML, replays captured "
		"traffic through it\nunder faults, and gates the candidate "
		"against the baseline.\n\n");
	for (size_t i = 0; tw_commands[i]; i++)
		tw_buf_printf(out, "  %-10s %s\n", tw_commands[i]->name,
			tw_commands[i]->summary);
	tw_buf_add_text(out,
		"\n'twinrig help COMMAND' lists a command's options.\n\n"
		"Exit status: 0 every check passed, 1 a check failed, 2 a "
		"file or the command line\nis wrong, 3 the run could not be "
		"made, 4 inconclusive.\n");
}
