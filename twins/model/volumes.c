/*
 * Volumes: classes, claims by name, and which replicas have which.
 */
#include "twins/model/build.h"

#include <string.h>

/* What a provisioner's volumes are. Limits of a node: Kubernetes'
 * documentation, "Node-specific Volume Limits" (39, 16, 16), where no CSI
 * driver tells its own.
 */
static const struct provisioner {
	const char *name;
	enum tw_reach_of reach;
	bool attached;
	uint32_t limit;
} provisioners[] = {
	{"ebs.csi.aws.com", TW_FROM_ZONE, true, 39},
	{"kubernetes.io/aws-ebs", TW_FROM_ZONE, true, 39},
	{"pd.csi.storage.gke.io", TW_FROM_ZONE, true, 16},
	{"kubernetes.io/gce-pd", TW_FROM_ZONE, true, 16},
	{"disk.csi.azure.com", TW_FROM_ZONE, true, 16},
	{"kubernetes.io/azure-disk", TW_FROM_ZONE, true, 16},
	{"cinder.csi.openstack.org", TW_FROM_ZONE, true, 0},
	{"kubernetes.io/cinder", TW_FROM_ZONE, true, 0},
	{"dobs.csi.digitalocean.com", TW_FROM_ANYWHERE, true, 0},
	{"driver.longhorn.io", TW_FROM_ANYWHERE, true, 0},
	{"rbd.csi.ceph.com", TW_FROM_ANYWHERE, true, 0},
	{"rook-ceph.rbd.csi.ceph.com", TW_FROM_ANYWHERE, true, 0},
	{"csi.vsphere.vmware.com", TW_FROM_ANYWHERE, true, 0},
	{"kubernetes.io/vsphere-volume", TW_FROM_ANYWHERE, true, 0},
	{"rancher.io/local-path", TW_FROM_NODE, false, 0},
	{"k8s.io/minikube-hostpath", TW_FROM_NODE, false, 0},
	{"docker.io/hostpath", TW_FROM_NODE, false, 0},
	{"openebs.io/local", TW_FROM_NODE, false, 0},
	{"topolvm.io", TW_FROM_NODE, false, 0},
	{"efs.csi.aws.com", TW_FROM_ANYWHERE, false, 0},
	{"file.csi.azure.com", TW_FROM_ANYWHERE, false, 0},
	{"kubernetes.io/azure-file", TW_FROM_ANYWHERE, false, 0},
	{"filestore.csi.storage.gke.io", TW_FROM_ANYWHERE, false, 0},
	{"nfs.csi.k8s.io", TW_FROM_ANYWHERE, false, 0},
	{"cephfs.csi.ceph.com", TW_FROM_ANYWHERE, false, 0},
	{"kubernetes.io/glusterfs", TW_FROM_ANYWHERE, false, 0},
};

#define NO_PROVISIONER "kubernetes.io/no-provisioner"

static bool is(struct tw_text text, const char *word)
{
	return text.v && !strcmp(text.v, word);
}

/* ---- classes --------------------------------------------------------- */

struct storing {
	struct build *b;
	TW_VEC(struct tw_storage_class) classes;
	TW_VEC(struct tw_volume) volumes;
	TW_VEC(struct tw_claim) claims;
	TW_VEC(uint32_t) list;
	struct tw_map class_of, claim_of; /* name -> 1 + its number */
	const char *usual;		  /* name of the default class */
};

static uint8_t assumed_reach(const struct tw_spec_storage *storage)
{
	return is(storage->reach, "node")	? TW_FROM_NODE
	       : is(storage->reach, "anywhere") ? TW_FROM_ANYWHERE
						: TW_FROM_ZONE;
}

static void know_provisioner(
	const struct tw_spec_storage *storage, struct tw_storage_class *to)
{
	to->reach = assumed_reach(storage);
	to->attached = to->reach != TW_FROM_NODE;
	for (size_t i = 0; to->provisioner &&
			   i < sizeof provisioners / sizeof *provisioners;
		i++) {
		if (strcmp(provisioners[i].name, to->provisioner))
			continue;
		to->reach = (uint8_t)provisioners[i].reach;
		to->attached = provisioners[i].attached;
		to->limit = provisioners[i].limit;
	}
	if (to->attached)
		to->limit = (uint32_t)tw_int_or(storage->limit, to->limit);
}

