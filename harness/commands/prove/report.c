/* What a proof says, as a table and as JSON. */
#include "harness/commands/prove/prove.h"

#include "harness/json/writer.h"

#define WIDEST 64 /* columns of what a mutant is of */
#define TEXT   60

const char *tw_proved_size(
	const struct tw_proved_mutant *it, size_t at, struct tw_arena *arena)
{
	return tw_mutant_size_text(
		arena, it->mutant->kind, it->mutant->sizes[at]);
}

const char *tw_proof_headline(
	const struct tw_proof *proof, struct tw_arena *arena)
{
	const size_t *n = proof->outcomes;

	return tw_arena_printf(arena,
		"%zu of %zu mutants caught, %zu doubted, %zu blind%s; %zu "
		"false "
		"alarms and %zu undecided in %zu A/A gates",
		n[TW_PROVED_CAUGHT], proof->mutants.n, n[TW_PROVED_DOUBTED],
		n[TW_PROVED_BLIND],
		n[TW_PROVED_UNTRIED] ? tw_arena_printf(arena, ", %zu untried",
					       n[TW_PROVED_UNTRIED])
				     : "",
		proof->false_alarms, proof->undecided, proof->pairs);
}

/* In so many columns; what is too long loses its end. */
static void cell(struct tw_buf *out, const char *text, size_t width)
{
	size_t n = strlen(text);

	if (n <= width)
		tw_buf_printf(out, "%-*s", (int)width, text);
	else
		tw_buf_printf(out, "%.*s...", (int)width - 3, text);
}

static void trim(struct tw_buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
}

/* ---- mutants ------------------------------------------------------------ */

static void missed(const struct tw_proved_mutant *it, bool colour,
	struct tw_arena *arena, struct tw_buf *out)
{
	const char *tone =
		it->outcome == TW_PROVED_BLIND ? "\x1b[31;1m" : "\x1b[33;1m";

	tw_buf_printf(out, " %s%-10s%s", colour ? tone : "",
		tw_proved_names[it->outcome], colour ? "\x1b[0m" : "");
	if (it->outcome == TW_PROVED_UNTRIED)
		tw_buf_add_text(out, " time was up\n");
	else
		tw_buf_printf(out, " largest: %s\n",
			tw_proved_size(it, it->mutant->n - 1, arena));
}

static void row(const struct tw_proof *proof, const struct tw_proved_mutant *it,
	size_t width, bool colour, struct tw_arena *arena, struct tw_buf *out)
{
	size_t n = 0;

	cell(out, tw_mutation_names[it->mutant->kind], 14);
	tw_buf_add_char(out, ' ');
	cell(out, it->mutant->where, width);
	if (it->outcome != TW_PROVED_CAUGHT) {
		missed(it, colour, arena, out);
		return;
	}
	for (size_t i = 0; i < proof->checks.n; i++) {
		size_t scenario = it->tests[it->size].scenarios[i];

		n += scenario > 0;
		if (!scenario || n > 1)
			continue;
		tw_buf_printf(out,
			" %-10s %s: ", tw_proved_size(it, it->size, arena),
			proof->scenarios.v[scenario - 1]);
		cell(out, proof->checks.v[i].text, TEXT);
		trim(out);
	}
	if (n > 1)
		tw_buf_printf(out, " and %zu more", n - 1);
	tw_buf_add_char(out, '\n');
}

/* ---- checks ------------------------------------------------------------- */

/* Of a check and a kind of mutant: how many it catches and from what size, the
 * smallest of them. */
struct reach {
	size_t of, n;
	const struct tw_proved_mutant *best;
	size_t from;
};

static struct reach reach_of(
	const struct tw_proof *proof, size_t check, enum tw_mutation kind)
{
	struct reach reach = {0};

	for (size_t i = 0; i < proof->mutants.n; i++) {
		const struct tw_proved_mutant *it = &proof->mutants.v[i];

		if (it->mutant->kind != kind)
			continue;
		reach.of++;
		if (!it->from[check])
			continue;
		reach.n++;
		if (!reach.best || it->from[check] < reach.from) {
			reach.best = it;
			reach.from = it->from[check];
		}
	}
	return reach;
}

