/* A proof as JUnit XML: a suite a kind of mutant, a case a mutant. What is
 * blind is a <failure>; what is doubted or untried an <error>. */
#include "harness/commands/prove/prove.h"

#include "harness/report/junit_xml.h"

static const char *by_text(const struct tw_proof *proof,
	const struct tw_proved_mutant *it, struct tw_arena *arena)
{
	struct tw_buf text = {0};
	const char *copy;

	for (size_t i = 0; i < proof->checks.n; i++)
		if (it->from[i])
			tw_buf_printf(&text, "caught %s %s by %s\n",
				tw_proved_exactly(it, i) ? "from" : "at",
				tw_proved_size(it, it->from[i] - 1, arena),
				proof->checks.v[i].text);
	copy = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return copy;
}

static struct tw_junit_case case_of(const struct tw_proof *proof,
	const struct tw_proved_mutant *it, const char *config,
	struct tw_arena *arena)
{
	static const char *const outcomes[TW_PROVED_OUTCOMES] = {
		NULL, "error", "error", "failure"};
	static const char *const types[TW_PROVED_OUTCOMES] = {
		"", "Untried", "Inconclusive", "Blind"};
	const char *kind = tw_mutation_names[it->mutant->kind];
	struct tw_junit_case to = {
		.classname = tw_arena_printf(arena, "twinrig.prove.%s", kind),
		.name = tw_arena_printf(
			arena, "%s is caught", it->mutant->where),
		.file = config,
		.outcome = outcomes[it->outcome],
		.type = types[it->outcome],
		.text = "",
	};

	switch (it->outcome) {
	case TW_PROVED_CAUGHT:
		to.out = by_text(proof, it, arena);
		break;
	case TW_PROVED_UNTRIED:
		to.message = "it was not tried: time was up; the next proof "
			     "goes on";
		break;
	default:
		to.message = tw_arena_printf(arena,
			"%s of %s: %s at every size that was tried, the "
			"largest is %s",
			kind, it->mutant->where,
			it->outcome == TW_PROVED_BLIND
				? "the gate passes"
				: "the gate is inconclusive, no more,",
			tw_proved_size(it, it->mutant->n - 1, arena));
		to.text = "add a check that sees it, or a scenario in which it "
			  "shows";
	}
	return to;
}

static struct tw_junit_case alarms(const struct tw_proof *proof,
	const char *config, struct tw_arena *arena)
{
	struct tw_junit_case to = {.classname = "twinrig.prove.aa",
		.name = "no false alarms beyond chance",
		.file = config,
		.text = ""};
	const char *text = tw_arena_printf(arena,
		"%zu of %zu gates of the candidate against itself fail",
		proof->false_alarms, proof->pairs);

	if (proof->alarmed || !proof->pairs) {
		to.outcome = "error";
		to.type = "FalseAlarms";
		to.message = proof->pairs ? text
					  : "time was up before a gate of the "
					    "candidate against itself";
	} else {
		to.out = text;
	}
	return to;
}

void tw_proof_junit(const struct tw_proof *proof, const char *config,
	bool strict, struct tw_arena *arena, struct tw_buf *out)
{
	struct tw_junit_suite suites[TW_MUTATIONS + 1] = {{0}};
	size_t n = 0;

	for (int kind = 0; kind < TW_MUTATIONS; kind++) {
		struct tw_junit_suite *suite = &suites[n];

		for (size_t i = 0; i < proof->mutants.n; i++)
			if (proof->mutants.v[i].mutant->kind ==
				(enum tw_mutation)kind)
				tw_vec_push_in(arena, &suite->cases,
					case_of(proof, &proof->mutants.v[i],
						config, arena));
		suite->name = tw_mutation_names[kind];
		n += suite->cases.n > 0;
	}
	suites[n].name = "aa";
	tw_vec_push_in(arena, &suites[n].cases, alarms(proof, config, arena));
	tw_junit_write(suites, n + 1, strict, out);
}
