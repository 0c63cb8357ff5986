#include "twins/fault/select.h"

#include <string.h>

enum { SERVICE, ENDPOINT, FROM, TO, REPLICA, NODE, ZONE, REGION, WORKLOAD };

/* One table of names that a glob is held against. */
struct names {
	const char *what;
	TW_VEC(const char *) list;
	/* Of pods: what they are called where their workload has one revision;
	 * empty for all else. */
	TW_VEC(const char *) others;
};

struct search {
	const struct selection *selection;
	struct tw_arena *arena;
	const struct tw_model *model;
	struct tw_diags *diags;
	bool ok;
	const char *misfit; /* of several names, the one that fits nothing */
};

static void add_services(const struct tw_model *model, struct names *names)
{
	for (uint32_t s = 0; s < model->n_services; s++)
		tw_vec_push(&names->list, model->services[s].key);
	tw_vec_push(&names->list, "outside");
}

static void add_zones(const struct tw_model *model, struct names *names)
{
	for (uint32_t z = 0; z < model->n_zones; z++)
		tw_vec_push(&names->list, model->zones[z]);
}

static struct names names_of(const struct tw_model *model, int which)
{
	struct names names = {0};

	switch (which) {
	case SERVICE:
	case FROM:
	case TO:
		names.what = "service";
		add_services(model, &names);
		break;
	case ENDPOINT:
		names.what = "endpoint";
		for (uint32_t e = 0; e < model->n_endpoints; e++)
			tw_vec_push(&names.list, model->endpoints[e].name);
		break;
	case REPLICA:
		names.what = "replica";
		for (uint32_t r = 0; r < model->n_replicas; r++) {
			tw_vec_push(&names.list, model->replicas[r].name);
			tw_vec_push(&names.others, model->replicas[r].key);
		}
		break;
	case NODE:
		names.what = "node";
		for (uint32_t n = 0; n < model->n_nodes; n++)
			tw_vec_push(&names.list, model->nodes[n].name);
		break;
	case ZONE:
		names.what = "zone";
		add_zones(model, &names);
		break;
	case REGION:
		names.what = "region";
		for (uint32_t r = 0; r < model->n_regions; r++)
			if (*model->regions[r])
				tw_vec_push(&names.list, model->regions[r]);
		break;
	case WORKLOAD:
		names.what = "workload";
		for (uint32_t w = 0; w < model->n_workloads; w++)
			tw_vec_push(&names.list, model->workloads[w].name);
		break;
	}
	return names;
}

/* A set with one place more than the table: that of the outside, where the
 * table is of services or zones. False where nothing fits. */
static bool match(struct search *s, const struct names *names, const char *glob,
	bool **set)
{
	bool all = true;

	*set = tw_new_array(s->arena, names->list.n + 1, bool);
	for (const char *at = glob; all && at; at = strchr(at, ',')) {
		bool any = false;
		const char *one;

		at += *at == ',';
		at += strspn(at, " ");
		one = tw_arena_strndup(s->arena, at, strcspn(at, ","));
		for (size_t i = 0; i < names->list.n; i++)
			if (tw_model_name_fits(one, names->list.v[i]) ||
				(names->others.n &&
					tw_model_name_fits(
						one, names->others.v[i])))
				any = (*set)[i] = true;
		all = any;
		if (!any)
			s->misfit = one;
	}
	return all;
}

static void fits_nothing(struct search *s, int which, struct names *names)
{
	const char *glob = s->misfit ? s->misfit : s->selection->glob[which];
	struct tw_diag *diag = tw_diag(s->diags, TW_ERROR,
		s->selection->pos[which], "no %s fits '%s'", names->what, glob);
	size_t n = names->list.n;

	for (size_t i = 0; i < n; i++) {
		const char *slash = strrchr(names->list.v[i], '/');

		if (slash && which != ENDPOINT)
			tw_vec_push(&names->list, slash + 1);
	}
	tw_diag_nearest(s->diags, diag, glob, names->list.v, names->list.n);
	s->ok = false;
}

static const bool *select_one(struct search *s, int which)
{
	struct names names;
	bool *set;

	if (!s->selection->glob[which])
		return NULL;
	names = names_of(s->model, which);
	if (!match(s, &names, s->selection->glob[which], &set))
		fits_nothing(s, which, &names);
	tw_vec_release(&names.list);
	tw_vec_release(&names.others);
	return set;
}

