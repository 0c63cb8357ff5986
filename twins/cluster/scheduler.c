#include "twins/cluster/scheduler.h"

#include "twins/base/assert.h"
#include "twins/base/hash.h"

const struct tw_sched_plugin *const tw_sched_plugins[] = {
	&tw_sched_unschedulable,
	&tw_sched_node_name,
	&tw_sched_taints,
	&tw_sched_node_affinity,
	&tw_sched_ports,
	&tw_sched_fit,
	&tw_sched_volume_restrictions,
	&tw_sched_volume_limits,
	&tw_sched_volume_binding,
	&tw_sched_volume_zone,
	&tw_sched_spread,
	&tw_sched_pod_affinity,
	&tw_sched_balance,
	&tw_sched_image,
	NULL,
};

uint32_t tw_sched_slot(const struct tw_sched_plugin *plugin)
{
	uint32_t slot = 0;

	while (tw_sched_plugins[slot] != plugin)
		tw_assert(tw_sched_plugins[slot++]);
	return slot;
}

void tw_scheduler_init(
	struct tw_scheduler *s, const struct tw_sched_options *options)
{
	*s = (struct tw_scheduler){.max_answers = TW_SCHED_ANSWERS,
		.options = options ? *options
				   : (struct tw_sched_options){
					     .hard_affinity_weight = 1}};
	tw_arena_init(&s->arena);
	tw_arena_init(&s->scratch);
	tw_map_init(&s->labelled, &s->arena);
	s->changed = tw_new_array(&s->arena, TW_SCHED_CHANGES, uint32_t);
}

void tw_scheduler_release(struct tw_scheduler *s)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		tw_vec_release(&s->nodes.v[i].classes);
	for (size_t i = 0; i < s->memos.n; i++)
		tw_vec_release(&s->memos.v[i].places);
	tw_sched_kinds_release(s);
	tw_vec_release(&s->nodes);
	tw_vec_release(&s->lucks);
	tw_vec_release(&s->classes);
	tw_vec_release(&s->memos);
	tw_vec_release(&s->topologies);
	tw_vec_release(&s->tying);
	tw_vec_release(&s->marks.set);
	tw_free(s->marks.of);
	tw_free(s->feasible);
	tw_free(s->totals);
	tw_free(s->scores);
	tw_arena_release(&s->scratch);
	tw_arena_release(&s->arena);
}

void tw_sched_node_see(struct tw_sched_node *node)
{
	const struct tw_resources *has = &node->spec->allocatable;

	node->has[0] = tw_resource_amount(has, TW_RESOURCE_CPU);
	node->has[1] = tw_resource_amount(has, TW_RESOURCE_MEMORY);
	node->has_pods = tw_resource_amount(has, TW_RESOURCE_PODS);
	node->in_use[0] = tw_resource_amount(&node->used, TW_RESOURCE_CPU);
	node->in_use[1] = tw_resource_amount(&node->used, TW_RESOURCE_MEMORY);
}

uint32_t tw_scheduler_add_node(
	struct tw_scheduler *s, const struct tw_node_spec *node)
{
	struct tw_sched_node it = {.spec = node};

	tw_sched_node_see(&it);
	tw_vec_push(&s->nodes, it);
	tw_vec_push(&s->lucks, tw_hash_mix(tw_hash_name(node->name)));
	s->shapes++;
	s->has_images |= node->images.n;
	return (uint32_t)s->nodes.n - 1;
}

static void change(struct tw_scheduler *s, uint32_t node)
{
	s->changed[s->n_changes++ % TW_SCHED_CHANGES] = node;
}

void tw_scheduler_set_node(
	struct tw_scheduler *s, uint32_t node, const struct tw_node_spec *spec)
{
	s->nodes.v[node].spec = spec;
	change(s, node);
	s->looks++;
}

void tw_scheduler_set_absent(struct tw_scheduler *s, uint32_t node, bool absent)
{
	s->n_absent += (uint32_t)absent - (uint32_t)s->nodes.v[node].absent;
	s->nodes.v[node].absent = absent;
	change(s, node);
	s->shapes++;
}

