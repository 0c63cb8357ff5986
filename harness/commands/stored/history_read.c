#include "harness/commands/stored/history_read.h"

#include "harness/commands/stored/history_series.h"

#include <stdio.h>

struct reading {
	struct tw_arena *arena;
	struct tw_history *history;
	struct tw_map commits; /* of clean candidates -> newest verdict */
	struct tw_series_list series;
	size_t failed_since;		       /* gates, since one passed */
	struct tw_history_accuracy accuracies; /* summed */
	size_t n_accuracies;
};

/* A line of a record's `evidence`. */
struct figure {
	const char *name, *text;
};

TW_VEC_TYPE(figures, struct figure);

/* ---- one record --------------------------------------------------------- */

static void read_evidence(struct tw_record *record, struct figures *to)
{
	struct tw_error error;
	const char *text = tw_record_text(record, "evidence", &error);
	char *at = text ? tw_arena_strdup(&record->arena, text) : NULL;
	char *v[2];

	for (size_t n; at && (n = tw_line_next(&at, v, 2));)
		if (n == 2)
			tw_vec_push_in(&record->arena, to,
				((struct figure){v[0], v[1]}));
}

/* 0 where there is none. */
static double figure_of(const struct figures *figures, const char *name)
{
	double value = 0;

	for (size_t i = 0; i < figures->n; i++)
		if (!strcmp(figures->v[i].name, name))
			tw_parse_real(tw_str_of(figures->v[i].text), &value);
	return value;
}

static uint64_t count_of(const struct figures *figures, const char *name)
{
	double value = figure_of(figures, name);

	return value > 0 ? (uint64_t)value : 0;
}

static void add_times(
	struct tw_history_times *to, const struct tw_history_times *from)
{
	to->n += from->n;
	to->never += from->never;
	to->sum += from->sum;
}

/* "detected.…" lines: "TIMES NEVER SUM". */
static void read_detections(
	const struct figures *figures, struct tw_history_times *to)
{
	for (size_t i = 0; i < figures->n; i++) {
		struct tw_history_times one;

		if (!strncmp(figures->v[i].name, "detected.", 9) &&
			sscanf(figures->v[i].text, "%zu %zu %lf", &one.n,
				&one.never, &one.sum) == 3)
			add_times(to, &one);
	}
}

static void read_recovery(
	const struct tw_judged *it, struct tw_history_times *to)
{
	double value;

	if (strcmp(it->kind, "recovery") != 0 || !strcmp(it->candidate, "-"))
		return;
	if (tw_parse_real(tw_str_of(it->candidate), &value)) {
		to->n++;
		to->sum += value;
	} else {
		to->never++;
	}
}

/* From the first fault to where the sides part, of a failed group. */
static void read_showing(const struct figures *figures, struct tw_arena *arena,
	const struct tw_judged *it, struct tw_history_times *to)
{
	const char *name = tw_arena_printf(arena, "fault.%s", it->scenario);
	int64_t begin = TW_NEVER;

	if (strcmp(it->verdict, "fail") != 0 || it->since == TW_NEVER)
		return;
	for (size_t i = 0; i < figures->n; i++)
		if (!strcmp(figures->v[i].name, name))
			tw_parse_int(tw_str_of(figures->v[i].text), &begin);
	if (begin == TW_NEVER || it->since < begin)
		return;
	to->n++;
	to->sum += (double)(it->since - begin);
}

