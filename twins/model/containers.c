/*
 * What a kubelet has to do before a pod's containers run: images and init
 * containers (images.h, spec_service.h).
 */
#include "twins/model/build.h"

#include "twins/base/hash.h"
#include "twins/base/text.h"

#include <string.h>

const char *tw_image_tagged(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, ':') || strchr(name, '@') ? name
								      : NULL;
}

bool tw_image_is_missing(const struct tw_spec_images *images, const char *name)
{
	struct tw_buf text = {0};
	bool missing = false;

	tw_buf_printf(
		&text, "%s%s", name, tw_image_tagged(name) ? "" : ":latest");
	for (size_t i = 0; i < images->missing.n && !missing; i++)
		missing = tw_glob_match(
			images->missing.v[i].v, tw_buf_text(&text));
	tw_buf_release(&text);
	return missing;
}

/* ---- images --------------------------------------------------------- */

static const char *tagged(struct build *b, const char *name)
{
	return tw_image_tagged(name)
		       ? name
		       : tw_arena_printf(&b->model->arena, "%s:latest", name);
}

static int64_t size_of(const struct tw_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->images.sizes.n; i++)
		if (tw_glob_match(spec->images.sizes.v[i].glob, name))
			return spec->images.sizes.v[i].size.v;
	/* What a node of the manifests has, it can tell the size of. */
	for (size_t n = 0; n < spec->nodes.n; n++) {
		const struct tw_node_spec *node = spec->nodes.v[n]->object;

		for (size_t i = 0; node && i < node->images.n; i++)
			for (size_t k = 0; k < node->images.v[i].names.n; k++)
				if (!strcmp(node->images.v[i].names.v[k], name))
					return node->images.v[i].size;
	}
	return 0;
}

/* Each image once, in the order of the workloads. */
static uint32_t image_of(struct build *b, const char *shown)
{
	struct tw_pulls *pulls = &b->model->pulls;
	const char *name = tagged(b, shown);

	for (uint32_t i = 0; i < pulls->n_images; i++)
		if (!strcmp(pulls->images[i].name, name))
			return i;
	return TW_NONE;
}

static size_t count_containers(const struct build *b)
{
	size_t n = 0;

	for (size_t w = 0; w < b->spec->workloads.n; w++) {
		const struct tw_spec_workload *it =
			b->spec->workloads.v[w].value;

		n += it->containers.n;
	}
	return n;
}

void build_pulls(struct build *b)
{
	const struct tw_spec_images *from = &b->spec->images;
	struct tw_pulls *to = &b->model->pulls;
	struct tw_image *all;

	if (!from->origin)
		return;
	*to = (struct tw_pulls){.on = true,
		.bandwidth = tw_real_or(from->bandwidth, TW_PULL_BANDWIDTH),
		.registry_bandwidth = tw_real_or(from->registry_bandwidth, 0),
		.latency = tw_int_or(from->latency, TW_PULL_LATENCY),
		.parallel = (uint32_t)tw_int_or(from->parallel, 1)};
	all = tw_new_array(
		&b->model->arena, count_containers(b) + 1, struct tw_image);
	to->images = all;
	for (size_t w = 0; w < b->spec->workloads.n; w++) {
		const struct tw_spec_workload *it =
			b->spec->workloads.v[w].value;

		for (size_t i = 0; i < it->containers.n; i++) {
			const char *shown = it->containers.v[i]->image.v;
			const char *name;

			if (!shown || image_of(b, shown) != TW_NONE)
				continue;
			name = tagged(b, shown);
			all[to->n_images++] = (struct tw_image){.name = name,
				.shown = shown,
				.size = size_of(b->spec, name),
				.missing = tw_image_is_missing(from, name)};
		}
	}
}

static enum tw_pull_policy policy_of(const struct tw_spec_container *container)
{
	const char *said = container->pull_policy.v;
	const char *name = tw_image_tagged(container->image.v);

	if (said && !strcmp(said, "Never"))
		return TW_PULL_NEVER;
	if (said)
		return strcmp(said, "Always") ? TW_PULL_IF_NOT_PRESENT
					      : TW_PULL_ALWAYS;
	if (!name || tw_text_ends(name, ":latest"))
		return TW_PULL_ALWAYS;
	return TW_PULL_IF_NOT_PRESENT;
}

/* ---- containers ----------------------------------------------------- */

/* The service of the pods, or one that a model calls as their workload is. */
static const struct tw_spec_init *init_of(const struct build *b,
	const struct tw_revision *revision, const char *name)
{
	const struct tw_spec_service *service =
		revision->service == TW_NONE
			? tw_map_get(&b->spec->services, revision->spec->key)
			: b->services[revision->service].spec;

	for (size_t i = 0; service && i < service->init.n; i++)
		if (!strcmp(service->init.v[i]->name, name))
			return service->init.v[i];
	return NULL;
}

static struct tw_container container_of(struct build *b,
	const struct tw_revision *revision,
	const struct tw_spec_container *from)
{
	struct tw_container to = {.name = from->name,
		.hash = tw_hash_name(from->name),
		.image = TW_NONE,
		.kind = from->is_sidecar ? TW_CONTAINER_SIDECAR
			: from->is_init	 ? TW_CONTAINER_INIT
					 : TW_CONTAINER_MAIN};
	const struct tw_spec_init *init =
		from->is_init ? init_of(b, revision, from->name) : NULL;

	if (b->model->pulls.on && from->image.v) {
		to.image = image_of(b, from->image.v);
		to.pull = (uint8_t)policy_of(from);
	}
	if (init) {
		to.runs = init->runs.origin ? &init->runs.v : NULL;
		to.fails = tw_real_or(init->fails, 0);
	}
	if (from->is_sidecar)
		build_probe(&from->startup, &to.startup);
	return to;
}

void build_containers(struct build *b, const struct tw_revision *revision,
	struct tw_pod_life *to)
{
	const struct tw_spec_workload *workload = revision->spec;
	struct tw_container *all;
	uint32_t n_init = 0;

	for (size_t i = 0; i < workload->containers.n; i++)
		n_init += workload->containers.v[i]->is_init;
	if (!b->model->pulls.on && !n_init)
		return;
	all = tw_new_array(&b->model->arena, workload->containers.n + 1,
		struct tw_container);
	for (size_t i = 0; i < workload->containers.n; i++)
		all[i] = container_of(b, revision, workload->containers.v[i]);
	to->containers = all;
	to->n_containers = (uint32_t)workload->containers.n;
	to->n_init = n_init;
}