static void checks_part(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out)
{
	tw_buf_add_text(out,
		"\ncatches  first  check, and of each kind of mutant how many "
		"from which size on\n");
	for (size_t i = 0; i < proof->checks.n; i++) {
		const struct tw_proved_check *it = &proof->checks.v[i];
		const char *comma = "";

		tw_buf_printf(out, "%7zu  %5zu  %s\n", it->catches, it->first,
			it->text);
		for (int kind = 0; kind < TW_MUTATIONS; kind++) {
			struct reach reach =
				reach_of(proof, i, (enum tw_mutation)kind);

			if (!reach.best)
				continue;
			tw_buf_printf(out, "%s%s %zu of %zu from %s",
				*comma ? comma : "                ",
				tw_mutation_names[kind], reach.n, reach.of,
				tw_proved_size(
					reach.best, reach.from - 1, arena));
			comma = ", ";
		}
		if (*comma)
			tw_buf_add_char(out, '\n');
		if (it->fails_anyway)
			tw_buf_printf(out,
				"                fails in %s without a change: "
				"there it proves nothing\n",
				it->fails_anyway);
	}
}

/* ---- the whole ---------------------------------------------------------- */

static size_t width_of(const struct tw_proof *proof)
{
	size_t width = strlen("where");

	for (size_t i = 0; i < proof->mutants.n; i++) {
		size_t n = strlen(proof->mutants.v[i].mutant->where);

		if (n > width)
			width = n;
	}
	return width < WIDEST ? width : WIDEST;
}

/* The worst first, down to those that the gate caught, or not. */
static void rows(const struct tw_proof *proof, enum tw_proved least,
	bool colour, struct tw_arena *arena, struct tw_buf *out)
{
	for (int rank = TW_PROVED_OUTCOMES; rank-- > (int)least;)
		for (size_t i = 0; i < proof->mutants.n; i++)
			if (proof->mutants.v[i].outcome == (enum tw_proved)rank)
				row(proof, &proof->mutants.v[i],
					width_of(proof), colour, arena, out);
}

void tw_proof_terminal(const struct tw_proof *proof, bool brief, bool colour,
	struct tw_arena *arena, struct tw_buf *out)
{
	tw_buf_printf(out, "%s\n", tw_proof_headline(proof, arena));
	if (brief) {
		rows(proof, TW_PROVED_CAUGHT + 1, colour, arena, out);
		return;
	}
	tw_buf_printf(out,
		"\n"
		"%zu scenarios, %zu runs, seed %llu; %zu trials%s%s\n",
		proof->scenarios.n, proof->runs,
		(unsigned long long)proof->seed, proof->trials,
		proof->process ? " of the process of " : "",
		proof->process ? proof->process : "");
	if (proof->out_of_time)
		tw_buf_add_text(out,
			"time was up: not all sizes were tried, and some "
			"checks "
			"catch smaller ones; the next proof goes on\n");
	if (proof->too_late)
		tw_buf_printf(out,
			"%.0f%% of the requests were sent late: this machine "
			"is too busy to tell\n",
			proof->late * 100);
	if (proof->skipped)
		tw_buf_printf(out,
			"%zu scenarios with a search or a rollout left out\n",
			proof->skipped);
	tw_buf_add_char(out, '\n');
	cell(out, "mutant", 14);
	tw_buf_add_char(out, ' ');
	cell(out, "where", width_of(proof));
	tw_buf_add_text(out, " caught at  by\n");
	rows(proof, TW_PROVED_CAUGHT, colour, arena, out);
	checks_part(proof, arena, out);
}

/* ---- JSON --------------------------------------------------------------- */

static void size(struct tw_json_writer *w, const struct tw_proved_mutant *it,
	size_t at, struct tw_arena *arena)
{
	tw_json_put_string(w, "size", tw_proved_size(it, at, arena));
	tw_json_put_real(w, "sizeValue", it->mutant->sizes[at]);
}

/* What each check that catches it does from which size on. */
static void caught_by(struct tw_json_writer *w, const struct tw_proof *proof,
	const struct tw_proved_mutant *it, struct tw_arena *arena)
{
	tw_json_put_array(w, "by");
	for (size_t i = 0; i < proof->checks.n; i++) {
		size_t from = it->from[i];

		if (!from)
			continue;
		tw_json_object(w);
		tw_json_put_string(w, "check", proof->checks.v[i].text);
		size(w, it, from - 1, arena);
		tw_json_put_bool(w, "exact", tw_proved_exactly(it, i));
		tw_json_put_string(w, "scenario",
			proof->scenarios
				.v[it->tests[from - 1].scenarios[i] - 1]);
		tw_json_end(w);
	}
	tw_json_end(w);
}

