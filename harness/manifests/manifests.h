/*
 * Manifests: what a team deploys, read into a spec. Kubernetes objects by
 * group and kind, Istio's and the Gateway API's routes, Compose projects.
 *
 *	struct tw_manifests *m = tw_manifests_new();
 *
 *	tw_manifests_add(m, files, "deploy/ **", pos, diags);   (no blank)
 *	tw_manifests_add_text(m, "helm template shop", p, n, pos, diags);
 *	tw_manifests_spec(m, spec, diags);
 *	... models are read into the same spec ...
 *	tw_manifests_link(m, spec, diags);
 *
 * What a pattern names
 *   a file       Kubernetes documents, or a Compose file (`services:` at the
 *                top and no `kind`). Compose files that are named one by one
 *                are merged in that order, a project for each folder.
 *   a glob       each file that matches. Of Compose files the default one of a
 *                folder and its override; files that hold neither objects nor
 *                a Compose project are counted and passed over.
 *   a folder     with a kustomization: rendered (kustomize.h); else its
 *                YAML and JSON files, not those of folders below.
 * Unrendered templates (`{{ .Values… }}`) are recognised before they are
 * parsed: an error where the file was named, else one warning a chart.
 *
 * What the twin does not model is kept: counted and named, never an error.
 * What a Kubernetes API server would refuse is one. Values of Secrets are
 * never read.
 *
 * Istio's implicit two retries are those of services whose pods have a sidecar
 * by a label of theirs or of their namespace (mesh.c).
 *
 * A struct tw_manifests owns the documents that positions and differences
 * point into: it outlives the diags it wrote to, not the spec.
 */
#ifndef TW_HARNESS_MANIFESTS_H
#define TW_HARNESS_MANIFESTS_H

#include "harness/files/files.h"
#include "harness/yaml/yaml.h"
#include "twins/base/error.h"
#include "twins/model/spec.h"

/* One document, by identity. Compose services are objects of the group
 * "compose" and the kind "Service". */
struct tw_object {
	const char *group, *version, *kind; /* group "": Kubernetes' core */
	const char *namespace, *name;
	const char *id;	     /* "apps/Deployment shop/cart": unique */
	struct tw_yaml *doc; /* rendered, merged, interpolated */
	bool modelled;	     /* its kind becomes part of the spec */
};

/* Why we think that one service calls another; strongest first. */
enum tw_edge_source {
	TW_EDGE_ENV,	    /* an env value or an argument names it */
	TW_EDGE_POLICY,	    /* a NetworkPolicy lets it in */
	TW_EDGE_LINK,	    /* Compose `links` */
	TW_EDGE_DEPENDS_ON, /* start order: only where nothing better is */
};

struct tw_manifest_edge {
	const char *from;	  /* "namespace/name" of the calling workload */
	const char *from_service; /* the service in front of it, or NULL */
	const char *to;		  /* the service called */
	enum tw_edge_source source;
	bool telemetry;	    /* spans and metrics: beside the requests */
	const char *detail; /* "env CART_ADDR", "NetworkPolicy shop/cart" */
	struct tw_pos pos;
};

/* Where an address of an env value or an argument leads. */
enum tw_address_state {
	TW_ADDRESS_GOOD,
	TW_ADDRESS_UNSURE,     /* to a service, whose port we cannot judge */
	TW_ADDRESS_NO_SERVICE, /* a name of the cluster, and no Service has it
				*/
	TW_ADDRESS_NO_PORT,    /* the Service has no such port, or no container
				* behind it has the port's name */
	TW_ADDRESS_OWNED,      /* no manifest has the Service: an operator makes
				* it of a custom resource */
};

struct tw_manifest_address {
	const char *workload; /* "namespace/name" of whose container holds it */
	const char *name;     /* "env CART_ADDR", "argument --cart",
			       * "an argument" */
	const char *host;
	int64_t port;	     /* 0: not given */
	const char *service; /* key of the one it leads to, or NULL */
	enum tw_address_state state;
	bool sure; /* it can be nothing but an address of this cluster */
	struct tw_pos pos;
};

