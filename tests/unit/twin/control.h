/* A small cluster whose control plane acts, and the log of what it does. */
#ifndef TW_TESTS_TWIN_CONTROL_H
#define TW_TESTS_TWIN_CONTROL_H

#include "tests/twin_builder.h"
#include "tests/unit/manifests/side.h"

#include "harness/config/config.h"

struct control {
	struct side side;
	struct tw_model *model;
	struct tw_scenario scenario;
	struct tw_diags diags;
	struct tw_observation obs;
	struct tw_buf log;
	uint64_t failed;
	bool sets; /* the log tells of ReplicaSets, too */
};

/* What happens to pods and nodes, not to requests, nor to ReplicaSets. */
static inline void control_event(
	void *context, const struct tw_tap_event *event)
{
	struct control *it = context;

	if (event->endpoint != TW_NONE ||
		(event->reason && !it->sets &&
			!strcmp(event->reason, "ScalingReplicaSet")))
		return;
	tw_tap_text(it->model, event, &it->log);
	tw_buf_add_char(&it->log, '\n');
}

/* `restarts`: how often its workloads may be restarted. */
static inline void control_start_many(struct control *it, const char *manifests,
	const char *model, int restarts)
{
	*it = (struct control){0};
	side_start(&it->side);
	side_file(&it->side, "a.yaml", manifests);
	side_read(&it->side, "a.yaml");
	tw_config_parse_model(
		it->side.spec, "m.yaml", model, strlen(model), &it->side.diags);
	tw_manifests_link(it->side.m, it->side.spec, &it->side.diags);
	if (it->side.diags.errors)
		ck_abort_msg("%s", tw_buf_text(&it->side.text));
	tw_spec_manage(it->side.spec);
	if (restarts)
		tw_spec_may_restart(it->side.spec, "*", restarts);
	tw_diags_init(&it->diags);
	it->model = tw_twin_model(it->side.spec, &it->diags);
	ck_assert_ptr_nonnull(it->model);
	tw_scenario_init(&it->scenario);
}

static inline void control_start(
	struct control *it, const char *manifests, const char *model)
{
	control_start_many(it, manifests, model, 0);
}

static inline void control_fault(
	struct control *it, const char *kind, const char *args)
{
	if (!b_fault(&it->scenario, it->model, kind, args, &it->diags))
		ck_abort_msg(
			"%s", it->diags.list.v[it->diags.list.n - 1]->message);
}

/* A request each 100 ms to `web` for `seconds`. */
static inline void control_run(struct control *it, int seconds)
{
	struct tw_tap tap = {control_event, it};

	b_run(it->model,
		&(struct tw_options){.tap = &tap,
			.scenario = &it->scenario,
			.aligned = true},
		(struct b_traffic){.n = (uint64_t)seconds * 10,
			.gap = 100 * TW_MS,
			.regular = true,
			.endpoint = tw_model_endpoint(it->model,
				tw_model_service(it->model, "web"), NULL)},
		&it->obs);
	for (size_t i = 0; i < it->obs.cells.n; i++)
		if (it->obs.cells.v[i].key.side == TW_CLIENT)
			it->failed += it->obs.cells.v[i].errors;
}

static inline void control_expect(const struct control *it, const char *lines)
{
	if (strcmp(tw_buf_text(&it->log), lines)) {
		fprintf(stderr, "%s\n", tw_buf_text(&it->log));
		ck_abort_msg("the log above is not what was expected");
	}
}

static inline bool control_says(const struct control *it, const char *words)
{
	return strstr(tw_buf_text(&it->log), words) != NULL;
}

static inline void control_end(struct control *it)
{
	tw_buf_release(&it->log);
	tw_observation_release(&it->obs);
	tw_scenario_release(&it->scenario);
	tw_diags_release(&it->diags);
	tw_model_free(it->model);
	side_end(&it->side);
}

#endif
