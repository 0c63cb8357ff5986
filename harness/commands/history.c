/* `twinrig history`: the stored verdicts over time, and what they add up to. */
#include "harness/commands/history_page.h"
#include "harness/commands/history_series.h"

#include <stdio.h>

struct sums {
	struct tw_arena arena;
	struct tw_series_list series;
	struct tw_map commits; /* of clean candidates -> newest verdict */
	size_t gates, changed; /* of these: of files that no commit has */
	/* recovery_time of candidates, over checks and groups. */
	size_t recovered, never;
	double recovery; /* ns, summed */
	/* Failed groups: from the first fault to where the sides part. */
	size_t shown;
	int64_t showing; /* ns, summed */
	/* Failed commits that a passed one came after. */
	size_t failed_since, mended;
	/* Of the newest gate that knows: cores and bytes; 0: not known. */
	double cost[4];
	uint64_t compared, different; /* answers of processes */
};

static const char *const cost_names[4] = {"cost.cpu.requested", "cost.cpu.used",
	"cost.memory.requested", "cost.memory.used"};

static const char *first_word(struct tw_arena *arena, const char *subject)
{
	return tw_arena_strndup(arena, subject, strcspn(subject, ":"));
}

/* When the first fault of a scenario begins; TW_NEVER: none does. */
static int64_t fault_of(struct tw_record *record, const char *scenario)
{
	struct tw_error error;
	const char *text = tw_record_text(record, "evidence", &error);
	const char *name =
		tw_arena_printf(&record->arena, "fault.%s", scenario);
	char *at, *v[2];
	int64_t begin;

	if (!text)
		return TW_NEVER;
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 2));)
		if (n == 2 && !strcmp(v[0], name) &&
			tw_parse_int(tw_str_of(v[1]), &begin))
			return begin;
	return TW_NEVER;
}

static void add_evidence(struct sums *sums, struct tw_record *record)
{
	struct tw_error error;
	const char *text = tw_record_text(record, "evidence", &error);
	char *at = text ? tw_arena_strdup(&record->arena, text) : NULL;
	char *v[2];

	for (size_t n; at && (n = tw_line_next(&at, v, 2));) {
		int64_t whole;

		for (size_t i = 0; n == 2 && i < 4; i++)
			if (!strcmp(v[0], cost_names[i]))
				tw_parse_real(tw_str_of(v[1]), &sums->cost[i]);
		if (n != 2 || !tw_parse_int(tw_str_of(v[1]), &whole))
			continue;
		if (!strcmp(v[0], "live.compared"))
			sums->compared += (uint64_t)whole;
		if (!strcmp(v[0], "live.different"))
			sums->different += (uint64_t)whole;
	}
}

static void add_judged(
	struct sums *sums, struct tw_record *record, const struct tw_judged *it)
{
	int64_t begin;
	double value;

	if (!strcmp(it->kind, "recovery") && strcmp(it->candidate, "-") != 0) {
		if (tw_parse_real(tw_str_of(it->candidate), &value)) {
			sums->recovered++;
			sums->recovery += value;
		} else {
			sums->never++;
		}
	}
	if (strcmp(it->verdict, "fail") != 0 || it->since == TW_NEVER)
		return;
	begin = fault_of(record, it->scenario);
	if (begin == TW_NEVER || it->since < begin)
		return;
	sums->shown++;
	sums->showing += it->since - begin;
}

static void print_failed(const struct tw_judged_list *judged)
{
	size_t more = 0;
	const char *shown = NULL;

	for (size_t i = 0; i < judged->n; i++) {
		const struct tw_judged *it = &judged->v[i];

		if (strcmp(it->verdict, "fail") != 0)
			continue;
		if (shown) {
			more++;
			continue;
		}
		shown = it->check;
		printf("  %s: %s%s%s%s", it->scenario, it->check,
			*it->group ? " [" : "", it->group,
			*it->group ? "]" : "");
	}
	if (more)
		printf(" and %zu more", more);
}

static int add_gate(struct tw_shelf *shelf, size_t number, struct sums *sums)
{
	const struct tw_catalog_gate *gate = &shelf->catalog.gates.v[number];
	struct tw_judged_list judged = {0};
	struct tw_record record;
	struct tw_error error;
	char when[TW_WHEN];
	const char *commit, *verdict;
	bool clean;

	if (tw_record_open(&record, shelf->archive, gate->ref, &error) ||
		tw_judged_read(&record, &judged, &error)) {
		printf("%s  %s  cannot be read: %s\n",
			tw_when_text(gate->about.time, when), gate->id,
			error.message);
		return 0;
	}
	commit = tw_record_value(&record, "candidate.commit");
	clean = !strcmp(tw_record_value(&record, "candidate.state"), "clean");
	verdict = first_word(&sums->arena, gate->about.subject);
	printf("%s  %s  %-12.12s%s  %-12s",
		tw_when_text(gate->about.time, when), gate->id,
		*commit ? commit : "no commit", *commit && !clean ? "+" : " ",
		verdict);
	print_failed(&judged);
	putchar('\n');
	sums->gates++;
	add_evidence(sums, &record);
	if (!strcmp(verdict, "fail")) {
		sums->failed_since++;
	} else if (!strcmp(verdict, "pass")) {
		sums->mended += sums->failed_since > 0;
		sums->failed_since = 0;
	}
	if (*commit && clean)
		tw_map_put(&sums->commits, commit,
			tw_arena_strdup(&sums->arena, verdict));
	else
		sums->changed++;
	for (size_t i = 0; i < judged.n; i++) {
		add_judged(sums, &record, &judged.v[i]);
		tw_series_add(&sums->series, &judged.v[i], number);
	}
	tw_record_release(&record);
	return 0;
}