/* A kustomization that we leave to a program. */
struct tw_kustomize_call {
	const char *dir; /* "" : the top */
	struct tw_pos pos;
	bool helm;	     /* charts have to be rendered */
	const char *program; /* out: what was run; NULL: there is none */
};

/* A host outside the cluster that a container's values name. */
struct tw_manifest_outsider {
	const char *workload, *host;
	const char *name; /* "env DB_URL" */
	struct tw_pos pos;
	bool modelled; /* by tw_manifests_link(): something says what it is */
};

/*
 * A custom resource, which an operator makes pods and Services of: a black box.
 * What it owns is known by its name (those of Strimzi, CloudNativePG, Knative,
 * ECK and most others begin with that of the resource) or by ownerReferences.
 */
struct tw_manifest_custom {
	const char *group, *kind, *namespace, *name;
	struct tw_pos pos;
	TW_VEC(struct tw_manifest_reached) reached; /* by addresses */
	TW_VEC(const struct tw_object *) owns; /* that the manifests have */
};

struct tw_manifest_reached {
	const char *host;	     /* as somebody calls it */
	const char *key;	     /* "namespace/name" of the Service */
	const char *workload, *name; /* who, and by what: "env DB_URL" */
	struct tw_pos pos;
	const struct tw_origin *modelled; /* by tw_manifests_link(); NULL */
};

struct tw_manifest_places;

struct tw_manifests {
	struct tw_arena arena;
	bool managed;  /* the control plane acts in some scenario: budgets and
			* the like count */
	bool rollouts; /* some scenario rolls out: what a rollout depends on
			* counts as honoured; set it before anything is read */
	TW_VEC(struct tw_object *) objects;    /* in the order they were read */
	TW_VEC(struct tw_manifest_edge) edges; /* by tw_manifests_spec() */
	TW_VEC(struct tw_manifest_address) addresses;  /* likewise */
	TW_VEC(struct tw_manifest_outsider) outsiders; /* likewise */
	/* By tw_manifests_spec(); in the order of the files. */
	TW_VEC(struct tw_manifest_custom) customs;
	const char *entry; /* for the caller to set before tw_manifests_link():
			    * the service that traffic enters by, or NULL */

	/* For the report. */
	size_t files;	    /* read */
	size_t templates;   /* unrendered templates, passed over */
	size_t passed;	    /* other files of a glob or folder, passed over */
	struct tw_map kept; /* kind -> size_t *: objects not modelled */

	/* For the caller to set before anything is added: runs the program,
	 * appends what it wrote. -1 where it failed, with an error added. NULL:
	 * there is no program. */
	int (*kustomize)(void *context, struct tw_kustomize_call *call,
		struct tw_buf *out, struct tw_diags *diags);
	void *kustomize_context;
	struct tw_map by_id; /* id -> struct tw_object * */

	/* Private. */
	struct tw_manifest_places *places; /* of scalars; NULL: not yet */
	struct tw_map linked;	/* keys of services whose steps are edges */
	struct tw_map seen;	/* paths that were read */
	struct tw_map charts;	/* folders of templates that were told of */
	struct tw_map projects; /* folder -> struct tw_compose_project * */
};

struct tw_manifests *tw_manifests_new(void);
void tw_manifests_free(struct tw_manifests *m);

/* Reads what a pattern of `topology.manifests` names; `pos` is where that
 * stands. -1 where an error was added. */
int tw_manifests_add(struct tw_manifests *m, struct tw_files *files,
	const char *pattern, struct tw_pos pos, struct tw_diags *diags);

/* What a render command wrote; `name` stands for the file in messages. */
int tw_manifests_add_text(struct tw_manifests *m, const char *name,
	const char *text, size_t n, struct tw_diags *diags);

