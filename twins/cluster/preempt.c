#include "twins/cluster/preempt.h"

#include "twins/cluster/budget.h"
#include "twins/world/standing.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t priority_of(const struct tw_world *world, uint32_t replica)
{
	const struct tw_model *model = world->model;

	return model->revisions[model->replicas[replica].revision]
		.pod->priority;
}

static uint32_t class_of(const struct tw_world *world, uint32_t replica)
{
	return tw_pod_class(world, replica);
}

/* ---- the room of pods that are thought away ------------------------- */

static void take(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_scheduler *s = &world->pods->scheduler;

	if (tw_pod_of(world, replica)->state == TW_POD_STOPPING)
		tw_scheduler_take(s, class_of(world, replica), node);
	else
		tw_scheduler_take_active(s, class_of(world, replica), node);
}

static void put(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_scheduler *s = &world->pods->scheduler;

	tw_scheduler_put(s, class_of(world, replica), node);
	if (tw_pod_of(world, replica)->state == TW_POD_STOPPING)
		tw_scheduler_leaving(s, class_of(world, replica), node);
}

/* ---- one node ------------------------------------------------------- */

static int by_importance(const void *a, const void *b)
{
	const struct tw_victim *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return x->replica < y->replica ? -1 : 1;
}

static void find_lower(struct tw_world *world, uint32_t node, int64_t priority,
	struct tw_victims *to)
{
	struct tw_standing pods = tw_standing_on(world, node);

	to->n = 0;
	for (size_t i = 0; i < pods.n; i++) {
		uint32_t r = pods.v[i];

		if (world->replicas[r].managed &&
			priority_of(world, r) < priority)
			tw_vec_push(to,
				((struct tw_victim){.replica = r,
					.priority = priority_of(world, r),
					.started =
						tw_pod_of(world, r)->started}));
	}
	tw_vec_release(&pods);
	if (to->n)
		qsort(to->v, to->n, sizeof *to->v, by_importance);
}

/* In their order: the first ones use up what a budget allows. */
static void find_breaks(struct tw_world *world, struct tw_victims *victims)
{
	for (uint32_t b = 0; b < world->model->n_budgets; b++) {
		const struct tw_pod_budget *budget = &world->model->budgets[b];
		int64_t allowed = tw_budget_status(world, budget).allowed;

		for (size_t i = 0; i < victims->n; i++) {
			struct tw_victim *it = &victims->v[i];

			if (!budget->covers[world->model->replicas[it->replica]
						    .revision] ||
				tw_pod_of(world, it->replica)->state ==
					TW_POD_STOPPING)
				continue;
			it->breaks |= allowed <= 0;
			allowed--;
		}
	}
}

/* What is said of the nodes; NULL: nobody asks. */
struct told {
	struct tw_arena arena;
	struct tw_sched_tally tally;
};

static void say(struct told *told, const char *text)
{
	if (told)
		tw_sched_say(&told->arena, &told->tally, text);
}

/* A DaemonSet's pods tolerate what may be wrong with their node. */
static bool is_seated(const struct tw_world *world, uint32_t class)
{
	return world->model->revisions[class].own_nodes;
}

static bool fits_on(struct tw_world *world, uint32_t class, uint32_t node)
{
	struct tw_scheduler *s = &world->pods->scheduler;

	return is_seated(world, class) ? tw_scheduler_has_room(s, class, node)
				       : tw_scheduler_fits(s, class, node);
}

static void say_refusal(struct tw_world *world, uint32_t class, uint32_t node,
	struct told *told)
{
	struct tw_scheduler *s = &world->pods->scheduler;

	if (is_seated(world, class))
		tw_scheduler_lacks(s, class, node, &told->arena, &told->tally);
	else
		tw_scheduler_refusal(
			s, class, node, &told->arena, &told->tally);
}

/* As many as possible stay; true where the pod fits then. */
static bool reprieve(struct tw_world *world, uint32_t replica, uint32_t node,
	struct tw_victims *victims, struct told *told)
{
	uint32_t class = class_of(world, replica);
	bool fits;

	for (size_t i = 0; i < victims->n; i++)
		take(world, victims->v[i].replica, node);
	fits = fits_on(world, class, node);
	if (!fits && told)
		say_refusal(world, class, node, told);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < victims->n; i++) {
			struct tw_victim *it = &victims->v[i];

			if (it->breaks != !pass)
				continue;
			put(world, it->replica, node);
			it->stays = !fits || fits_on(world, class, node);
			if (!it->stays)
				take(world, it->replica, node);
		}
	}
	for (size_t i = 0; i < victims->n; i++)
		if (!victims->v[i].stays)
			put(world, victims->v[i].replica, node);
	return fits;
}

/* ---- which node ----------------------------------------------------- */

static void weigh(struct tw_candidate *it)
{
	it->breaks = it->n = 0;
	it->sum = 0;
	for (size_t i = 0; i < it->victims.n; i++) {
		const struct tw_victim *victim = &it->victims.v[i];

		if (victim->stays)
			continue;
		/* The most important one comes first. */
		if (!it->n++) {
			it->highest = victim->priority;
			it->latest = victim->started;
		}
		it->breaks += victim->breaks;
		/* So that more victims of negative priority weigh more. */
		it->sum += (double)victim->priority + INT32_MAX + 1.0;
	}
}