static void find_asks(struct tw_sched_class *class)
{
	const struct tw_resources *requests = &class->pod->requests;

	class->asks[0] = tw_resource_amount(requests, TW_RESOURCE_CPU);
	class->asks[1] = tw_resource_amount(requests, TW_RESOURCE_MEMORY);
	class->asks_more = false;
	for (size_t i = 0; i < requests->n; i++)
		class->asks_more |=
			strcmp(requests->v[i].name, TW_RESOURCE_CPU) &&
			strcmp(requests->v[i].name, TW_RESOURCE_MEMORY);
}

uint32_t tw_scheduler_add_class(
	struct tw_scheduler *s, const struct tw_sched_class *class)
{
	const struct tw_pod_spec *pod = class->pod;

	tw_vec_push(&s->classes, *class);
	find_asks(&s->classes.v[s->classes.n - 1]);
	tw_vec_push(&s->memos, ((struct tw_sched_memo){0}));
	tw_vec_push(&s->kind_of, tw_sched_kind_find(s, pod));
	tw_sched_index_labels(s, (uint32_t)s->classes.n - 1);
	s->has_affinity |= pod->affinity.n || pod->preferred_affinity.n ||
			   pod->preferred_anti_affinity.n;
	s->has_anti_affinity |= pod->anti_affinity.n;
	if (pod->affinity.n || pod->preferred_affinity.n ||
		pod->preferred_anti_affinity.n || pod->anti_affinity.n)
		tw_vec_push(&s->tying, (uint32_t)s->classes.n - 1);
	return (uint32_t)s->classes.n - 1;
}

/* ---- pods on nodes -------------------------------------------------- */

int64_t *tw_sched_marks_clear(struct tw_scheduler *s)
{
	struct tw_sched_marks *marks = &s->marks;

	if (marks->n < s->nodes.n) {
		tw_free(marks->of);
		marks->of = tw_calloc(s->nodes.n, sizeof *marks->of);
		marks->n = (uint32_t)s->nodes.n;
	}
	for (size_t i = 0; i < marks->set.n; i++)
		marks->of[marks->set.v[i]] = 0;
	marks->set.n = 0;
	return marks->of;
}

static struct tw_class_count *count_of(
	struct tw_sched_node *node, uint32_t class)
{
	for (size_t i = 0; i < node->classes.n; i++)
		if (node->classes.v[i].class == class)
			return &node->classes.v[i];
	return NULL;
}

static void use(
	struct tw_scheduler *s, uint32_t at, uint32_t class, int64_t sign)
{
	struct tw_sched_node *node = &s->nodes.v[at];
	const struct tw_sched_class *it = &s->classes.v[class];
	const struct tw_pod_spec *pod = it->pod;

	change(s, at);
	for (size_t i = 0; i < pod->requests.n; i++)
		tw_resource_add(&s->arena, &node->used, pod->requests.v[i].name,
			sign * pod->requests.v[i].amount);
	node->in_use[0] += sign * it->asks[0];
	node->in_use[1] += sign * it->asks[1];
	node->usual_cpu += sign * pod->usual_cpu;
	node->usual_memory += sign * pod->usual_memory;
	node->n_pods = (uint32_t)((int64_t)node->n_pods + sign);
}

/* The class's own list says the same. */
static void copy_count(
	struct tw_scheduler *s, const struct tw_class_count *count)
{
	struct tw_class_place *place =
		&s->memos.v[count->class].places.v[count->place];

	place->n = count->n;
	place->leaving = count->leaving;
}

static struct tw_class_count *enter(
	struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_sched_node *it = &s->nodes.v[node];
	struct tw_sched_memo *memo = &s->memos.v[class];

	tw_vec_push(&it->classes, ((struct tw_class_count){.class = class,
					  .place = (uint32_t)memo->places.n}));
	tw_vec_push(&memo->places, ((struct tw_class_place){.node = node}));
	return &it->classes.v[it->classes.n - 1];
}