/* Everything that was added becomes part of the spec, and the edges are
 * found. Once, after the last add. -1 where an error was added. */
int tw_manifests_spec(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags);

/*
 * Gives each calling service for which no model has steps an endpoint
 * TW_MANIFESTS_ENDPOINT that calls its callees once each, side by side, with
 * the edge's provenance and no work. Once the models are read. Left out are
 * edges that carry telemetry, and those that would close a circle (a note).
 * Returns how many edges were used.
 *
 * A Service whose pods another Service's model describes, or which are reached
 * by another Service, gets none unless an entry leads to it or something calls
 * it: nothing would ever run them.
 *
 * Addresses that lead nowhere are warnings (rule address-to-nowhere); calls
 * whose every address leads nowhere are severed (spec_policy.h).
 */
#define TW_MANIFESTS_ENDPOINT "default"
size_t tw_manifests_link(
	struct tw_manifests *m, struct tw_spec *spec, struct tw_diags *diags);

/*
 * What became of the calls of side a whose addresses side b no longer has,
 * once both sides are linked. A model goes on calling a service whatever the
 * manifests say of its address; so
 *   a call whose address leads nowhere now is severed in b's spec (which has
 *   to be compiled again), and comes back where it hung on the address alone;
 *   a call to a service that is gone likewise;
 *   where nobody can know (the address is gone, comes from a Secret, leads to
 *   another service, out of the cluster, or to a port of which nothing is
 *   known) a doubt is added: no verdict can be green on it.
 * Texts live in the arena. Returns how many calls were severed.
 */
struct tw_manifest_doubts {
	TW_VEC(const char *) list; /* sentences */
};
size_t tw_manifests_compare(const struct tw_manifests *a,
	const struct tw_spec *a_spec, struct tw_manifests *b,
	struct tw_spec *b_spec, struct tw_arena *arena,
	struct tw_manifest_doubts *doubts);

/* A field that differs between two sides (both have been through _spec). */
struct tw_manifest_change {
	const struct tw_object *object; /* of side b; of a where b has none */
	const char *path;		/* "" : the object itself */
	const char *before, *after;	/* NULL: not there */
	struct tw_pos before_pos, after_pos;
	bool modelled; /* the twin behaves differently for it */
};

struct tw_manifest_changes {
	TW_VEC(struct tw_manifest_change) list;
};

/* Texts live in the arena; objects in their manifests. Secret data is never
 * shown. Order: b's objects as they were read, then those only a has. */
void tw_manifests_diff(const struct tw_manifests *a,
	const struct tw_manifests *b, struct tw_arena *arena,
	struct tw_manifest_changes *changes);

/* Whether a request reached any service that an object is about, in the eyes
 * of the caller: a Service itself, those in front of a workload, the hosts of a
 * VirtualService or DestinationRule. True where we cannot tell. */
typedef bool tw_manifest_reached(void *context, const char *service);
bool tw_manifests_is_reached(const struct tw_object *object,
	struct tw_spec *spec, tw_manifest_reached *reached, void *context);

/* Whether anything in a node, once the spec is made, has a part in it: any leaf
 * counts (a ConfigMap whose value is an address). NULL: no. */
bool tw_manifests_is_used(const struct tw_yaml *node);

/* Adds an object under the identity of another's, for a system that stands
 * between two sides: its document is read by tw_manifests_spec() as it is. */
void tw_manifests_put(struct tw_manifests *m, const struct tw_object *like,
	struct tw_yaml *doc, struct tw_diags *diags);

/* All of the above for one side in one call. */
struct tw_manifest_pattern {
	const char *text;
	struct tw_pos pos;
};
int tw_manifests_read(struct tw_manifests *m, struct tw_files *files,
	const struct tw_manifest_pattern *patterns, size_t n,
	struct tw_spec *spec, struct tw_diags *diags);

#endif
