/* What a proof says, as a table and as JSON. */
#include "harness/commands/prove.h"

#include "harness/json/writer.h"

#define WIDEST 64 /* columns of what a mutant is of */
#define TEXT   60

static const char *size_text(
	const struct tw_proved_mutant *it, size_t at, struct tw_arena *arena)
{
	return tw_mutant_size_text(
		arena, it->mutant->kind, it->mutant->sizes[at]);
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

static const char *first_check(
	const struct tw_proof *proof, const struct tw_proved_mutant *it)
{
	for (size_t i = 0; i < proof->checks.n; i++)
		if (it->checks[i])
			return proof->checks.v[i].text;
	return "";
}

static size_t n_checks(
	const struct tw_proof *proof, const struct tw_proved_mutant *it)
{
	size_t n = 0;

	for (size_t i = 0; i < proof->checks.n; i++)
		n += it->checks[i];
	return n;
}

static void row(const struct tw_proof *proof, const struct tw_proved_mutant *it,
	size_t width, bool colour, struct tw_arena *arena, struct tw_buf *out)
{
	size_t n;

	cell(out, tw_mutation_names[it->mutant->kind], 14);
	tw_buf_add_char(out, ' ');
	cell(out, it->mutant->where, width);
	if (!it->caught) {
		tw_buf_printf(out, " %s%-10s%s largest: %s\n",
			!colour	      ? ""
			: it->doubted ? "\x1b[33;1m"
				      : "\x1b[31;1m",
			it->doubted ? "doubted" : "blind",
			colour ? "\x1b[0m" : "",
			size_text(it, it->mutant->n - 1, arena));
		return;
	}
	n = n_checks(proof, it);
	tw_buf_printf(out, " %-10s %s: ", size_text(it, it->size, arena),
		it->scenario);
	cell(out, first_check(proof, it), TEXT);
	while (out->n && out->p[out->n - 1] == ' ')
		out->p[--out->n] = '\0';
	if (n > 1)
		tw_buf_printf(out, " and %zu more", n - 1);
	tw_buf_add_char(out, '\n');
}

static void checks_part(const struct tw_proof *proof, struct tw_buf *out)
{
	tw_buf_add_text(out, "\ncatches first  check\n");
	for (size_t i = 0; i < proof->checks.n; i++) {
		const struct tw_proved_check *it = &proof->checks.v[i];

		tw_buf_printf(out, "%13zu  %s\n", it->caught, it->text);
		if (it->fails_anyway)
			tw_buf_printf(out,
				"               fails in %s without a change: "
				"there it proves nothing\n",
				it->fails_anyway);
	}
}

/* The worst first. */
static int rank_of(const struct tw_proved_mutant *it)
{
	return it->caught ? 0 : it->doubted ? 1 : 2;
}

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

void tw_proof_terminal(const struct tw_proof *proof, bool colour,
	struct tw_arena *arena, struct tw_buf *out)
{
	size_t caught = proof->mutants.n - proof->blind - proof->doubted;
	size_t width = width_of(proof);

	tw_buf_printf(out,
		"%zu of %zu mutants caught, %zu doubted, %zu blind; %zu false "
		"alarms and %zu undecided in %zu A/A gates\n\n",
		caught, proof->mutants.n, proof->doubted, proof->blind,
		proof->false_alarms, proof->undecided, proof->pairs);
	tw_buf_printf(out, "%zu scenarios, %zu runs, seed %llu; %zu trials\n",
		proof->scenarios, proof->runs, (unsigned long long)proof->seed,
		proof->trials);
	if (proof->skipped)
		tw_buf_printf(out,
			"%zu scenarios with a search or a rollout left out\n",
			proof->skipped);
	tw_buf_add_char(out, '\n');
	cell(out, "mutant", 14);
	tw_buf_add_char(out, ' ');
	cell(out, "where", width);
	tw_buf_add_text(out, " caught at  by\n");
	for (int rank = 2; rank >= 0; rank--)
		for (size_t i = 0; i < proof->mutants.n; i++)
			if (rank_of(&proof->mutants.v[i]) == rank)
				row(proof, &proof->mutants.v[i], width, colour,
					arena, out);
	checks_part(proof, out);
}

/* ---- JSON --------------------------------------------------------------- */

static void text(struct tw_json_writer *w, const char *key, const char *value)
{
	tw_json_key(w, key);
	tw_json_string(w, value);
}

static void count(struct tw_json_writer *w, const char *key, uint64_t value)
{
	tw_json_key(w, key);
	tw_json_uint(w, value);
}

static void mutant(struct tw_json_writer *w, const struct tw_proof *proof,
	const struct tw_proved_mutant *it, struct tw_arena *arena)
{
	tw_json_object(w);
	text(w, "mutation", tw_mutation_names[it->mutant->kind]);
	text(w, "where", it->mutant->where);
	text(w, "outcome",
		it->caught    ? "caught"
		: it->doubted ? "doubted"
			      : "blind");
	count(w, "tests", it->tests);
	text(w, "largest", size_text(it, it->mutant->n - 1, arena));
	if (it->caught) {
		text(w, "size", size_text(it, it->size, arena));
		tw_json_key(w, "sizeValue");
		tw_json_real(w, it->mutant->sizes[it->size]);
		text(w, "scenario", it->scenario);
		tw_json_key(w, "checks");
		tw_json_array(w);
		for (size_t i = 0; i < proof->checks.n; i++)
			if (it->checks[i])
				tw_json_string(w, proof->checks.v[i].text);
		tw_json_end(w);
	}
	tw_json_end(w);
}

void tw_proof_json(const struct tw_proof *proof, struct tw_arena *arena,
	struct tw_buf *out)
{
	struct tw_json_writer w;

	tw_json_writer_init(&w, out, true);
	tw_json_object(&w);
	count(&w, "version", 1);
	count(&w, "seed", proof->seed);
	count(&w, "runs", proof->runs);
	count(&w, "scenarios", proof->scenarios);
	count(&w, "scenariosLeftOut", proof->skipped);
	count(&w, "trials", proof->trials);
	count(&w, "doubted", proof->doubted);
	count(&w, "blind", proof->blind);
	tw_json_key(&w, "aa");
	tw_json_object(&w);
	count(&w, "blocks", proof->blocks);
	count(&w, "gates", proof->pairs);
	count(&w, "falseAlarms", proof->false_alarms);
	count(&w, "inconclusive", proof->undecided);
	tw_json_end(&w);
	tw_json_key(&w, "mutants");
	tw_json_array(&w);
	for (size_t i = 0; i < proof->mutants.n; i++)
		mutant(&w, proof, &proof->mutants.v[i], arena);
	tw_json_end(&w);
	tw_json_key(&w, "checks");
	tw_json_array(&w);
	for (size_t i = 0; i < proof->checks.n; i++) {
		tw_json_object(&w);
		text(&w, "check", proof->checks.v[i].text);
		count(&w, "catchesFirst", proof->checks.v[i].caught);
		if (proof->checks.v[i].fails_anyway)
			text(&w, "failsWithoutChange",
				proof->checks.v[i].fails_anyway);
		tw_json_end(&w);
	}
	tw_json_end(&w);
	tw_json_end(&w);
	tw_json_finish(&w);
}