static size_t commits_with(const struct sums *sums, const char *verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < sums->commits.n; i++)
		n += !strcmp(sums->commits.v[i].value, verdict);
	return n;
}

static void print_share(
	const char *what, const char *unit, double asked, double used)
{
	if (asked > 0)
		printf("%s requested: %.4g%s", what, asked, unit);
	else
		printf("%s requested: nothing", what);
	if (used > 0 && asked > 0)
		printf(", used %.4g%s (%.0f%%)", used, unit,
			100 * used / asked);
	else if (used > 0)
		printf(", used %.4g%s", used, unit);
	else
		printf("; what is used is not modelled");
	putchar('\n');
}

/* Of the newest gate. */
static void print_cost(const struct sums *sums)
{
	const double *cost = sums->cost;
	const double mi = 1024 * 1024;

	if (cost[0] > 0 || cost[1] > 0)
		print_share("CPU", " cores", cost[0], cost[1]);
	if (cost[2] > 0 || cost[3] > 0)
		print_share("memory", "Mi", cost[2] / mi, cost[3] / mi);
}

static void print_sums(const struct sums *sums)
{
	char text[TW_TIME_TEXT];

	printf("\n%zu gates: %zu of %zu commits (%zu caught, %zu inconclusive, "
	       "%zu passed), %zu of files that no commit has (+)\n",
		sums->gates, sums->gates - sums->changed, sums->commits.n,
		commits_with(sums, "fail"), commits_with(sums, "inconclusive"),
		commits_with(sums, "pass"), sums->changed);
	if (sums->recovered)
		printf("time to recover from an injected fault: %s in the mean "
		       "of %zu recovery_time values of candidates",
			tw_time_text((tw_time)(sums->recovery /
					       (double)sums->recovered),
				text),
			sums->recovered);
	else if (sums->never)
		printf("time to recover from an injected fault: never");
	if (sums->recovered && sums->never)
		printf("; %zu never recovered", sums->never);
	if (sums->recovered || sums->never)
		putchar('\n');
	if (sums->shown)
		printf("time for a failure to show: %s in the mean, from the "
		       "first fault to where the sides part (%zu failed "
		       "groups)\n",
			tw_time_text(
				sums->showing / (int64_t)sums->shown, text),
			sums->shown);
	if (commits_with(sums, "fail") || sums->mended)
		printf("rollbacks avoided: %zu commits failed, each would have "
		       "been one; %zu times a pass came after\n",
			commits_with(sums, "fail"), sums->mended);
	print_cost(sums);
	if (sums->compared)
		printf("answers of real builds: %llu of %llu differ from the "
		       "recorded ones\n",
			(unsigned long long)sums->different,
			(unsigned long long)sums->compared);
	printf("not told, as nothing stored says it: when an alert would have "
	       "rung, accuracy of the twin\n");
}

static int run(const struct tw_cli *cli)
{
	struct tw_shelf shelf;
	struct sums sums = {0};
	int status = tw_shelf_open(&shelf, cli);

	if (status)
		return status;
	if (cli->html)
		status = tw_history_page(&shelf, cli->html);
	if (cli->html && !strcmp(cli->html, "-")) {
		tw_shelf_close(&shelf);
		return status;
	}
	tw_arena_init(&sums.arena);
	tw_map_init(&sums.commits, &sums.arena);
	tw_series_init(&sums.series);
	for (size_t i = 0; i < shelf.catalog.gates.n; i++)
		add_gate(&shelf, i, &sums);
	if (sums.gates) {
		print_sums(&sums);
		tw_series_print(&sums.series, &shelf.catalog);
	} else {
		puts("no gate is stored here yet");
	}
	tw_series_release(&sums.series);
	tw_arena_release(&sums.arena);
	tw_shelf_close(&shelf);
	return status;
}

const struct tw_command tw_command_history = {
	.name = "history",
	.arguments = "",
	.summary = "stored verdicts over time, and what they add up to",
	.manual = "A commit counts once, by its newest gate. A + marks files "
		  "that were not as committed.\nOf ten gates on it says since "
		  "when what candidates measure is another "
		  "(E-divisive).",
	.run = run,
};
