#include "twins/cluster/place.h"

#include "twins/base/hash.h"
#include "twins/cluster/bindings.h"
#include "twins/cluster/scheduler.h"
#include "twins/cluster/versions.h"

#include <stdlib.h>
#include <string.h>

struct placing {
	struct tw_model *model;
	struct tw_scheduler s;	/* a class a revision, in the same order */
	struct tw_buf *reasons; /* by revision; NULL: nobody asks */
	uint32_t *attached;	/* by claim: node of an exclusive volume */
	uint32_t *n_attached;	/* by node: of those whose number is limited */
	uint32_t nowhere;
};

static struct tw_sched_options options_of(const struct tw_model *model)
{
	const struct tw_kubernetes *release =
		tw_kubernetes_of(model->kubernetes);

	return (struct tw_sched_options){.hard_affinity_weight = 1,
		.old_balance = release->old_balance,
		.balance_all = release->balance_all,
		.whole_overhead = release->whole_overhead,
		.spread_always = release->spread_always,
		.small_nodes_helpable = release->small_nodes_helpable,
		.names_taints = release->names_taints,
		.two_stops = release->two_stops,
		.no_min_domains = !release->min_domains};
}

void tw_place_classes(struct tw_scheduler *s, const struct tw_model *model)
{
	const struct tw_sched_options options = options_of(model);

	tw_scheduler_init(s, &options);
	s->namespaces = &model->spec->namespaces;
	for (uint32_t n = 0; n < model->n_nodes; n++) {
		tw_scheduler_add_node(s, model->nodes[n].spec);
		tw_scheduler_set_absent(s, n, model->nodes[n].spare);
	}
	for (uint32_t r = 0; r < model->n_revisions; r++) {
		const struct tw_revision *it = &model->revisions[r];
		const char *slash = strchr(it->name, '/');
		struct tw_sched_class class = {
			.namespace = tw_arena_strndup(&s->arena, it->name,
				(size_t)(slash - it->name)),
			.labels = it->labels,
			.pod = it->pod};

		tw_scheduler_add_class(s, &class);
	}
}

/* Their numbers, from 1 on. */
static void name_nodes(const struct tw_model *model, struct tw_map *to)
{
	tw_map_init(to, NULL);
	/* Of one name the first counts. */
	for (uint32_t n = model->n_nodes; n--;)
		tw_map_put(
			to, model->nodes[n].name, (void *)(uintptr_t)(n + 1));
}

/* Before any pod stands. */
static void bind_first(struct tw_model *model, const struct tw_model *before)
{
	struct tw_storage *storage = &model->storage;
	struct tw_map nodes;

	storage->bindings = tw_bindings_new(model, &model->arena);
	storage->taken = NULL;
	if (before) {
		name_nodes(model, &nodes);
		tw_bindings_carry(model, storage->bindings, before, &nodes);
		tw_map_release(&nodes);
	}
	tw_bindings_bind_immediate(model, storage->bindings);
}

static void begin(struct placing *p, struct tw_model *model,
	const struct tw_model *before)
{
	*p = (struct placing){.model = model};
	tw_place_classes(&p->s, model);
	if (!model->node_of)
		model->node_of = tw_new_array(
			&model->arena, model->n_replicas, uint32_t);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		model->node_of[r] = TW_NONE;
	if (!model->storage.n_claims)
		return;
	bind_first(model, before);
	p->attached =
		tw_new_array(&p->s.arena, model->storage.n_claims, uint32_t);
	p->n_attached = tw_new_array(&p->s.arena, model->n_nodes + 1, uint32_t);
	for (uint32_t c = 0; c < model->storage.n_claims; c++)
		p->attached[c] = TW_NONE;
}

/* ---- volumes -------------------------------------------------------- */

/* It would wait for a volume that is attached to another node. */
static bool waits_for_volume(
	const struct placing *p, uint32_t replica, uint32_t node)
{
	const struct tw_storage *storage = &p->model->storage;

	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++) {
		uint32_t at = p->attached[storage->list[i]];

		if (at != TW_NONE && at != node)
			return true;
	}
	return false;
}

static void take_volumes(struct placing *p, uint32_t replica, uint32_t node)
{
	const struct tw_storage *storage = &p->model->storage;

	tw_bindings_bind(p->model, storage->bindings, replica, node);
	for (uint32_t i = storage->first[replica];
		i < storage->first[replica + 1]; i++) {
		uint32_t c = storage->list[i];

		if (p->attached[c] != TW_NONE ||
			!tw_claim_is_exclusive(p->model, storage->bindings, c))
			continue;
		p->attached[c] = node;
		p->n_attached[node] +=
			storage->classes[storage->claims[c].class].limit != 0;
	}
}

static uint32_t attached_to(void *context, uint32_t node)
{
	const struct placing *p = context;

	return p->n_attached[node];
}

/* Some pod that stands has the claim. */
static bool in_use(void *context, uint32_t claim)
{
	const struct placing *p = context;
	const struct tw_claim *it = &p->model->storage.claims[claim];

	for (uint32_t i = 0; i < it->n_users; i++)
		if (p->model->node_of[it->users[i]] != TW_NONE)
			return true;
	return false;
}

