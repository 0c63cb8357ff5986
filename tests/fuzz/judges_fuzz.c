/* Files of other people's judges: the first byte says whose. Whatever is
 * refused has a finding; whatever is not can be asked of an empty run. */
#include "tests/fuzz/fuzz.h"

#include "harness/judges/expr.h"
#include "harness/judges/judges.h"
#include "twins/base/assert.h"

#include <string.h>

static const char *const measured[] = {"latency", "errors", "success-rate",
	"http_req_duration", "frontend", "x"};

static void add_metrics(struct tw_arena *arena, struct tw_judge_setup *setup,
	struct tw_diags *diags)
{
	for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
		tw_vec_push_in(arena, &setup->metrics,
			((struct tw_judge_metric){.name = measured[i],
				.measure = tw_series_parse(arena,
					tw_str_of(i % 2 ? "ratio(errors)"
							: "mean(latency)"),
					(struct tw_pos){0}, diags)}));
}

static void read_and_ask(const struct tw_judge_kind *kind, const char *text,
	size_t n, struct tw_arena *arena, struct tw_diags *diags)
{
	const struct tw_yaml_options options = {.duplicates = true};
	struct tw_judge_setup setup = {.file = "fuzz", .unit = 1};
	struct tw_yaml_docs docs = {0};
	struct tw_observation run;
	const struct tw_observation *runs[] = {&run};
	struct tw_opinion opinion = {0};
	void *data;

	add_metrics(arena, &setup, diags);
	if (tw_yaml_parse(arena, "fuzz", text, n, &options, diags, &docs))
		return;
	data = kind->read(arena, &docs, &setup, diags);
	tw_assert(!data == (diags->errors > 0));
	if (!data)
		return;
	tw_observation_init(&run, TW_S);
	run.duration = 10 * TW_S;
	kind->judge(data, &(struct tw_judge_question){&setup, {runs, 1},
				  {runs, 1}, arena, &opinion});
	tw_assert(opinion.answer && *opinion.answer);
	tw_observation_release(&run);
}

static void evaluate(
	const char *text, struct tw_arena *arena, struct tw_diags *diags)
{
	struct tw_expr_value items[2] = {
		{.type = TW_EXPR_NUMBER, .number = 0.5},
		{.type = TW_EXPR_TEXT, .text = {"a", 1}}};
	struct tw_expr_value result = {
		.type = TW_EXPR_LIST, .items = items, .n = 2};
	const struct tw_expr *e =
		tw_expr_parse(arena, text, (struct tw_pos){0}, diags);
	struct tw_expr_value value;
	const char *why;

	tw_assert(!e == (diags->errors > 0));
	if (e && !tw_expr_evaluate(e, &result, arena, &value, &why))
		tw_assert(*why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tw_arena arena;
	struct tw_diags diags;
	struct tw_buf script = {0};
	const char *text;

	if (!n)
		return 0;
	tw_arena_init(&arena);
	tw_diags_init(&diags);
	text = tw_arena_strndup(&arena, (const char *)data + 1, n - 1);
	if (data[0] == 'e') {
		evaluate(text, &arena, &diags);
	} else if (data[0] == 's') {
		tw_k6_script(text, &script);
		read_and_ask(&tw_judge_k6, tw_buf_text(&script), script.n,
			&arena, &diags);
	} else {
		read_and_ask(tw_judge_kinds[data[0] % 4], text, n - 1, &arena,
			&diags);
	}
	tw_buf_release(&script);
	tw_diags_release(&diags);
	tw_arena_release(&arena);
	return 0;
}
