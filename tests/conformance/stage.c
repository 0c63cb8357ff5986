#include "tests/conformance/stage.h"

/* The recording's t = 0. */
#define START (10 * TW_S)

/* ---- the script ----------------------------------------------------- */

struct stage_kubelet stage_kubelet_of(const struct tw_yaml *annotations)
{
	double start = system_seconds(annotations, "oracle/start", 1);
	double term = system_seconds(annotations, "oracle/term", 1);

	return (struct stage_kubelet){.start = (tw_time)(start * TW_S),
		.term = (tw_time)(term * TW_S),
		.never = !strcmp(
			conformance_get_text(annotations, "oracle/ready", ""),
			"never")};
}

static const struct stage_kubelet *kubelet_of(
	const struct stage *stage, uint32_t replica)
{
	return &stage->kubelets[stage->model->replicas[replica].revision];
}

static void on_event(void *context, const struct tw_tap_event *event)
{
	struct stage *stage = context;
	bool binds = event->kind == TW_TAP_SCHEDULED;
	struct stage_act act = {.replica = event->replica};

	if (stage->world && (binds || event->kind == TW_TAP_STOPPING)) {
		act.turn = tw_pod_of(stage->world, act.replica)->turn;
		act.is_end = !binds;
		act.at = event->at +
			 (binds ? kubelet_of(stage, act.replica)->start
				: kubelet_of(stage, act.replica)->term);
		tw_vec_push(&stage->acts, act);
	}
	if (stage->told)
		stage->told(stage, event);
}

void stage_set_ready(struct stage *stage, uint32_t replica, bool ready)
{
	if (stage->world->replicas[replica].ready == ready)
		return;
	stage->world->replicas[replica].ready = ready;
	tw_pods_changed(stage->world, replica);
}

/* Another pod may have the name since. */
static void act(struct stage *stage, const struct stage_act *it)
{
	const struct tw_pod *pod = tw_pod_of(stage->world, it->replica);

	if (pod->turn != it->turn)
		return;
	if (it->is_end && pod->state == TW_POD_STOPPING) {
		tw_pod_remove(stage->world, it->replica);
	} else if (!it->is_end && pod->state == TW_POD_BOUND) {
		tw_pods_node_back(stage->world, it->replica);
		if (kubelet_of(stage, it->replica)->never)
			stage_set_ready(stage, it->replica, false);
	}
}

/* ---- the clock ------------------------------------------------------ */

double stage_time(tw_time at)
{
	return (double)(at - START) / TW_S;
}

double stage_now(const struct stage *stage)
{
	return stage_time(tw_twin_now(stage->twin));
}

void stage_settle(struct stage *stage)
{
	tw_workloads_settle(stage->world);
	if (stage->changed)
		stage->changed(stage);
}

static size_t earliest(const struct stage *stage)
{
	size_t first = 0;

	for (size_t i = 1; i < stage->acts.n; i++)
		if (stage->acts.v[i].at < stage->acts.v[first].at)
			first = i;
	return first;
}

void stage_advance(struct stage *stage, double t)
{
	tw_time until = START + (tw_time)(t * TW_S);

	for (;;) {
		tw_time next = tw_twin_next(stage->twin);
		size_t first = earliest(stage);
		tw_time own =
			stage->acts.n ? stage->acts.v[first].at : TW_NEVER;

		if (next > until && own > until)
			break;
		if (next <= own) {
			tw_twin_advance(stage->twin, next);
			if (stage->changed)
				stage->changed(stage);
		} else {
			struct stage_act it = stage->acts.v[first];

			stage->acts.v[first] = stage->acts.v[--stage->acts.n];
			tw_twin_advance(stage->twin, own);
			act(stage, &it);
			stage_settle(stage);
		}
	}
	if (until > tw_twin_now(stage->twin))
		tw_twin_advance(stage->twin, until);
}

/* ---- life cycle ----------------------------------------------------- */

void stage_open(struct stage *stage, const struct tw_yaml *objects)
{
	stage->model = system_compile(&stage->system);
	if (!stage->model)
		return;
	stage->kubelets = tw_new_array(&stage->c->arena,
		stage->model->n_revisions + 1, struct stage_kubelet);
	for (uint32_t r = 0; r < stage->model->n_revisions; r++)
		stage->kubelets[r] = stage_kubelet_of(NULL);
	for (size_t i = 0; i < tw_yaml_count(objects); i++) {
		const struct tw_yaml *it = tw_yaml_item(objects, i);
		uint32_t r = system_revision(stage->model,
			conformance_get_text(
				tw_yaml_get(it, "metadata"), "name", ""));

		/* A budget may be called as a workload. */
		if (r != TW_NONE && system_makes_pods(it))
			stage->kubelets[r] =
				stage_kubelet_of(system_annotations(it));
	}
}

void stage_begin(struct stage *stage)
{
	stage->tap = (struct tw_tap){on_event, stage};
	stage->twin = tw_twin_new(stage->model,
		&(struct tw_options){.tap = &stage->tap, .aligned = true});
	stage->world = tw_twin_world(stage->twin);
	/* No kubelet of the twin's own starts or stops a pod. */
	for (uint32_t n = 0; n < stage->model->n_nodes; n++)
		stage->world->node_down[n] = true;
	for (uint32_t r = 0; r < stage->model->n_replicas; r++)
		if (kubelet_of(stage, r)->never &&
			tw_pod_of(stage->world, r)->state == TW_POD_RUNNING)
			stage_set_ready(stage, r, false);
	stage_settle(stage);
}

void stage_close(struct stage *stage)
{
	struct tw_observation seen;

	if (stage->twin) {
		tw_twin_finish(stage->twin, 0, &seen);
		tw_observation_release(&seen);
		tw_twin_free(stage->twin);
	}
	tw_model_free(stage->model);
	tw_vec_release(&stage->acts);
	system_release(&stage->system);
}