static const struct tw_spec_class *declared_class(
	const struct tw_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->classes.n; i++)
		if (!strcmp(spec->classes.v[i]->name, name))
			return spec->classes.v[i];
	return NULL;
}

static uint32_t class_of(struct storing *s, const char *name)
{
	const struct tw_spec_storage *storage = &s->b->spec->storage;
	uintptr_t known = (uintptr_t)tw_map_get(&s->class_of, name);
	const struct tw_spec_class *spec = declared_class(s->b->spec, name);
	struct tw_storage_class it = {.name = name, .provisions = true};

	if (known)
		return (uint32_t)known - 1;
	if (spec) {
		it.provisioner = spec->provisioner.v;
		it.provisions = !is(spec->provisioner, NO_PROVISIONER);
		it.waits = is(spec->binding, "WaitForFirstConsumer");
		it.only = spec->only.n ? &spec->only : NULL;
	} else if (*name) {
		it.waits = !is(storage->binding, "Immediate");
	} else {
		it.provisions = false;
	}
	know_provisioner(storage, &it);
	tw_vec_push_in(&s->b->model->arena, &s->classes, it);
	tw_map_put(&s->class_of, name, (void *)(uintptr_t)s->classes.n);
	return (uint32_t)s->classes.n - 1;
}

/* The default one; where no manifest has it, one without a name of its own. */
static const char *usual_class(const struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->classes.n; i++)
		if (tw_int_or(spec->classes.v[i]->is_default, 0))
			return spec->classes.v[i]->name;
	return "(default)";
}

/* ---- volumes and claims ---------------------------------------------- */

static void add_volumes(struct storing *s)
{
	const struct tw_spec *spec = s->b->spec;

	for (size_t i = 0; i < spec->volumes.n; i++) {
		const struct tw_spec_volume *it = spec->volumes.v[i];
		struct tw_volume volume = {.name = it->name,
			.spec = it,
			.class = class_of(s, it->class.v ? it->class.v : "")};

		tw_vec_push_in(&s->b->model->arena, &s->volumes, volume);
	}
}

/* That it names, or that names it. */
static uint32_t own_volume(const struct storing *s, const struct tw_claim *it)
{
	for (uint32_t v = 0; v < s->volumes.n; v++)
		if (is(s->volumes.v[v].spec->claim, it->name) ||
			(it->spec &&
				is(it->spec->volume, s->volumes.v[v].name)))
			return v;
	return TW_NONE;
}

static const struct tw_spec_claim *declared_claim(
	const struct tw_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->claims.n; i++)
		if (!strcmp(spec->claims.v[i]->name, name))
			return spec->claims.v[i];
	return NULL;
}

static uint32_t claim_of(struct storing *s, const char *name,
	const struct tw_spec_claim *template)
{
	uintptr_t known = (uintptr_t)tw_map_get(&s->claim_of, name);
	const struct tw_spec_claim *spec = declared_claim(s->b->spec, name);
	struct tw_claim it = {.name = name};
	const char *slash = strchr(name, '/');

	if (known)
		return (uint32_t)known - 1;
	it.spec = spec ? spec : template;
	it.declared = it.spec != NULL;
	it.shown = tw_arena_printf(
		&s->b->model->arena, "pvc-%s", slash ? slash + 1 : name);
	it.modes = TW_ACCESS_RWO;
	it.class = class_of(s, s->usual);
	if (it.spec) {
		it.class = class_of(
			s, it.spec->class.v ? it.spec->class.v : s->usual);
		it.size = tw_int_or(it.spec->size, 0);
		it.modes = (unsigned)tw_int_or(it.spec->modes, TW_ACCESS_RWO);
	}
	it.volume = own_volume(s, &it);
	tw_vec_push_in(&s->b->model->arena, &s->claims, it);
	tw_map_put(&s->claim_of, name, (void *)(uintptr_t)s->claims.n);
	return (uint32_t)s->claims.n - 1;
}

/* ---- who has which --------------------------------------------------- */

/* "datadir-zk-0" (apps/v1 StatefulSet: template, name, ordinal); ordinals of
 * the twin's names begin at 1. */
static const char *made_name(struct storing *s,
	const struct tw_spec_workload *workload, const char *template,
	uint32_t ordinal)
{
	return tw_arena_printf(&s->b->model->arena, "%s/%s-%s-%u",
		workload->namespace, template, workload->name, ordinal);
}