/* False: the pod has no claims. */
static bool see_volumes(
	struct placing *p, uint32_t replica, struct tw_pod_volumes *to)
{
	if (!p->attached || !tw_pod_volumes_see(p->model,
				    p->model->storage.bindings, replica, to))
		return false;
	to->attached = attached_to;
	to->in_use = in_use;
	to->context = p;
	return true;
}

/* Whether the pod could have its volumes there. */
static bool has_volumes(struct placing *p, uint32_t replica, uint32_t node)
{
	struct tw_pod_volumes volumes;

	return !see_volumes(p, replica, &volumes) ||
	       (!waits_for_volume(p, replica, node) &&
		       tw_pod_volumes_reach(&volumes, node) &&
		       volumes.view.filter(&volumes.view,
					   TW_VOLUME_RESTRICTIONS, node)
				       .status == TW_SCHED_OK);
}

static void stand(struct placing *p, uint32_t replica, uint32_t node)
{
	p->model->node_of[replica] = node;
	if (p->attached)
		take_volumes(p, replica, node);
	tw_scheduler_put(&p->s, p->model->replicas[replica].revision, node);
}

/* ---- what stays ----------------------------------------------------- */

/* Whether two revisions ask the same of a node. What they ask of other pods
 * is the scheduler's affair when it acts, and not while they run. */
static bool same_demands(
	const struct tw_revision *a, const struct tw_revision *b)
{
	const struct tw_resources *x = &a->pod->requests;

	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].amount !=
			tw_resource_amount(&b->pod->requests, x->v[i].name))
			return false;
	return x->n == b->pod->requests.n;
}

static bool has_room(struct placing *p, uint32_t revision, uint32_t node)
{
	struct tw_lackings lacking = {0};
	const struct tw_pod_spec *pod = p->model->revisions[revision].pod;

	tw_sched_lacking(
		pod, &p->s.nodes.v[node], NULL, NULL, &p->s.arena, &lacking);
	return !lacking.n && tw_pod_fits_node(pod, p->s.nodes.v[node].spec) &&
	       !tw_pod_untolerated(&pod->tolerations,
		       &p->s.nodes.v[node].spec->taints, false);
}

static void keep(struct placing *p, const struct tw_model *before)
{
	struct tw_map was, nodes;

	name_nodes(p->model, &nodes);
	tw_map_init(&was, NULL);
	for (uint32_t r = 0; r < before->n_replicas; r++)
		tw_map_put(&was, before->replicas[r].key, &before->replicas[r]);
	for (uint32_t r = 0; r < p->model->n_replicas; r++) {
		const struct tw_replica *it = &p->model->replicas[r];
		const struct tw_replica *old = tw_map_get(&was, it->key);
		uintptr_t node;

		if (!old ||
			it->ordinal >=
				p->model->revisions[it->revision].initial ||
			before->node_of[old - before->replicas] == TW_NONE ||
			!same_demands(&before->revisions[old->revision],
				&p->model->revisions[it->revision]))
			continue;
		node = (uintptr_t)tw_map_get(&nodes,
			before->nodes[before->node_of[old - before->replicas]]
				.name);
		if (node && has_room(p, it->revision, (uint32_t)node - 1) &&
			has_volumes(p, r, (uint32_t)node - 1))
			stand(p, r, (uint32_t)node - 1);
	}
	tw_map_release(&nodes);
	tw_map_release(&was);
}

/* ---- what is scheduled ---------------------------------------------- */

/* Outside the cluster: it takes up no node. */
static bool is_elsewhere(
	const struct tw_model *model, const struct tw_revision *it)
{
	return it->service != TW_NONE && model->services[it->service].external;
}

/* A DaemonSet's pod has its own node. */
static uint32_t look_at_own(
	struct placing *p, const struct tw_replica *it, struct tw_buf *why)
{
	uint32_t own = p->model->revisions[it->revision].own_nodes[it->ordinal];
	struct tw_sched_reason refusal =
		tw_sched_volumes_refuse(p->s.volumes, own);

	if (refusal.status != TW_SCHED_OK && why)
		tw_buf_printf(
			why, "%s: %s", p->model->nodes[own].name, refusal.text);
	return refusal.status == TW_SCHED_OK && has_room(p, it->revision, own)
		       ? own
		       : TW_NONE;
}

/* Where the scheduler puts it; of one that would then wait for a volume that is
 * in use elsewhere, nowhere: it does not run. */
static uint32_t choose(struct placing *p, uint32_t replica, struct tw_buf *why)
{
	const struct tw_replica *it = &p->model->replicas[replica];
	struct tw_pod_volumes volumes;
	uint32_t node;

	if (p->attached)
		tw_bindings_begin(
			p->model, p->model->storage.bindings, replica);
	if (see_volumes(p, replica, &volumes))
		p->s.volumes = &volumes.view;
	if (p->model->revisions[it->revision].own_nodes)
		node = look_at_own(p, it, why);
	else
		node = tw_scheduler_choose(&p->s, it->revision, it->hash, why);
	p->s.volumes = NULL;
	if (!p->attached || node == TW_NONE ||
		!waits_for_volume(p, replica, node))
		return node;
	if (why)
		tw_buf_add_text(why,
			"it waits in ContainerCreating for a volume that is "
			"attached to another node (Multi-Attach error)");
	return TW_NONE;
}