/* The last ones of the node and of the class take its places. */
static void leave(
	struct tw_scheduler *s, uint32_t node, struct tw_class_count *count)
{
	struct tw_sched_node *it = &s->nodes.v[node];
	struct tw_sched_memo *memo = &s->memos.v[count->class];
	struct tw_class_place last = memo->places.v[--memo->places.n];

	if (count->place < memo->places.n) {
		memo->places.v[count->place] = last;
		count_of(&s->nodes.v[last.node], count->class)->place =
			count->place;
	}
	*count = it->classes.v[--it->classes.n];
}

void tw_scheduler_put(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	if (!count)
		count = enter(s, class, node);
	count->n++;
	copy_count(s, count);
	use(s, node, class, 1);
}

void tw_scheduler_take(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	tw_assert(count && count->n);
	if (count->leaving)
		count->leaving--;
	count->n--;
	copy_count(s, count);
	if (!count->n)
		leave(s, node, count);
	use(s, node, class, -1);
}

void tw_scheduler_take_active(
	struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	tw_assert(count && count->n > count->leaving);
	/* Which the other takes first. */
	count->leaving++;
	tw_scheduler_take(s, class, node);
}

void tw_scheduler_leaving(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_class_count *count = count_of(&s->nodes.v[node], class);

	tw_assert(count && count->leaving < count->n);
	count->leaving++;
	copy_count(s, count);
}

/* ---- a cycle -------------------------------------------------------- */

void tw_sched_cycle_begin(
	struct tw_sched_cycle *cycle, struct tw_scheduler *s, uint32_t class)
{
	*cycle = (struct tw_sched_cycle){.s = s,
		.class = &s->classes.v[class],
		.class_index = class,
		.arena = s->scratch};
	/* Who comes while it is in use has none. */
	tw_arena_init(&s->scratch);
}

void tw_sched_cycle_end(struct tw_sched_cycle *cycle)
{
	tw_arena_release(&cycle->s->scratch);
	tw_arena_clear(&cycle->arena);
	cycle->s->scratch = cycle->arena;
}

void tw_sched_cycle_init(
	struct tw_sched_cycle *cycle, struct tw_scheduler *s, uint32_t class)
{
	size_t n = s->nodes.n + 1;

	*cycle = (struct tw_sched_cycle){
		.s = s, .class = &s->classes.v[class], .class_index = class};
	tw_arena_init(&cycle->arena);
	cycle->node_status =
		tw_new_array(&cycle->arena, n, enum tw_sched_status);
	cycle->feasible = tw_new_array(&cycle->arena, n, uint32_t);
}

void tw_sched_cycle_release(struct tw_sched_cycle *cycle)
{
	tw_arena_release(&cycle->arena);
}

const struct tw_sched_plugin *tw_sched_refuses(
	const struct tw_sched_cycle *cycle, uint32_t node,
	struct tw_sched_reason *reason)
{
	*reason = (struct tw_sched_reason){TW_SCHED_UNRESOLVABLE, NULL};
	if (cycle->s->nodes.v[node].absent)
		return NULL;
	for (uint32_t i = 0; tw_sched_plugins[i]; i++) {
		if (!tw_sched_plugins[i]->filter || cycle->idle[i])
			continue;
		*reason = tw_sched_plugins[i]->filter(cycle, i, node);
		if (reason->status != TW_SCHED_OK)
			return tw_sched_plugins[i];
	}
	*reason = (struct tw_sched_reason){TW_SCHED_OK, NULL};
	return NULL;
}

struct tw_sched_reason tw_sched_reason_of(
	const struct tw_sched_cycle *cycle, uint32_t node)
{
	struct tw_sched_reason reason;

	tw_sched_refuses(cycle, node, &reason);
	return reason;
}

void tw_sched_pre_filter(struct tw_sched_cycle *cycle)
{
	for (uint32_t i = 0; tw_sched_plugins[i]; i++)
		if (tw_sched_plugins[i]->pre_filter)
			cycle->idle[i] =
				!tw_sched_plugins[i]->pre_filter(cycle, i);
}

