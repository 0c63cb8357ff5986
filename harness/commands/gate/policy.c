/* What a change edits of the gate itself: the rules that judge it, and the
 * traffic that it is judged by. */
#include "harness/commands/gate/gate.h"

#include "harness/files/files.h"

static void traffic_text(
	const struct tw_config_traffic *traffic, struct tw_buf *out)
{
	for (size_t i = 0; i < traffic->capture.n; i++)
		tw_buf_printf(out, " capture %s\n", traffic->capture.v[i].v);
	tw_buf_printf(out,
		" speed %.17g rate %.17g loop %lld from %lld to %lld for %lld "
		"warmup %lld entry %s users %lld skew %.17g\n",
		tw_real_or(traffic->speed, 1), tw_real_or(traffic->rate, 0),
		(long long)tw_int_or(traffic->loop, 1),
		(long long)tw_int_or(traffic->from, 0),
		(long long)tw_int_or(traffic->to, -1),
		(long long)tw_int_or(traffic->duration, 0),
		(long long)tw_int_or(traffic->warmup, 0),
		traffic->entry.v ? traffic->entry.v : "",
		(long long)tw_int_or(traffic->users.count, 0),
		tw_real_or(traffic->users.skew, 0));
}

static void scenario_text(
	const struct tw_config_scenario *it, struct tw_buf *out)
{
	const struct tw_config_search *search = &it->search;

	tw_buf_printf(out, "scenario %s rollout %lld\n", it->name.v,
		(long long)tw_int_or(it->rollout, -1));
	traffic_text(&it->traffic, out);
	for (size_t k = 0; k < it->each.n; k++)
		tw_buf_printf(out, " each %s %s\n", it->each.v[k].name,
			it->each.v[k].of.v);
	for (size_t k = 0; k < it->faults.n; k++) {
		const struct tw_config_fault *fault = it->faults.v[k];

		tw_buf_printf(out, " %s", fault->kind);
		for (size_t j = 0; j < fault->args.n; j++)
			tw_buf_printf(out, " %s=%s", fault->args.v[j].name,
				fault->args.v[j].value);
		tw_buf_add_char(out, '\n');
	}
	for (size_t k = 0; k < it->chaos.n; k++)
		tw_buf_printf(out, " chaos %s at %lld for %lld\n",
			it->chaos.v[k].v, (long long)tw_int_or(it->chaos_at, 0),
			(long long)tw_int_or(it->chaos_for, 0));
	if (search->origin)
		tw_buf_printf(out,
			" search %s %s from %s to %s steps %lld within %lld\n",
			search->fault.v ? search->fault.v : "",
			search->trigger.v ? search->trigger.v : "",
			search->from.v ? search->from.v : "",
			search->to.v ? search->to.v : "",
			(long long)tw_int_or(search->steps, 0),
			(long long)tw_int_or(search->within, 0));
}

/* What the gate asks, as one text: checks, scenarios, traffic, and how they
 * are judged. */
static void policy_text(const struct tw_config *config, struct tw_buf *out)
{
	for (size_t i = 0; i < config->gate.checks.n; i++) {
		const struct tw_config_check *check = config->gate.checks.v[i];

		tw_buf_printf(out, "check %s %s\n", check->check.v,
			check->mute.v ? check->mute.v : "");
		for (size_t k = 0; k < check->scenarios.n; k++)
			tw_buf_printf(out, " in %s\n", check->scenarios.v[k].v);
	}
	for (size_t i = 0; i < config->gate.judges.n; i++) {
		const struct tw_config_judge *judge = config->gate.judges.v[i];

		tw_buf_printf(out, "judge %s%s%s%s %d\n",
			judge->kayenta.v ? judge->kayenta.v : "",
			judge->k6.v ? judge->k6.v : "",
			judge->argo.v ? judge->argo.v : "",
			judge->openslo.v ? judge->openslo.v : "", judge->gates);
	}
	traffic_text(&config->traffic, out);
	for (size_t i = 0; i < config->scenarios.n; i++)
		scenario_text(config->scenarios.v[i], out);
	tw_buf_printf(out,
		"runs %lld to %lld seed %lld budget %lld inconclusive %s "
		"completeness %.17g confidence %.17g\n",
		(long long)tw_int_or(config->gate.runs, 8),
		(long long)tw_int_or(config->gate.max_runs, 0),
		(long long)tw_int_or(config->gate.seed, 1),
		(long long)tw_int_or(config->gate.budget, 0),
		config->gate.inconclusive.v ? config->gate.inconclusive.v : "",
		tw_real_or(config->gate.completeness, 0.95),
		tw_real_or(config->gate.confidence, 0.95));
}

/* ---- files that the rules name ------------------------------------------ */

