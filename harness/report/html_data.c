#include "harness/report/html.h"

#include "harness/json/writer.h"
#include "harness/report/scene.h"
#include "harness/report/timeline.h"

bool tw_html_has_scenes(const struct tw_report *report)
{
	for (size_t i = 0; i < report->gate->scenarios.n; i++)
		if (report->gate->scenarios.v[i]->scene)
			return true;
	return false;
}

/* An edge that several groups blame is told once. */
static void blamed(struct tw_json_writer *w, struct tw_arena *arena,
	const struct tw_scenario_result *scenario)
{
	struct tw_map told;

	tw_map_init(&told, arena);
	tw_json_put_array(w, "blamed");
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < scenario->checks.v[c]->groups.n; i++) {
			const struct tw_blame *blame =
				scenario->checks.v[c]->groups.v[i]->blame;
			const struct tw_edge *e = blame ? blame->guilty : NULL;

			if (!e || !tw_map_put(&told,
					  tw_arena_printf(arena, "%s\n%s",
						  e->caller, e->service),
					  NULL))
				continue;
			tw_json_object(w);
			tw_json_put_string(w, "caller", e->caller);
			tw_json_put_string(w, "service", e->service);
			tw_json_put_string(w, "endpoint", e->endpoint);
			tw_json_put_string(
				w, "cause", tw_cause_texts[e->cause]);
			tw_json_end(w);
		}
	tw_json_end(w);
}

/* When the sides part, by check and group. */
static void since(struct tw_json_writer *w, struct tw_arena *arena,
	const struct tw_scenario_result *scenario)
{
	tw_json_put_array(w, "since");
	for (size_t c = 0; c < scenario->checks.n; c++)
		for (size_t i = 0; i < scenario->checks.v[c]->groups.n; i++) {
			const struct tw_check_result *check =
				scenario->checks.v[c];
			const struct tw_group *g = check->groups.v[i];

			if (!g->blame || g->verdict != TW_VERDICT_FAIL ||
				g->blame->first_slice == TW_NEVER)
				continue;
			tw_json_object(w);
			tw_json_put_int(w, "atNs", g->blame->first_slice);
			tw_json_put_string(w, "what",
				tw_evidence_name(check->check, g, arena));
			tw_json_end(w);
		}
	tw_json_end(w);
}

static void scenario_data(struct tw_buf *out, struct tw_arena *arena,
	const struct tw_scenario_result *scenario)
{
	struct tw_json_writer w;

	tw_json_writer_init(&w, out, false);
	tw_json_object(&w);
	tw_json_put_string(&w, "name", scenario->name);
	tw_json_put_string(&w, "verdict", tw_verdict_names[scenario->verdict]);
	blamed(&w, arena, scenario);
	since(&w, arena, scenario);
	if (scenario->timeline) {
		tw_json_key(&w, "timeline");
		tw_timeline_json(&w, scenario->timeline);
	}
	tw_json_key(&w, "seen");
	tw_scene_json(&w, scenario->scene);
	tw_json_end(&w);
	tw_json_finish(&w);
}

/* Nothing in the data may end the element that it stands in. */
static void guarded(struct tw_buf *out, const struct tw_buf *json)
{
	for (size_t i = 0; i < json->n; i++) {
		if (json->p[i] == '<')
			tw_buf_add_text(out, "\\u003c");
		else
			tw_buf_add_char(out, json->p[i]);
	}
}

void tw_html_data(struct tw_html *html)
{
	const struct tw_scenario_result **order;
	size_t n = 0, left = 0, size = 0;

	tw_buf_add_text(html->out,
		"<script type=\"application/json\" id=\"seen\">"
		"{\"scenarios\":[");
	tw_evidence_scenarios(html->report->gate, &html->arena, &order);
	for (size_t i = 0; i < html->report->gate->scenarios.n; i++) {
		struct tw_buf one = {0};

		if (!order[i]->scene)
			continue;
		scenario_data(&one, &html->arena, order[i]);
		if (n && size + one.n > TW_HTML_DATA_MAX) {
			left++;
		} else {
			size += one.n;
			tw_buf_add_text(html->out, n++ ? ",\n" : "\n");
			guarded(html->out, &one);
		}
		tw_buf_release(&one);
	}
	tw_buf_printf(html->out, "],\"leftOut\":%zu}</script>\n", left);
}