/* `from` and `to` of a partition may be zones. */
static void select_end(struct search *s, int which, bool zones_too,
	const bool **services, const bool **zones)
{
	struct names names;
	bool *set;

	if (!s->selection->glob[which])
		return;
	names = names_of(s->model, which);
	if (match(s, &names, s->selection->glob[which], &set)) {
		*services = set;
	} else {
		struct names of_zones = names_of(s->model, ZONE);

		if (zones_too &&
			match(s, &of_zones, s->selection->glob[which], &set)) {
			*zones = set;
		} else {
			if (zones_too) {
				names.what = "service or zone";
				add_zones(s->model, &names);
			}
			fits_nothing(s, which, &names);
		}
		tw_vec_release(&of_zones.list);
	}
	tw_vec_release(&names.list);
	tw_vec_release(&names.others);
}

static const bool *both(
	struct search *s, const bool *a, const bool *b, size_t n)
{
	bool *set;

	if (!a || !b)
		return a ? a : b;
	set = tw_new_array(s->arena, n, bool);
	for (size_t i = 0; i < n; i++)
		set[i] = a[i] && b[i];
	return set;
}

/* Replicas of the services that the set has. */
static const bool *replicas_of(struct search *s, const bool *services)
{
	const struct tw_model *model = s->model;
	bool *set;

	if (!services)
		return NULL;
	set = tw_new_array(s->arena, model->n_replicas + 1, bool);
	for (uint32_t i = 0; i < model->n_services; i++) {
		const struct tw_pool *pool =
			&model->pools[model->services[i].pool];

		for (uint32_t r = 0; services[i] && r < pool->n_replicas; r++)
			set[pool->replicas[r]] = true;
	}
	return set;
}

/* The zones of the regions that were selected. */
static const bool *zones_in(struct search *s)
{
	const struct tw_model *model = s->model;
	const bool *set = select_one(s, REGION);
	uint32_t at = 0;
	bool *zones;

	if (!set || !s->ok)
		return NULL;
	zones = tw_new_array(s->arena, model->n_zones + 1, bool);
	for (uint32_t r = 0; r < model->n_regions; r++) {
		if (!*model->regions[r])
			continue;
		for (uint32_t z = 0; z < model->n_zones; z++)
			if (model->region_of[z] == r)
				zones[z] = set[at];
		at++;
	}
	return zones;
}

static const bool *nodes_of(struct search *s, const bool *zones)
{
	bool *set;

	if (!zones)
		return NULL;
	set = tw_new_array(s->arena, s->model->n_nodes + 1, bool);
	for (uint32_t n = 0; n < s->model->n_nodes; n++)
		set[n] = zones[s->model->nodes[n].zone];
	return set;
}

/* Each selector fits something; but do they all fit one thing? */
static bool fit_together(
	const struct tw_fault *fault, const struct tw_model *model)
{
	bool endpoint = false, replica = !model->n_replicas, node = false;

	for (uint32_t e = 0; e < model->n_endpoints; e++)
		endpoint |=
			(!fault->endpoints || fault->endpoints[e]) &&
			(!fault->callees ||
				fault->callees[model->endpoints[e].service]);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		replica |= !fault->replicas || fault->replicas[r];
	for (uint32_t n = 0; n < model->n_nodes; n++)
		node |= !fault->nodes || fault->nodes[n];
	return endpoint && replica && node;
}

bool select_all(struct tw_fault *fault, const struct selection *selection,
	struct tw_pos pos, struct tw_arena *arena, const struct tw_model *model,
	struct tw_diags *diags)
{
	struct search s = {selection, arena, model, diags, true, NULL};
	bool zones = fault->kind->zones;
	const bool *services = select_one(&s, SERVICE), *to = NULL;

	select_end(&s, FROM, zones, &fault->callers, &fault->from_zones);
	select_end(&s, TO, zones, &to, &fault->to_zones);
	fault->callees = both(&s, services, to, model->n_services + 1);
	fault->endpoints = select_one(&s, ENDPOINT);
	fault->replicas = both(&s, select_one(&s, REPLICA),
		replicas_of(&s, services), model->n_replicas);
	fault->nodes = both(&s, select_one(&s, NODE),
		nodes_of(&s, both(&s, select_one(&s, ZONE), zones_in(&s),
				     model->n_zones)),
		model->n_nodes);
	fault->workloads = select_one(&s, WORKLOAD);
	fault->picks = fault->replicas;
	if (!fault->picks && !fault->nodes) {
		fault->picks_callers = fault->callers != NULL;
		fault->picks = replicas_of(
			&s, fault->callers ? fault->callers : fault->callees);
	}
	if (s.ok && !zones && !fit_together(fault, model)) {
		tw_diag(diags, TW_ERROR, pos,
			"the selectors of this fault fit nothing together");
		s.ok = false;
	}
	return s.ok;
}
