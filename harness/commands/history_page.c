/* `twinrig history --html`: what the page needs of each stored gate. */
#include "harness/commands/history_page.h"

#include "harness/report/history.h"

#include <stdio.h>

struct reading {
	struct tw_arena arena;
	struct tw_history history;
	struct tw_map commits; /* of clean candidates -> newest verdict */
};

/* ---- reading ----------------------------------------------------------- */

static const char *first_word(struct tw_arena *arena, const char *subject)
{
	return tw_arena_strndup(arena, subject, strcspn(subject, ":"));
}

/* A figure of the record's `evidence`; false where it has none. */
static bool evidence_of(
	struct tw_record *record, const char *name, double *value)
{
	struct tw_error error;
	const char *text = tw_record_text(record, "evidence", &error);
	char *at, *v[2];

	if (!text)
		return false;
	at = tw_arena_strdup(&record->arena, text);
	for (size_t n; (n = tw_line_next(&at, v, 2));)
		if (n == 2 && !strcmp(v[0], name))
			return tw_parse_real(tw_str_of(v[1]), value);
	return false;
}

static uint64_t count_of(struct tw_record *record, const char *name)
{
	double value = 0;

	evidence_of(record, name, &value);
	return value > 0 ? (uint64_t)value : 0;
}

static void add_judged(struct tw_history *to, struct tw_history_gate *gate,
	struct tw_record *record, const struct tw_judged *it)
{
	double value, begin;

	if (!strcmp(it->kind, "recovery") && strcmp(it->candidate, "-") != 0) {
		if (tw_parse_real(tw_str_of(it->candidate), &value)) {
			gate->recovered++;
			gate->recovery += value;
		} else {
			gate->never++;
		}
	}
	if (strcmp(it->verdict, "fail") != 0 || it->since == TW_NEVER ||
		!evidence_of(record,
			tw_arena_printf(
				&record->arena, "fault.%s", it->scenario),
			&begin) ||
		(double)it->since < begin)
		return;
	to->shown++;
	to->showing += it->since - (int64_t)begin;
}

/* The first failed group, and how many there are beside it. */
static void add_failed(struct tw_arena *arena,
	const struct tw_judged_list *judged, struct tw_history_gate *gate)
{
	gate->why = "";
	for (size_t i = 0; i < judged->n; i++) {
		const struct tw_judged *it = &judged->v[i];

		if (strcmp(it->verdict, "fail") != 0)
			continue;
		if (gate->why[0])
			gate->more++;
		else
			gate->why = tw_arena_printf(arena, "%s: %s%s%s%s",
				it->scenario, it->check, *it->group ? " [" : "",
				it->group, *it->group ? "]" : "");
	}
}

static void add_cost(struct tw_history_cost *cost, struct tw_record *record)
{
	struct tw_history_cost one = {.known = true};

	if (evidence_of(record, "cost.cpu.requested", &one.cpu_requested) &&
		evidence_of(record, "cost.cpu.used", &one.cpu_used) &&
		evidence_of(
			record, "cost.memory.requested", &one.memory_requested))
		*cost = one;
}

static void add_gate(struct reading *to, struct tw_record *record,
	const struct tw_catalog_gate *gate, const struct tw_judged_list *judged)
{
	struct tw_history *h = &to->history;
	char when[TW_WHEN];
	struct tw_history_gate one = {
		.id = tw_arena_strdup(&to->arena, gate->id),
		.when = tw_arena_strdup(
			&to->arena, tw_when_text(gate->about.time, when)),
		.commit = tw_arena_strdup(&to->arena,
			tw_record_value(record, "candidate.commit")),
		.clean = !strcmp(
			tw_record_value(record, "candidate.state"), "clean"),
		.verdict = first_word(&to->arena, gate->about.subject),
		.passed = count_of(record, "passed"),
		.failed = count_of(record, "failed"),
		.inconclusive = count_of(record, "inconclusive"),
	};

	add_failed(&to->arena, judged, &one);
	for (size_t i = 0; i < judged->n; i++)
		add_judged(h, &one, record, &judged->v[i]);
	h->recovered += one.recovered;
	h->never += one.never;
	h->recovery += one.recovery;
	add_cost(&h->cost, record);
	tw_vec_push_in(&to->arena, &h->gates, one);
	if (!*one.commit || !one.clean)
		h->changed++;
	else
		tw_map_put(&to->commits, one.commit,
			tw_arena_strdup(&to->arena, one.verdict));
}

static void read_gate(struct reading *to, struct tw_shelf *shelf,
	const struct tw_catalog_gate *gate)
{
	struct tw_judged_list judged = {0};
	struct tw_record record;
	struct tw_error error;

	if (tw_record_open(&record, shelf->archive, gate->ref, &error)) {
		fprintf(stderr, "twinrig: gate %s cannot be read: %s\n",
			gate->id, error.message);
		return;
	}
	if (tw_judged_read(&record, &judged, &error))
		fprintf(stderr, "twinrig: gate %s cannot be read: %s\n",
			gate->id, error.message);
	else
		add_gate(to, &record, gate, &judged);
	tw_record_release(&record);
}

static void read_all(struct reading *to, struct tw_shelf *shelf)
{
	struct tw_history *h = &to->history;

	for (size_t i = 0; i < shelf->catalog.gates.n; i++)
		read_gate(to, shelf, &shelf->catalog.gates.v[i]);
	h->commits = to->commits.n;
	for (size_t i = 0; i < to->commits.n; i++) {
		const char *verdict = to->commits.v[i].value;

		h->caught += !strcmp(verdict, "fail");
		h->inconclusive += !strcmp(verdict, "inconclusive");
		h->passed += !strcmp(verdict, "pass");
	}
}

static int write_page(const struct tw_history *history, const char *path)
{
	bool is_stdout = !strcmp(path, "-");
	FILE *file = is_stdout ? stdout : fopen(path, "wb");
	struct tw_buf text = {0};
	int failed;

	if (!file) {
		perror(path);
		return TW_EXIT_RUN;
	}
	tw_history_html(history, &text);
	failed = fwrite(text.p, text.n, 1, file) != 1;
	failed |= is_stdout ? fflush(file) : fclose(file);
	if (failed)
		perror(is_stdout ? "standard output" : path);
	tw_buf_release(&text);
	return failed ? TW_EXIT_RUN : 0;
}

int tw_history_page(struct tw_shelf *shelf, const char *path)
{
	struct reading read = {0};
	int status;

	tw_arena_init(&read.arena);
	tw_map_init(&read.commits, &read.arena);
	read_all(&read, shelf);
	status = write_page(&read.history, path);
	tw_arena_release(&read.arena);
	return status;
}