static bool is_better(
	const struct tw_candidate *a, const struct tw_candidate *b)
{
	if (b->node == TW_NONE)
		return true;
	if (a->breaks != b->breaks)
		return a->breaks < b->breaks;
	if (a->highest != b->highest)
		return a->highest < b->highest;
	if (a->sum < b->sum || a->sum > b->sum)
		return a->sum < b->sum;
	if (a->n != b->n)
		return a->n < b->n;
	return a->latest > b->latest;
}

static void look_at(struct tw_world *world, uint32_t replica, uint32_t node,
	struct tw_candidate *now, struct tw_candidate *best, struct told *told)
{
	find_lower(world, node, priority_of(world, replica), &now->victims);
	if (!now->victims.n) {
		say(told, "No preemption victims found for incoming pod");
		return;
	}
	find_breaks(world, &now->victims);
	if (!reprieve(world, replica, node, &now->victims, told))
		return;
	now->node = node;
	weigh(now);
	if (now->n && is_better(now, best)) {
		struct tw_candidate other = *best;

		*best = *now;
		*now = other;
	}
}

/* Nodes where other pods' going can help. */
static void look_at_all(struct tw_world *world, uint32_t replica,
	const struct tw_sched_cycle *cycle, struct tw_candidate *best,
	struct told *told)
{
	struct tw_candidate now = {.node = TW_NONE};

	for (uint32_t n = 0; n < world->model->n_nodes; n++) {
		if (cycle->s->nodes.v[n].absent)
			continue;
		if (cycle->node_status[n] == TW_SCHED_UNSCHEDULABLE)
			look_at(world, replica, n, &now, best, told);
		else
			say(told, "Preemption is not helpful for scheduling");
	}
	tw_vec_release(&now.victims);
}

/* ---- nominations ---------------------------------------------------- */

void tw_nominated_hold(struct tw_world *world, uint32_t replica, bool hold)
{
	struct tw_pods *pods = world->pods;
	int64_t priority = priority_of(world, replica);

	for (size_t i = 0; i < pods->nominated.n; i++) {
		uint32_t it = pods->nominated.v[i];

		if (it == replica || priority_of(world, it) < priority)
			continue;
		if (hold)
			tw_scheduler_put(&pods->scheduler, class_of(world, it),
				pods->all[it].nominated - 1);
		else
			tw_scheduler_take_active(&pods->scheduler,
				class_of(world, it),
				pods->all[it].nominated - 1);
	}
}

void tw_nominated_clear(struct tw_world *world, uint32_t replica)
{
	struct tw_pods *pods = world->pods;
	size_t kept = 0;

	if (!pods->all[replica].nominated)
		return;
	pods->all[replica].nominated = 0;
	for (size_t i = 0; i < pods->nominated.n; i++)
		if (pods->nominated.v[i] != replica)
			pods->nominated.v[kept++] = pods->nominated.v[i];
	pods->nominated.n = kept;
}

/* Those of lower priority have to look again. */
static void nominate(struct tw_world *world, uint32_t replica, uint32_t node)
{
	struct tw_pods *pods = world->pods;
	int64_t priority = priority_of(world, replica);

	for (size_t i = pods->nominated.n; i--;) {
		uint32_t it = pods->nominated.v[i];

		if (pods->all[it].nominated == node + 1 &&
			priority_of(world, it) < priority)
			tw_nominated_clear(world, it);
	}
	tw_nominated_clear(world, replica);
	pods->all[replica].nominated = node + 1;
	tw_vec_push(&pods->nominated, replica);
}

/* ---- the whole ------------------------------------------------------ */

/* Room is being made for it where it is nominated: pods of lower priority are
 * going there (PodEligibleToPreemptOthers). `cycle` NULL: its own node. */
static bool is_waiting(const struct tw_world *world, uint32_t replica,
	const struct tw_sched_cycle *cycle)
{
	uint32_t nominated = tw_pod_of(world, replica)->nominated;
	struct tw_standing pods;
	bool waits = false;

	if (!nominated || (cycle && cycle->node_status[nominated - 1] ==
					    TW_SCHED_UNRESOLVABLE))
		return false;
	pods = tw_standing_on(world, nominated - 1);
	for (size_t i = 0; i < pods.n && !waits; i++) {
		uint32_t r = pods.v[i];

		waits = world->replicas[r].managed &&
			tw_pod_of(world, r)->state == TW_POD_STOPPING &&
			priority_of(world, r) < priority_of(world, replica);
	}
	tw_vec_release(&pods);
	return waits;
}

static bool has_lower(const struct tw_world *world, int64_t priority)
{
	for (uint32_t r = 0; r < world->model->n_revisions; r++)
		if (world->model->revisions[r].pod->priority < priority &&
			tw_pods_active(tw_pods_counts(world, r)))
			return true;
	return false;
}