struct watch {
	struct tw_gate *gate;
	struct tw_files *before, *after; /* trees of the two sides */
	struct tw_buf was, is;
	const char *why;
};

static void tell(struct watch *w, const char *file, const char *what)
{
	struct tw_diag *diag = tw_diag(&w->gate->candidate.diags, TW_WARNING,
		(struct tw_pos){.file = tw_arena_strdup(&w->gate->arena, file)},
		"this change edits the gate: %s", what);

	diag->rule = "gate-changed";
	diag->why = w->why;
}

/* What cannot be read is not compared: a capture of more than TW_FILE_MAX. */
static bool is_other(struct watch *w, const char *path)
{
	struct tw_error error;

	tw_buf_clear(&w->was);
	tw_buf_clear(&w->is);
	return !tw_files_read(w->before, path, &w->was, &error) &&
	       !tw_files_read(w->after, path, &w->is, &error) &&
	       (w->was.n != w->is.n || memcmp(tw_buf_text(&w->was),
					       tw_buf_text(&w->is), w->is.n));
}

/* Files of the baseline that are others now, or gone; where it has none (git
 * may not keep captures) there is nothing to compare with. */
static void watch_pattern(struct watch *w, const char *pattern,
	const char *other, const char *gone)
{
	struct tw_file_list list = {0};
	struct tw_error error;

	if (pattern[0] == '/' ||
		tw_files_glob(w->before, pattern, &list, &error))
		return;
	for (size_t i = 0; i < list.list.n; i++) {
		const char *path = list.list.v[i].name;

		if (list.list.v[i].kind != TW_FILE_REGULAR)
			continue;
		if (tw_files_kind(w->after, path) != TW_FILE_REGULAR)
			tell(w, path, gone);
		else if (is_other(w, path))
			tell(w, path, other);
	}
	tw_file_list_release(&list);
}

/* Both sides play the working tree's capture: a smaller one sees less. */
static void watch_traffic(
	struct watch *w, const struct tw_config_traffic *traffic)
{
	w->why = "both sides are judged by the working tree's traffic";
	for (size_t i = 0; i < traffic->capture.n; i++)
		watch_pattern(w, traffic->capture.v[i].v,
			"its capture is not the baseline's",
			"a capture of the baseline is gone");
}

static void watch_judges(struct watch *w, const struct tw_config *policy)
{
	w->why = "it is judged by the baseline's; the new one counts once it "
		 "is merged";
	if (policy == &w->gate->setup.config)
		w->why = "it is judged by its own";
	for (size_t i = 0; i < policy->gate.judges.n; i++) {
		const struct tw_config_judge *it = policy->gate.judges.v[i];
		const struct tw_text *files[] = {
			&it->kayenta, &it->k6, &it->argo, &it->openslo};

		for (size_t k = 0; k < 4; k++)
			if (files[k]->v)
				watch_pattern(w, files[k]->v,
					"its judge is not the baseline's",
					"a judge of the baseline is gone");
	}
}

static void watch_files(struct tw_gate *gate, struct tw_files *baseline)
{
	struct watch w = {.gate = gate, .before = baseline};
	struct tw_error error;

	w.after = tw_files_directory_new(gate->setup.directory, &error);
	if (!w.after)
		return;
	watch_traffic(&w, &gate->policy->traffic);
	for (size_t i = 0; i < gate->policy->scenarios.n; i++)
		watch_traffic(&w, &gate->policy->scenarios.v[i]->traffic);
	watch_judges(&w, gate->policy);
	tw_files_free(w.after);
	tw_buf_release(&w.was);
	tw_buf_release(&w.is);
}

/* ---- both ---------------------------------------------------------------- */

/* A change of the gate's own rules is a case for a person: it must not pass
 * unseen with the change that it would let through. */
void tw_gate_tell_policy_change(struct tw_gate *gate, struct tw_files *baseline)
{
	struct tw_buf before = {0}, after = {0};
	struct tw_diag *diag;

	policy_text(&gate->baseline_setup.config, &before);
	policy_text(&gate->setup.config, &after);
	if (strcmp(tw_buf_text(&before), tw_buf_text(&after))) {
		diag = tw_diag(&gate->candidate.diags, TW_WARNING,
			(struct tw_pos){.file = gate->setup.file},
			"this change edits the gate: its checks, scenarios, "
			"traffic or how they are judged");
		diag->rule = "gate-changed";
		diag->why = gate->policy == &gate->setup.config
				    ? "it is judged by its own rules"
				    : "it is judged by the baseline's; the new "
				      "ones count once it is merged";
	}
	tw_buf_release(&before);
	tw_buf_release(&after);
	watch_files(gate, baseline);
}
