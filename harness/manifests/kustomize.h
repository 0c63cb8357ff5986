/*
 * Private to harness/manifests: kustomize folders, rendered by ourselves.
 *
 * Order, as kustomize has it: resources (and bases), generators, components,
 * patchesStrategicMerge, patches, namespace, namePrefix, nameSuffix, labels,
 * annotations, patchesJson6902, replicas, images.
 *
 * One difference on purpose: generated ConfigMaps and Secrets keep their
 * plain name, without the hash of their content, so that a change of the
 * content is a change of one object and not an object less and one more.
 *
 * Where a kustomization, or one that it leads to, has what we do not render
 * (replacements, vars, helmCharts, generators, transformers, bases on the
 * network), the whole is left to the `kustomize` or `kubectl` program that
 * m->kustomize runs; without one it is an error that names what was met.
 */
#ifndef TW_HARNESS_MANIFESTS_KUSTOMIZE_H
#define TW_HARNESS_MANIFESTS_KUSTOMIZE_H

#include "harness/manifests/reader.h"

struct tw_kust_resource {
	struct tw_yaml *doc;
	const char *name;   /* before any prefix: what patches may call it */
	const char *before; /* the prefix that is being set: what others say */
};

/* Folders that are being rendered, innermost first. */
struct tw_kust_folder {
	const char *dir;
	const struct tw_kust_folder *outer;
};

/* The first thing that was met and that we do not render. */
struct tw_kust_unable {
	const char *what; /* "replacements", "https://…"; NULL: nothing */
	struct tw_pos pos;
	bool helm; /* some of it is Helm's */
};

struct tw_kust {
	struct tw_manifests *m;
	struct tw_files *files;
	struct tw_diags *diags;
	struct tw_pos from; /* what asked for it */
	const struct tw_kust_folder *inside;
	size_t *rendered; /* folders so far, of the whole tree */
	struct tw_kust_unable *unable;
	TW_VEC(struct tw_kust_resource) resources;
};

/* A file that a kustomization names, as documents. */
int tw_kust_load(struct tw_kust *k, const char *path, struct tw_pos pos,
	struct tw_yaml_docs *docs);

/* The transformers of one kustomization, in order, over all resources. */
int tw_kust_transform(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization);
/* configMapGenerator and secretGenerator. */
int tw_kust_generate(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization);
/* The three forms of patches. */
int tw_kust_merge_patches(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization);
int tw_kust_json_patches(
	struct tw_kust *k, const char *dir, struct tw_yaml *kustomization);

#endif
