/*
 * The ground that a model stands on: nodes, zones and the links between them;
 * and what stands on it: workloads as revisions with their replicas.
 */
#include "twins/model/build.h"

#include "twins/base/assert.h"
#include "twins/model/cgroup.h"
#include "twins/base/hash.h"

#include <string.h>

/* More pods than any cluster has (Kubernetes is tested to 150,000): what asks
 * for more is a mistake, and said to be one. */
#define MAX_REPLICAS 1000000

/* ---- nodes and zones ------------------------------------------------ */

static const char *region_of(const struct tw_spec_node *from)
{
	const char *label;

	if (from && from->region.v)
		return from->region.v;
	label = from ? tw_label_value(&from->labels, TW_NODE_REGION) : NULL;
	return label ? label : "";
}

static uint32_t region_index(struct build *b, const char *name)
{
	for (uint32_t r = 0; r < b->regions.n; r++)
		if (!strcmp(b->regions.v[r], name))
			return r;
	build_push(b, regions, name);
	return (uint32_t)b->regions.n - 1;
}

/* A zone is in one region: the first that a node of it tells. */
static uint32_t zone_index(
	struct build *b, const struct tw_spec_node *from, const char *name)
{
	const char *region = region_of(from), *known;
	struct tw_diag *diag;

	for (uint32_t z = 0; z < b->zones.n; z++) {
		if (strcmp(b->zones.v[z], name))
			continue;
		known = b->regions.v[b->region_of.v[z]];
		if (*region && !*known) {
			b->region_of.v[z] = region_index(b, region);
		} else if (*region && strcmp(known, region)) {
			diag = tw_diag(b->diags, TW_WARNING,
				build_pos(from->origin),
				"zone '%s' is in two regions: '%s' and '%s'",
				name, known, region);
			diag->why = "a zone is taken to be in the first";
		}
		return z;
	}
	build_push(b, zones, name);
	build_push(b, region_of, region_index(b, region));
	return (uint32_t)b->zones.n - 1;
}

static void add_node(struct build *b, const struct tw_spec_node *from,
	const char *name, const char *zone)
{
	build_push(b, nodes,
		((struct tw_node){
			.name = name,
			.hash = tw_hash_name(name),
			.zone = zone_index(b, from, zone),
			.cpu = from ? tw_int_or(from->cpu, INT64_MAX)
				    : INT64_MAX,
			.memory = from ? tw_int_or(from->memory, INT64_MAX)
				       : INT64_MAX,
			.assumed = !from,
			.spec = build_node_spec(b, from, name, zone),
		}));
}

/* Of a kind of nodes that may grow; returns how many there may be. */
static int64_t add_group(
	struct build *b, const struct tw_spec_node *node, int64_t count)
{
	int64_t min = tw_int_or(node->min, count);
	int64_t max = tw_int_or(node->max, count);

	if (max < count || min > count) {
		tw_diag(b->diags, TW_ERROR, build_pos(node->origin),
			"there are %lld nodes '%s', which is not in %lld..%lld",
			(long long)count, node->name, (long long)min,
			(long long)max);
		return count;
	}
	if (max == count && min == count)
		return count;
	if (max > MAX_REPLICAS)
		max = MAX_REPLICAS;
	build_push(b, groups,
		((struct tw_node_group){.name = node->name,
			.first = (uint32_t)b->nodes.n,
			.n = (uint32_t)max,
			.min = (uint32_t)min,
			.provisioning = tw_int_or(
				node->provisioning, TW_PROVISIONING)}));
	tw_spec_manage(b->spec);
	return max;
}

static void add_nodes(struct build *b)
{
	for (size_t i = 0; i < b->spec->nodes.n; i++) {
		const struct tw_spec_node *node = b->spec->nodes.v[i];
		int64_t count = tw_int_or(node->count, 1), first = count;
		const char *zone = node->zone.v ? node->zone.v : "a";

		if (count > MAX_REPLICAS) {
			tw_diag(b->diags, TW_ERROR,
				build_pos(node->count.origin),
				"more than %d nodes", MAX_REPLICAS);
			continue;
		}
		count = add_group(b, node, count);
		for (int64_t k = 1; k <= count; k++) {
			add_node(b, node,
				count == 1
					? node->name
					: tw_arena_printf(&b->model->arena,
						  "%s-%d", node->name, (int)k),
				zone);
			b->nodes.v[b->nodes.n - 1].spare = k > first;
		}
	}
	/* Nobody says where it runs: one node that everything fits on. */
	if (!b->nodes.n)
		add_node(b, NULL, "node", "a");
}

