/* `twinrig history`: the stored verdicts over time, and what they add up to. */
#include "harness/commands/stored/history_read.h"
#include "harness/commands/output.h"

#include <stdio.h>

static void print_gate(const struct tw_history_gate *gate)
{
	printf("%s  %s  %-12.12s%s  %-12s%s%s", gate->when, gate->id,
		*gate->commit ? gate->commit : "no commit",
		*gate->commit && !gate->clean ? "+" : " ", gate->verdict,
		*gate->why ? "  " : "", gate->why);
	if (gate->more)
		printf(" and %zu more", gate->more);
	putchar('\n');
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
static void print_cost(const struct tw_history_cost *cost)
{
	const double mi = 1024 * 1024;

	if (cost->cpu_requested > 0 || cost->cpu_used > 0)
		print_share(
			"CPU", " cores", cost->cpu_requested, cost->cpu_used);
	if (cost->memory_requested > 0 || cost->memory_used > 0)
		print_share("memory", "Mi", cost->memory_requested / mi,
			cost->memory_used / mi);
}

static const char *mean_text(
	const struct tw_history_times *times, char to[static TW_TIME_TEXT])
{
	return times->n ? tw_time_text(
				  (tw_time)(times->sum / (double)times->n), to)
			: "never";
}

static void print_times(const struct tw_history *h)
{
	char text[TW_TIME_TEXT];

	if (h->detection.n || h->detection.never)
		printf("time to detect an injected fault: %s in the mean of "
		       "%zu runs, from the first fault to the end of the first "
		       "second in which a check's condition does not hold; %zu "
		       "were not noticed\n",
			mean_text(&h->detection, text), h->detection.n,
			h->detection.never);
	if (!h->recovery.n && h->recovery.never)
		printf("time to recover from an injected fault: no candidate "
		       "did; %zu never recovered\n",
			h->recovery.never);
	if (h->recovery.n)
		printf("time to recover from an injected fault: %s in the mean "
		       "of %zu recovery_time values of candidates; %zu never "
		       "recovered\n",
			mean_text(&h->recovery, text), h->recovery.n,
			h->recovery.never);
	if (h->showing.n)
		printf("time for a failure to show: %s in the mean, from the "
		       "first fault to where the sides part (%zu failed "
		       "groups)\n",
			mean_text(&h->showing, text), h->showing.n);
}

static void print_accuracy(const struct tw_history *h)
{
	const struct tw_history_accuracy *before = &h->accuracy_before;

	if (!h->accuracy.known)
		return;
	printf("accuracy of the twin: the medians of a real build's endpoints "
	       "are %.0f%% off, its error ratio %.2gpp",
		h->accuracy.latency * 100, h->accuracy.errors * 100);
	if (before->known)
		printf("; before, in the mean, %.0f%% and %.2gpp",
			before->latency * 100, before->errors * 100);
	putchar('\n');
}

static void print_sums(const struct tw_history *h)
{
	printf("\n%zu gates: %zu of %zu commits (%zu caught, %zu inconclusive, "
	       "%zu passed), %zu of files that no commit has (+)\n",
		h->gates.n, h->gates.n - h->changed, h->commits, h->caught,
		h->inconclusive, h->passed, h->changed);
	print_times(h);
	if (h->caught || h->mended)
		printf("rollbacks avoided: %zu (commits that failed), if they "
		       "would have been rolled out; a pass came after: %zu\n",
			h->caught, h->mended);
	print_cost(&h->cost);
	if (h->compared)
		printf("answers of real builds: %llu of %llu differ from the "
		       "recorded ones\n",
			(unsigned long long)h->different,
			(unsigned long long)h->compared);
	print_accuracy(h);
	if (h->proof)
		printf("the newest self-test: %s\n", h->proof);
}

static void print_changes(const struct tw_history *h)
{
	if (h->changes.n)
		puts("\nchanges of what candidates measured:");
	else if (h->series)
		printf("\nno change in %zu series of what candidates "
		       "measured\n",
			h->series);
	for (size_t i = 0; i < h->changes.n; i++) {
		const struct tw_history_change *it = &h->changes.v[i];
		const struct tw_history_gate *gate = &h->gates.v[it->gate];

		printf("  from %s %s on: %s -> %s  %s: %s%s%s%s  (p %.3f)\n",
			gate->when, gate->id, it->before, it->after,
			it->scenario, it->check, *it->group ? " [" : "",
			it->group, *it->group ? "]" : "", it->p);
	}
}

static int write_page(const struct tw_history *history, const char *path)
{
	struct tw_buf text = {0};
	int status;

	tw_history_html(history, &text);
	status = tw_output_write(path, &text);
	tw_buf_release(&text);
	return status;
}

static void print(const struct tw_history *h)
{
	for (size_t i = 0; i < h->gates.n; i++)
		print_gate(&h->gates.v[i]);
	if (!h->gates.n) {
		puts("no gate is stored here yet");
		return;
	}
	print_sums(h);
	print_changes(h);
}

static int run(const struct tw_cli *cli)
{
	struct tw_shelf shelf;
	struct tw_history history = {0};
	struct tw_arena arena;
	int status = tw_shelf_open(&shelf, cli);

	if (status)
		return status;
	tw_arena_init(&arena);
	tw_history_read(&shelf, &arena, &history);
	if (cli->html)
		status = write_page(&history, cli->html);
	if (!cli->html || strcmp(cli->html, "-") != 0)
		print(&history);
	tw_arena_release(&arena);
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