/* "web-1-scratch": the pod's name, the volume's. */
static void add_ephemeral(struct storing *s, const struct tw_replica *replica,
	const struct tw_spec_claim *template)
{
	struct tw_arena *arena = &s->b->model->arena;
	uint32_t claim = claim_of(s,
		tw_arena_printf(arena, "%s-%s", replica->name, template->name),
		template);

	s->claims.v[claim].ephemeral = s->claims.v[claim].spec == template;
	tw_vec_push_in(arena, &s->list, claim);
}

static bool is_template(
	const struct tw_spec_workload *workload, const char *name)
{
	for (size_t i = 0; i < workload->claim_templates.n; i++)
		if (!strcmp(workload->claim_templates.v[i]->name, name))
			return true;
	return false;
}

static void add_claims(struct storing *s, const struct tw_replica *replica)
{
	const struct tw_spec_workload *workload =
		s->b->model->revisions[replica->revision].spec;
	struct tw_arena *arena = &s->b->model->arena;

	if (!workload)
		return;
	for (size_t i = 0; i < workload->claim_templates.n; i++) {
		const struct tw_spec_claim *it = workload->claim_templates.v[i];

		tw_vec_push_in(arena, &s->list,
			claim_of(s,
				made_name(s, workload, it->name,
					replica->ordinal),
				it));
	}
	for (size_t i = 0; i < workload->ephemeral.n; i++)
		add_ephemeral(s, replica, workload->ephemeral.v[i]);
	for (size_t i = 0; i < workload->claims.n; i++) {
		const char *name = workload->claims.v[i].v;

		if (!is_template(workload, name))
			tw_vec_push_in(
				arena, &s->list, claim_of(s, name, NULL));
	}
}

static void add_users(struct storing *s, const uint32_t *first)
{
	const struct tw_model *model = s->b->model;
	uint32_t n = (uint32_t)s->claims.n;
	uint32_t *all =
		tw_new_array(&s->b->model->arena, s->list.n + 1, uint32_t);
	uint32_t *at = all;

	for (size_t i = 0; i < s->list.n; i++)
		s->claims.v[s->list.v[i]].n_users++;
	for (uint32_t c = 0; c < n; c++) {
		s->claims.v[c].users = at;
		at += s->claims.v[c].n_users;
		s->claims.v[c].n_users = 0;
	}
	for (uint32_t r = 0; r < model->n_replicas; r++)
		for (uint32_t i = first[r]; i < first[r + 1]; i++) {
			struct tw_claim *it = &s->claims.v[s->list.v[i]];

			all[it->users - all + it->n_users++] = r;
		}
}

static void finish(struct storing *s, const uint32_t *first)
{
	const struct tw_spec_storage *spec = &s->b->spec->storage;

	add_users(s, first);
	s->b->model->storage = (struct tw_storage){.classes = s->classes.v,
		.volumes = s->volumes.v,
		.claims = s->claims.v,
		.n_classes = (uint32_t)s->classes.n,
		.n_volumes = (uint32_t)s->volumes.n,
		.n_claims = (uint32_t)s->claims.n,
		.first = first,
		.list = s->list.v,
		.attach = tw_int_or(spec->attach, TW_ATTACH),
		.detach = tw_int_or(spec->detach, TW_DETACH)};
}

static bool has_claims(const struct tw_model *model)
{
	for (uint32_t r = 0; r < model->n_revisions; r++) {
		const struct tw_spec_workload *it = model->revisions[r].spec;

		if (it && (it->claims.n || it->claim_templates.n ||
				  it->ephemeral.n))
			return true;
	}
	return false;
}

void build_volumes(struct build *b)
{
	struct tw_model *model = b->model;
	struct storing s = {.b = b};
	uint32_t *first;

	if (!has_claims(model))
		return;
	tw_map_init(&s.class_of, &model->arena);
	tw_map_init(&s.claim_of, &model->arena);
	s.usual = usual_class(b->spec);
	first = tw_new_array(&model->arena, model->n_replicas + 1, uint32_t);
	add_volumes(&s);
	for (uint32_t r = 0; r < model->n_replicas; r++) {
		first[r] = (uint32_t)s.list.n;
		add_claims(&s, &model->replicas[r]);
	}
	first[model->n_replicas] = (uint32_t)s.list.n;
	finish(&s, first);
}