/* ---- links ------------------------------------------------------------------
 * The most particular one applies: the two zones as written, the other way
 * round, one zone and any, two regions, "cross-region", "same" or "cross", any
 * and any. Among equals the
 * last. From outside only what is said of "outside". */

static int fit_zone(const char *pattern, const char *zone)
{
	if (!pattern || !strcmp(pattern, "*"))
		return 1;
	return strcmp(pattern, zone) ? 0 : 3;
}

static bool is_word(const struct tw_spec_link *link, const char *word)
{
	return (link->from && !strcmp(link->from, word)) ||
	       (link->to && !strcmp(link->to, word));
}

/* The regions of two zones, as written or the other way round. */
static int region_rank(
	const struct tw_spec_link *link, const char *from, const char *to)
{
	if (fit_zone(link->from, from) && fit_zone(link->to, to))
		return 6;
	return fit_zone(link->from, to) && fit_zone(link->to, from) ? 5 : 0;
}

/* regions: those of the two zones. */
static int link_rank(const struct tw_spec_link *link, const char *from,
	const char *to, const char *const regions[2])
{
	int there, back;
	bool outside = !*from || !*to;

	if (is_word(link, "cross-region"))
		return !outside && strcmp(regions[0], regions[1]) ? 4 : 0;
	if (link->regions)
		return outside ? 0 : region_rank(link, regions[0], regions[1]);

	if (outside != is_word(link, "outside"))
		return 0;
	if (is_word(link, "same"))
		return strcmp(from, to) ? 0 : 3;
	if (is_word(link, "cross"))
		return strcmp(from, to) ? 3 : 0;
	if (!*from)
		from = "outside";
	if (!*to)
		to = "outside";
	there = fit_zone(link->from, from) * fit_zone(link->to, to);
	back = fit_zone(link->from, to) * fit_zone(link->to, from);
	there = there ? 2 * there + (there > 1 ? 2 : 0) : 0;
	back = back ? 2 * back + (back > 1 ? 1 : 0) : 0;
	return there > back ? there : back;
}

static void add_links(struct build *b)
{
	struct tw_model *model = b->model;
	uint32_t n = (uint32_t)b->zones.n;

	model->rtt = tw_new_array(
		&model->arena, (n + 1) * (n + 1), const struct tw_dist *);
	for (uint32_t i = 0; i <= n; i++) {
		for (uint32_t j = 0; j <= n; j++) {
			const char *from = i < n ? b->zones.v[i] : "";
			const char *to = j < n ? b->zones.v[j] : "";
			const char *const regions[2] = {
				i < n ? b->regions.v[b->region_of.v[i]] : "",
				j < n ? b->regions.v[b->region_of.v[j]] : ""};
			int best = 0;

			for (size_t k = 0; k < b->spec->links.n; k++) {
				const struct tw_spec_link *link =
					b->spec->links.v[k];
				int rank = link_rank(link, from, to, regions);

				if (!rank || rank < best)
					continue;
				best = rank;
				model->rtt[i * (n + 1) + j] = &link->rtt.v;
			}
		}
	}
}

static void check_zone(
	struct build *b, const struct tw_spec_link *link, const char *name)
{
	static const char *const words[] = {
		"*", "same", "cross", "outside", "cross-region"};
	struct tw_diag *diag;

	if (!name)
		return;
	for (size_t r = 0; link->regions && r < b->regions.n; r++)
		if (!strcmp(name, b->regions.v[r]))
			return;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(name, words[i]))
			return;
	for (size_t z = 0; z < b->zones.n; z++)
		if (!strcmp(name, b->zones.v[z]))
			return;
	diag = tw_diag(b->diags, TW_WARNING, build_pos(link->origin),
		"no node is in the %s '%s' of this link",
		link->regions ? "region" : "zone", name);
	tw_diag_nearest(b->diags, diag, name, b->zones.v, b->zones.n);
}