/* The first failed group, and how many there are beside it. */
static void read_failed(struct tw_arena *arena,
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

static void read_cost(
	const struct figures *figures, struct tw_history_cost *cost)
{
	struct tw_history_cost one = {true,
		figure_of(figures, "cost.cpu.requested"),
		figure_of(figures, "cost.cpu.used"),
		figure_of(figures, "cost.memory.requested"),
		figure_of(figures, "cost.memory.used")};

	if (one.cpu_requested > 0 || one.cpu_used > 0 ||
		one.memory_requested > 0 || one.memory_used > 0)
		*cost = one;
}

static struct tw_history_accuracy read_accuracy(const struct figures *figures)
{
	struct tw_history_accuracy it = {
		.latency = figure_of(figures, "accuracy.latency"),
		.errors = figure_of(figures, "accuracy.errors")};

	it.known = count_of(figures, "accuracy.endpoints") > 0;
	return it;
}

/* ---- one gate ----------------------------------------------------------- */

static const char *first_word(struct tw_arena *arena, const char *subject)
{
	return tw_arena_strndup(arena, subject, strcspn(subject, ":"));
}

static void add_accuracy(
	struct reading *to, const struct tw_history_accuracy *it)
{
	struct tw_history *h = to->history;

	if (!it->known)
		return;
	if (to->n_accuracies) {
		double n = (double)to->n_accuracies;

		h->accuracy_before = (struct tw_history_accuracy){true,
			to->accuracies.latency / n, to->accuracies.errors / n};
	}
	h->accuracy = *it;
	to->accuracies.latency += it->latency;
	to->accuracies.errors += it->errors;
	to->n_accuracies++;
}

/* What all gates come to, with this one. */
static void add_up(struct reading *to, const struct tw_history_gate *one,
	const struct figures *figures)
{
	struct tw_history *h = to->history;

	add_times(&h->recovery, &one->recovery);
	add_times(&h->detection, &one->detection);
	add_accuracy(to, &one->accuracy);
	read_cost(figures, &h->cost);
	h->compared += count_of(figures, "live.compared");
	h->different += count_of(figures, "live.different");
	if (!strcmp(one->verdict, "fail")) {
		to->failed_since++;
	} else if (!strcmp(one->verdict, "pass")) {
		h->mended += to->failed_since > 0;
		to->failed_since = 0;
	}
	if (*one->commit && one->clean)
		tw_map_put(&to->commits, one->commit,
			tw_arena_strdup(to->arena, one->verdict));
	else
		h->changed++;
}

static void add_gate(struct reading *to, struct tw_record *record,
	const struct tw_catalog_gate *gate, const struct tw_judged_list *judged)
{
	struct tw_history *h = to->history;
	struct tw_arena *arena = to->arena;
	struct figures figures = {0};
	char when[TW_WHEN];
	struct tw_history_gate one = {
		.id = tw_arena_strdup(arena, gate->id),
		.when = tw_arena_strdup(
			arena, tw_when_text(gate->about.time, when)),
		.commit = tw_arena_strdup(
			arena, tw_record_value(record, "candidate.commit")),
		.clean = !strcmp(
			tw_record_value(record, "candidate.state"), "clean"),
		.verdict = first_word(arena, gate->about.subject),
	};

	read_evidence(record, &figures);
	one.passed = count_of(&figures, "passed");
	one.failed = count_of(&figures, "failed");
	one.inconclusive = count_of(&figures, "inconclusive");
	one.accuracy = read_accuracy(&figures);
	read_detections(&figures, &one.detection);
	read_failed(arena, judged, &one);
	for (size_t i = 0; i < judged->n; i++) {
		read_recovery(&judged->v[i], &one.recovery);
		read_showing(
			&figures, &record->arena, &judged->v[i], &h->showing);
		tw_series_add(&to->series, &judged->v[i], h->gates.n);
	}
	add_up(to, &one, &figures);
	tw_vec_push_in(arena, &h->gates, one);
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

void tw_history_read(
	struct tw_shelf *shelf, struct tw_arena *arena, struct tw_history *h)
{
	const struct tw_catalog *catalog = &shelf->catalog;
	struct reading to = {.arena = arena, .history = h};

	tw_map_init(&to.commits, arena);
	tw_series_init(&to.series);
	for (size_t i = 0; i < catalog->gates.n; i++)
		read_gate(&to, shelf, &catalog->gates.v[i]);
	h->commits = to.commits.n;
	for (size_t i = 0; i < to.commits.n; i++) {
		const char *verdict = to.commits.v[i].value;

		h->caught += !strcmp(verdict, "fail");
		h->inconclusive += !strcmp(verdict, "inconclusive");
		h->passed += !strcmp(verdict, "pass");
	}
	tw_series_changes(&to.series, arena, h);
	tw_series_release(&to.series);
	if (catalog->proofs.n)
		h->proof = tw_arena_strdup(arena,
			catalog->proofs.v[catalog->proofs.n - 1].about.subject);
}
