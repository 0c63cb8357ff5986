/*
 * What is looked up instead of searched for: classes by a label, nodes by a
 * topology key.
 */
#include "twins/cluster/scheduler.h"

/* ---- classes by a label --------------------------------------------- */

static const char *label_text(struct tw_buf *to, const char *namespace,
	const char *key, const char *value)
{
	tw_buf_clear(to);
	tw_buf_printf(to, "%s %s=%s", namespace, key, value);
	return tw_buf_text(to);
}

void tw_sched_index_labels(struct tw_scheduler *s, uint32_t class)
{
	const struct tw_sched_class *it = &s->classes.v[class];
	struct tw_buf text = {0};

	for (size_t i = 0; i < it->labels->n; i++) {
		const char *key = label_text(&text, it->namespace,
			it->labels->v[i].key, it->labels->v[i].value);
		struct tw_sched_list *list = tw_map_get(&s->labelled, key);

		if (!list) {
			list = tw_new(&s->arena, struct tw_sched_list);
			tw_map_put(&s->labelled, key, list);
		}
		if (!list->n || list->v[list->n - 1] != class)
			tw_vec_push_in(&s->arena, list, class);
	}
	tw_buf_release(&text);
}

const struct tw_sched_list *tw_sched_candidates(struct tw_scheduler *s,
	const char *namespace, const struct tw_label_selector *selector)
{
	static const struct tw_sched_list nobody = {0};
	const struct tw_label_requirement *first = selector->v;
	const struct tw_sched_list *found;
	struct tw_buf text = {0};

	if (!selector->n || first->op != TW_LABEL_IN || first->values.n != 1)
		return NULL;
	found = tw_map_get(&s->labelled,
		label_text(&text, namespace, first->key, first->values.v[0]));
	tw_buf_release(&text);
	return found ? found : &nobody;
}

/* ---- domains -------------------------------------------------------- */

static void fill_topology(struct tw_scheduler *s, struct tw_topology *to)
{
	struct tw_map known;

	tw_map_init(&known, NULL);
	to->n_nodes = (uint32_t)s->nodes.n;
	to->n_domains = 0;
	to->some_without = false;
	to->domain_of = tw_new_array(&s->arena, to->n_nodes, uint32_t);
	for (uint32_t n = 0; n < to->n_nodes; n++) {
		const char *value =
			tw_label_value(&s->nodes.v[n].spec->labels, to->key);
		uintptr_t domain;

		to->domain_of[n] = UINT32_MAX;
		if (!value) {
			to->some_without = true;
			continue;
		}
		domain = (uintptr_t)tw_map_get(&known, value);
		if (!domain) {
			domain = ++to->n_domains;
			tw_map_put(&known, value, (void *)domain);
		}
		to->domain_of[n] = (uint32_t)domain - 1;
	}
	to->slot_of = tw_new_array(&s->arena, to->n_nodes, uint32_t);
	for (uint32_t n = 0; n < to->n_nodes; n++)
		to->slot_of[n] = to->domain_of[n] == UINT32_MAX
					 ? to->n_domains
					 : to->domain_of[n];
	tw_map_release(&known);
}

uint32_t tw_sched_topology_number(struct tw_scheduler *s, const char *key)
{
	for (size_t i = 0; i < s->topologies.n; i++)
		if (!strcmp(s->topologies.v[i].key, key))
			return (uint32_t)i;
	tw_vec_push(&s->topologies,
		((struct tw_topology){.key = tw_arena_strdup(&s->arena, key),
			.n_nodes = UINT32_MAX}));
	return (uint32_t)s->topologies.n - 1;
}

const struct tw_topology *tw_sched_topology(
	struct tw_scheduler *s, const char *key)
{
	uint32_t number = tw_sched_topology_number(s, key);
	struct tw_topology *found = &s->topologies.v[number];

	if (found->n_nodes != s->nodes.n)
		fill_topology(s, found);
	return found;
}