void build_ground(struct build *b)
{
	add_nodes(b);
	for (size_t i = 0; i < b->spec->links.n; i++) {
		check_zone(b, b->spec->links.v[i], b->spec->links.v[i]->from);
		check_zone(b, b->spec->links.v[i], b->spec->links.v[i]->to);
	}
	add_links(b);
}

/* ---- replicas ------------------------------------------------------- */

/* `shown`: what stands before the ordinal in its pods' names; NULL: the name of
 * the revision. */
static void add_replicas(struct build *b, struct tw_revision *revision,
	const char *shown, int64_t n, bool from_zero,
	const struct tw_origin *origin)
{
	revision->first_replica = (uint32_t)b->replicas.n;
	if (n < 0 || n > MAX_REPLICAS - (int64_t)b->replicas.n) {
		tw_diag(b->diags, TW_ERROR, build_pos(origin),
			"%s: %lld replicas: more than %d, or less than none",
			revision->name, (long long)n, MAX_REPLICAS);
		n = 0;
	}
	revision->n_replicas = (uint32_t)n;
	if (revision->initial > n)
		revision->initial = (uint32_t)n;
	for (uint32_t i = 0; i < revision->n_replicas; i++) {
		struct tw_replica replica = {
			.key = tw_arena_printf(&b->model->arena, "%s-%u",
				revision->name, from_zero ? i : i + 1),
			.revision = (uint32_t)b->revisions.n,
			.service = revision->service,
			.ordinal = i,
		};

		replica.name = replica.key;
		if (shown)
			replica.name = tw_arena_printf(&b->model->arena,
				"%s-%u", shown, from_zero ? i : i + 1);
		replica.hash = tw_hash_name(replica.key);
		/* Many: what growing leaves behind goes at once. */
		tw_vec_push(&b->replicas, replica);
	}
	build_push(b, revisions, *revision);
}

/* And those that restarts may make of it: their pods come in the run. */
static void add_revisions(struct build *b, struct tw_revision *revision,
	int64_t restarts, int64_t n, const struct tw_origin *origin)
{
	bool from_zero = !strcmp(build_kind(revision->spec), "StatefulSet");
	uint32_t first = (uint32_t)b->revisions.n;
	struct tw_revision plain = *revision;

	revision->copies = TW_NONE;
	build_revision_keys(b, revision);
	add_replicas(b, revision, build_set(b, revision->spec, 0, revision), n,
		from_zero, origin);
	for (int64_t i = 1; i <= restarts; i++) {
		struct tw_revision again = plain;
		const char *shown =
			build_set(b, revision->spec, (uint64_t)i, &again);

		again.copies = first;
		again.initial = 0;
		again.name = tw_arena_printf(&b->model->arena,
			"%s-restart-%lld", revision->name, (long long)i);
		build_revision_keys(b, &again);
		add_replicas(b, &again, shown, n, from_zero, origin);
	}
}

/* The first service with behaviour that selects it, else the first at all. */
static uint32_t owner_of(
	const struct build *b, const struct tw_spec_workload *workload)
{
	uint32_t owner = TW_NONE;

	for (uint32_t s = 0; s < b->model->n_services; s++) {
		const struct build_service *it = &b->services[s];

		for (size_t i = 0; i < it->spec->workloads.n; i++) {
			if (it->spec->workloads.v[i] != workload)
				continue;
			if (it->alias == TW_NONE && it->spec->endpoints.n)
				return s;
			if (owner == TW_NONE)
				owner = s;
		}
	}
	return owner;
}

/* A DaemonSet's pods: one on each node that will do, full or not; they
 * tolerate what node conditions and a cordon bring (pkg/controller/daemon/
 * util, AddOrUpdateDaemonPodTolerations). */