static void caught(struct tw_json_writer *w, const struct tw_proof *proof,
	const struct tw_proved_mutant *it, struct tw_arena *arena)
{
	const size_t *scenarios = it->tests[it->size].scenarios;
	size_t first = 0;

	size(w, it, it->size, arena);
	for (size_t i = 0; i < proof->checks.n; i++)
		if (scenarios[i] && (!first || scenarios[i] < first))
			first = scenarios[i];
	tw_json_put_string(w, "scenario", proof->scenarios.v[first - 1]);
	tw_json_put_array(w, "checks");
	for (size_t i = 0; i < proof->checks.n; i++)
		if (scenarios[i])
			tw_json_string(w, proof->checks.v[i].text);
	tw_json_end(w);
	caught_by(w, proof, it, arena);
}

static void mutant(struct tw_json_writer *w, const struct tw_proof *proof,
	const struct tw_proved_mutant *it, struct tw_arena *arena)
{
	tw_json_object(w);
	tw_json_put_string(w, "mutation", tw_mutation_names[it->mutant->kind]);
	tw_json_put_string(w, "where", it->mutant->where);
	tw_json_put_string(w, "outcome", tw_proved_names[it->outcome]);
	tw_json_put_uint(w, "tests", it->n_tests);
	tw_json_put_string(
		w, "largest", tw_proved_size(it, it->mutant->n - 1, arena));
	if (it->outcome == TW_PROVED_CAUGHT)
		caught(w, proof, it, arena);
	tw_json_end(w);
}

static void alarms(struct tw_json_writer *w, const struct tw_proof *proof)
{
	tw_json_put_object(w, "aa");
	tw_json_put_uint(w, "blocks", proof->blocks);
	tw_json_put_uint(w, "gates", proof->pairs);
	tw_json_put_uint(w, "falseAlarms", proof->false_alarms);
	tw_json_put_uint(w, "inconclusive", proof->undecided);
	if (proof->pairs) {
		tw_json_put_real(w, "rate",
			(double)proof->false_alarms / (double)proof->pairs);
	}
	tw_json_end(w);
}

static void check(struct tw_json_writer *w, const struct tw_proved_check *it)
{
	tw_json_object(w);
	tw_json_put_string(w, "check", it->text);
	tw_json_put_uint(w, "catchesFirst", it->first);
	tw_json_put_uint(w, "catches", it->catches);
	if (it->fails_anyway)
		tw_json_put_string(w, "failsWithoutChange", it->fails_anyway);
	tw_json_end(w);
}

void tw_proof_json(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out)
{
	struct tw_json_writer w;

	tw_json_writer_init(&w, out, true);
	tw_json_object(&w);
	tw_json_put_uint(&w, "version", 1);
	tw_json_put_uint(&w, "status", (uint64_t)proof->status);
	if (proof->process)
		tw_json_put_string(&w, "process", proof->process);
	if (proof->process) {
		tw_json_key(&w, "late");
		tw_json_real(&w, proof->late);
	}
	tw_json_put_uint(&w, "seed", proof->seed);
	tw_json_put_uint(&w, "runs", proof->runs);
	tw_json_put_uint(&w, "scenarios", proof->scenarios.n);
	tw_json_put_uint(&w, "scenariosLeftOut", proof->skipped);
	tw_json_put_uint(&w, "trials", proof->trials);
	tw_json_key(&w, "outOfTime");
	tw_json_bool(&w, proof->out_of_time);
	for (int i = 0; i < TW_PROVED_OUTCOMES; i++)
		tw_json_put_uint(&w, tw_proved_names[i], proof->outcomes[i]);
	alarms(&w, proof);
	tw_json_key(&w, "mutants");
	tw_json_array(&w);
	for (size_t i = 0; i < proof->mutants.n; i++)
		mutant(&w, proof, &proof->mutants.v[i], arena);
	tw_json_end(&w);
	tw_json_key(&w, "checks");
	tw_json_array(&w);
	for (size_t i = 0; i < proof->checks.n; i++)
		check(&w, &proof->checks.v[i]);
	tw_json_end(&w);
	tw_json_end(&w);
	tw_json_finish(&w);
}