static const char *not_eligible(const struct tw_world *world, uint32_t replica,
	const struct tw_sched_cycle *cycle)
{
	uint32_t class = class_of(world, replica);

	if (world->pods->scheduler.classes.v[class].pod->never_preempts)
		return "not eligible due to preemptionPolicy=Never.";
	if (is_waiting(world, replica, cycle))
		return "not eligible due to a terminating pod on the nominated "
		       "node.";
	return NULL;
}

/* The end of FitError. */
static void explain(const struct tw_scheduler *s, const char *ineligible,
	struct told *told, struct tw_buf *why)
{
	tw_buf_add_text(why, " preemption: ");
	if (ineligible)
		tw_buf_add_text(why, ineligible);
	else
		tw_sched_print(
			&told->tally, tw_sched_n_nodes(s), &told->arena, why);
	if (s->options.two_stops)
		tw_buf_add_char(why, '.');
}

void tw_preempt_find(struct tw_world *world, uint32_t replica,
	struct tw_candidate *to, struct tw_buf *why)
{
	struct tw_sched_cycle cycle;
	const char *ineligible;
	struct told told = {0};

	to->node = TW_NONE;
	to->waits = is_waiting(world, replica, NULL);
	if (!why && !has_lower(world, priority_of(world, replica)))
		return;
	tw_sched_cycle_init(
		&cycle, &world->pods->scheduler, class_of(world, replica));
	tw_sched_filter(&cycle);
	tw_arena_init(&told.arena);
	ineligible = not_eligible(world, replica, &cycle);
	to->waits = ineligible;
	if (!ineligible)
		look_at_all(world, replica, &cycle, to, why ? &told : NULL);
	if (why && to->node == TW_NONE)
		explain(cycle.s, ineligible, &told, why);
	tw_arena_release(&told.arena);
	tw_sched_cycle_release(&cycle);
}

/* Of the other nodes: the affinity that its controller gave it. */
static void say_others(
	const struct tw_scheduler *s, struct told *told, const char *text)
{
	for (size_t i = 1; i < tw_sched_n_nodes(s); i++)
		say(told, text);
}

static void say_seat(struct tw_world *world, uint32_t replica, uint32_t node,
	struct tw_buf *why)
{
	struct tw_scheduler *s = &world->pods->scheduler;
	struct told told = {0};

	tw_arena_init(&told.arena);
	tw_scheduler_lacks(
		s, class_of(world, replica), node, &told.arena, &told.tally);
	say_others(s, &told, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
	tw_sched_print(&told.tally, tw_sched_n_nodes(s), &told.arena, why);
	tw_arena_release(&told.arena);
}

void tw_preempt_not_on(
	struct tw_world *world, const char *reason, struct tw_buf *why)
{
	const struct tw_scheduler *s = &world->pods->scheduler;
	struct told told = {0};

	tw_arena_init(&told.arena);
	say(&told, reason);
	say_others(s, &told, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
	tw_sched_print(&told.tally, tw_sched_n_nodes(s), &told.arena, why);
	told.tally = (struct tw_sched_tally){0};
	say(&told, "Preemption is not helpful for scheduling");
	say_others(s, &told, "Preemption is not helpful for scheduling");
	explain(s, NULL, &told, why);
	tw_arena_release(&told.arena);
}

void tw_preempt_find_on(struct tw_world *world, uint32_t replica, uint32_t node,
	struct tw_candidate *to, struct tw_buf *why)
{
	struct tw_scheduler *s = &world->pods->scheduler;
	struct tw_candidate now = {.node = TW_NONE};
	const char *ineligible = not_eligible(world, replica, NULL);
	struct told told = {0};

	to->node = TW_NONE;
	to->waits = ineligible;
	tw_arena_init(&told.arena);
	if (!ineligible)
		look_at(world, replica, node, &now, to, why ? &told : NULL);
	if (why) {
		say_seat(world, replica, node, why);
		say_others(
			s, &told, "Preemption is not helpful for scheduling");
	}
	if (why && to->node == TW_NONE)
		explain(s, ineligible, &told, why);
	tw_vec_release(&now.victims);
	tw_arena_release(&told.arena);
}

void tw_preempt(struct tw_world *world, uint32_t replica,
	const struct tw_candidate *candidate)
{
	char cause[200];

	snprintf(cause, sizeof cause, "Preempted by pod %s",
		world->model->replicas[replica].name);
	nominate(world, replica, candidate->node);
	for (size_t i = 0; i < candidate->victims.n; i++) {
		const struct tw_victim *it = &candidate->victims.v[i];

		if (it->stays ||
			tw_pod_of(world, it->replica)->state == TW_POD_STOPPING)
			continue;
		world->obs.preempted++;
		tw_world_tap(world, .kind = TW_TAP_PREEMPTED,
			.service = world->model->replicas[it->replica].service,
			.endpoint = TW_NONE, .caller = TW_NONE,
			.replica = it->replica,
			.node = world->model->nodes[candidate->node].name,
			.cause = cause);
		tw_pod_delete(world, it->replica, TW_POD_GRACE);
	}
}