static int64_t own_nodes(struct build *b, struct tw_revision *revision)
{
	uint32_t *nodes = tw_new_array(&b->model->arena, b->nodes.n, uint32_t);
	int64_t n = 0;

	for (uint32_t i = 0; i < b->nodes.n; i++) {
		const struct tw_node_spec *node = b->nodes.v[i].spec;

		if (!b->nodes.v[i].spare &&
			tw_pod_fits_node(revision->pod, node) &&
			!tw_pod_untolerated(&revision->pod->tolerations,
				&node->taints, false))
			nodes[n++] = i;
	}
	revision->own_nodes = nodes;
	return n;
}

static void add_workload(
	struct build *b, const struct tw_spec_workload *workload)
{
	struct tw_revision revision = {
		.name = workload->key,
		.service = owner_of(b, workload),
		.spec = workload,
		.resources = workload,
	};
	const struct tw_spec_workload *admitted;
	int64_t n = tw_int_or(workload->replicas, 1);
	int64_t initial = n;

	if (build_is_job(workload->kind) && !build_job_spec(b, &revision)) {
		struct tw_diag *diag = tw_diag(b->diags, TW_NOTE,
			build_pos(workload->origin),
			"%s %s is not run: no model says what its pods do",
			workload->kind, workload->key);

		tw_diag_hint(b->diags, diag,
			"services: {%s: {job: {runs: 30s}}}", workload->name);
		return;
	}
	if (b->spec->rollout_at >= 0 && workload->had >= 0)
		initial = workload->had;
	initial = build_initial(b, workload, initial);
	if (build_is_job(workload->kind))
		initial = 0;
	tw_pod_requests(workload, &revision.cpu, &revision.memory);
	build_cgroup(workload, &revision);
	build_pod_spec(b, workload, &revision);
	admitted = build_admitted(b, workload);
	if (admitted != workload)
		tw_revision_resize(
			&b->model->arena, &revision, admitted, &revision);
	if (!strcmp(workload->kind, "DaemonSet"))
		n = own_nodes(b, &revision), initial = initial ? n : 0;
	else
		n = build_slots(b, workload, workload->most, initial, n);
	revision.initial = (uint32_t)(initial > 0 ? initial : 0);
	add_revisions(b, &revision, workload->restarts, n,
		workload->replicas.origin ? workload->replicas.origin
					  : workload->origin);
}

/* A Service whose selector selects nothing has no pods; but a kind that the
 * twin does not model (an Argo Rollout, say) may stand behind it. */
static bool has_hidden_pods(
	const struct build *b, const struct tw_spec_service *service)
{
	if (!service->has_selector || !b->spec->workloads.n ||
		service->replicas.origin)
		return true;
	for (size_t i = 0; i < b->spec->kept.n; i++)
		if (b->spec->kept.v[i].name &&
			!strcmp(b->spec->kept.v[i].name, service->name))
			return true;
	return false;
}

static void add_bare_service(struct build *b, uint32_t s)
{
	const struct tw_spec_service *service = b->services[s].spec;
	struct tw_revision revision = {
		.name = service->key, .service = s, .cpu_shares = 1024};
	struct tw_diag *diag;

	build_pod_spec(b, NULL, &revision);
	if (has_hidden_pods(b, service)) {
		int64_t n = tw_int_or(service->replicas, 1);

		revision.initial = (uint32_t)(n > 0 ? n : 0);
		if (!service->external)
			n = build_slots(b, NULL, service->most, n, n);
		add_revisions(b, &revision,
			service->external ? 0 : service->restarts, n,
			service->replicas.origin);
		return;
	}
	diag = tw_diag(b->diags, TW_WARNING, build_pos(service->origin),
		"no workload has the labels that %s selects", service->key);
	diag->rule = "no-pods";
	diag->why = "every call to it is answered 503";
}

void build_replicas(struct build *b)
{
	for (size_t i = 0; i < b->spec->workloads.n; i++)
		add_workload(b, b->spec->workloads.v[i].value);
	for (uint32_t s = 0; s < b->model->n_services; s++)
		if (!b->services[s].spec->workloads.n)
			add_bare_service(b, s);
	for (uint32_t s = 0; s < b->model->n_services; s++) {
		bool owns = !b->services[s].spec->workloads.n;

		for (size_t r = 0; r < b->revisions.n; r++)
			owns |= b->revisions.v[r].service == s;
		b->model->services[s].is_alias = !owns;
	}
}