static void place_revision(struct placing *p, uint32_t revision)
{
	const struct tw_revision *it = &p->model->revisions[revision];

	if (is_elsewhere(p->model, it))
		return;
	/* Those beyond come in the run. */
	for (uint32_t i = 0; i < it->initial; i++) {
		uint32_t r = it->first_replica + i;
		struct tw_buf *why = p->reasons ? &p->reasons[revision] : NULL;
		uint32_t node;

		if (p->model->node_of[r] != TW_NONE)
			continue;
		if (why)
			tw_buf_clear(why);
		node = choose(p, r, why);
		if (node == TW_NONE)
			p->nowhere++;
		else
			stand(p, r, node);
	}
}

struct turn {
	int64_t priority;
	uint32_t revision;
};

static int by_priority(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->revision < y->revision ? -1 : 1;
}

static void place_all(struct placing *p)
{
	uint32_t n = p->model->n_revisions;
	struct turn *turns = tw_new_array(&p->s.arena, n + 1, struct turn);

	for (uint32_t r = 0; r < n; r++)
		turns[r] =
			(struct turn){p->model->revisions[r].pod->priority, r};
	if (n)
		qsort(turns, n, sizeof *turns, by_priority);
	for (uint32_t r = 0; r < n; r++)
		place_revision(p, turns[r].revision);
}

static uint32_t place(struct tw_model *model, const struct tw_model *before,
	struct tw_buf *reasons)
{
	struct placing p;

	begin(&p, model, before);
	p.reasons = reasons;
	if (before)
		keep(&p, before);
	place_all(&p);
	tw_scheduler_release(&p.s);
	return p.nowhere;
}

uint32_t tw_place(struct tw_model *model)
{
	return place(model, NULL, NULL);
}

uint32_t tw_place_after(struct tw_model *model, const struct tw_model *before)
{
	return place(model, before, NULL);
}

/* Volumes are where their pods stood. */
static void bind_as(struct tw_model *model)
{
	struct tw_storage *storage = &model->storage;

	if (!storage->n_claims)
		return;
	storage->bindings = tw_bindings_new(model, &model->arena);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		if (model->node_of[r] != TW_NONE)
			tw_bindings_bind(
				model, storage->bindings, r, model->node_of[r]);
	tw_bindings_bind_immediate(model, storage->bindings);
}

void tw_place_as(struct tw_model *model, const struct tw_map *nodes)
{
	struct tw_map numbers;

	name_nodes(model, &numbers);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		const char *name = tw_map_get(nodes, model->replicas[r].key);
		uintptr_t node =
			name ? (uintptr_t)tw_map_get(&numbers, name) : 0;

		model->node_of[r] = node ? (uint32_t)node - 1 : TW_NONE;
	}
	tw_map_release(&numbers);
	bind_as(model);
}

/* ---- what fits nowhere ---------------------------------------------- */

static void warn(const struct tw_model *model,
	const struct tw_revision *revision, uint32_t n, const char *why,
	struct tw_diags *diags)
{
	struct tw_pos pos = {0};
	struct tw_diag *diag;

	if (revision->spec && revision->spec->origin)
		pos = revision->spec->origin->pos;
	diag = tw_diag(diags, TW_WARNING, pos,
		"%u of %u replicas of %s fit on no node", n, revision->initial,
		revision->name);
	diag->rule = "unplaceable";
	diag->why = "they stay unavailable, as they would stay Pending";
	if (*why)
		tw_diag_hint(diags, diag, "%s", why);
	else
		tw_diag_hint(diags, diag,
			"it requests %lldm of CPU and %lld MiB of memory; "
			"there are %u nodes",
			(long long)revision->cpu,
			(long long)(revision->memory / (1024 * 1024)),
			model->n_nodes);
}

void tw_place_check(struct tw_model *model, struct tw_diags *diags)
{
	struct tw_buf *reasons =
		tw_calloc(model->n_revisions + 1, sizeof *reasons);

	if (place(model, NULL, reasons)) {
		for (uint32_t i = 0; i < model->n_revisions; i++) {
			const struct tw_revision *it = &model->revisions[i];
			uint32_t n = 0;

			for (uint32_t r = 0;
				!is_elsewhere(model, it) && r < it->initial;
				r++)
				n += model->node_of[it->first_replica + r] ==
				     TW_NONE;
			if (n)
				warn(model, it, n, tw_buf_text(&reasons[i]),
					diags);
		}
	}
	for (uint32_t i = 0; i < model->n_revisions; i++)
		tw_buf_release(&reasons[i]);
	tw_free(reasons);
}