bool tw_scheduler_fits(struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_sched_cycle cycle;
	bool fits;

	tw_sched_cycle_begin(&cycle, s, class);
	tw_sched_pre_filter(&cycle);
	fits = tw_sched_reason_of(&cycle, node).status == TW_SCHED_OK;
	tw_sched_cycle_end(&cycle);
	return fits;
}

void tw_scheduler_refusal(struct tw_scheduler *s, uint32_t class, uint32_t node,
	struct tw_arena *arena, struct tw_sched_tally *to)
{
	struct tw_sched_cycle cycle;

	tw_sched_cycle_begin(&cycle, s, class);
	tw_sched_pre_filter(&cycle);
	tw_sched_reasons(&cycle, node, arena, to);
	tw_sched_cycle_end(&cycle);
}

void tw_sched_filter(struct tw_sched_cycle *cycle)
{
	tw_sched_pre_filter(cycle);
	cycle->n_feasible = 0;
	for (uint32_t n = 0; n < cycle->s->nodes.n; n++) {
		cycle->node_status[n] = tw_sched_reason_of(cycle, n).status;
		if (cycle->node_status[n] == TW_SCHED_OK)
			cycle->feasible[cycle->n_feasible++] = n;
	}
}

bool tw_sched_pre_score(
	struct tw_sched_cycle *cycle, const struct tw_sched_plugin *plugin)
{
	return (plugin->score || plugin->score_all) &&
	       (!plugin->pre_score ||
		       plugin->pre_score(cycle, tw_sched_slot(plugin)));
}

void tw_sched_normalise(
	const struct tw_sched_cycle *cycle, bool reversed, int64_t *scores)
{
	int64_t max = 0;

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		if (scores[i] > max)
			max = scores[i];
	for (uint32_t i = 0; i < cycle->n_feasible; i++) {
		int64_t share = max ? 100 * scores[i] / max : 0;

		scores[i] = reversed ? 100 - share : share;
	}
}

void tw_sched_score_all(struct tw_sched_cycle *cycle,
	const struct tw_sched_plugin *plugin, int64_t *scores)
{
	uint32_t slot = tw_sched_slot(plugin);

	if (plugin->score_all)
		plugin->score_all(cycle, slot, scores);
	for (uint32_t i = 0; plugin->score && i < cycle->n_feasible; i++)
		scores[i] = plugin->score(cycle, slot, cycle->feasible[i]);
	if (plugin->normalise)
		plugin->normalise(cycle, slot, scores);
}

bool tw_sched_score(struct tw_sched_cycle *cycle,
	const struct tw_sched_plugin *plugin, int64_t *scores)
{
	if (!tw_sched_pre_score(cycle, plugin))
		return false;
	tw_sched_score_all(cycle, plugin, scores);
	return true;
}

void tw_sched_total(struct tw_sched_cycle *cycle, int64_t *totals)
{
	int64_t *scores =
		tw_new_array(&cycle->arena, cycle->n_feasible + 1, int64_t);

	for (uint32_t i = 0; i < cycle->n_feasible; i++)
		totals[i] = 0;
	for (uint32_t p = 0; tw_sched_plugins[p]; p++) {
		if (!tw_sched_score(cycle, tw_sched_plugins[p], scores))
			continue;
		for (uint32_t i = 0; i < cycle->n_feasible; i++)
			totals[i] += tw_sched_plugins[p]->weight * scores[i];
	}
}

/* ---- room ----------------------------------------------------------- */

bool tw_scheduler_has_room(
	const struct tw_scheduler *s, uint32_t class, uint32_t node)
{
	struct tw_lackings lacking = {0};
	struct tw_arena arena;
	bool has;

	tw_arena_init(&arena);
	tw_sched_lacking(s->classes.v[class].pod, &s->nodes.v[node], NULL, NULL,
		&arena, &lacking);
	has = !lacking.n;
	tw_arena_release(&arena);
	return has;
}
