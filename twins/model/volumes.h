/*
 * Volumes: what pods claim, and where it can be had. Words and meanings are
 * core/v1's and storage.k8s.io/v1's (PersistentVolumeClaim, PersistentVolume,
 * StorageClass). Nothing of it costs anything where no pod has a claim.
 *
 * A class is known by its provisioner, which says from where its volumes can
 * be reached: from a zone (block storage of clouds), from one node (local
 * paths), or from everywhere (network file systems); and whether a volume has
 * to be attached to a node. A class that no manifest declares, and a
 * provisioner that is not known, is taken for a cloud's block storage: zonal,
 * attached, WaitForFirstConsumer; `storage:` of a model says otherwise.
 */
#ifndef TW_MODEL_VOLUMES_H
#define TW_MODEL_VOLUMES_H

#include "twins/model/pod.h"
#include "twins/model/value.h"

enum tw_access {
	TW_ACCESS_RWO = 1 << 0,
	TW_ACCESS_ROX = 1 << 1,
	TW_ACCESS_RWX = 1 << 2,
	TW_ACCESS_RWOP = 1 << 3,
};

/* From where a volume can be reached. */
enum tw_reach_of { TW_FROM_ZONE, TW_FROM_NODE, TW_FROM_ANYWHERE };

struct tw_spec_class { /* StorageClass */
	const char *name;
	struct tw_text provisioner;
	struct tw_text binding;	   /* default "Immediate" */
	struct tw_node_terms only; /* allowedTopologies; none: anywhere */
	struct tw_int is_default;
	const struct tw_origin *origin;
};

struct tw_spec_volume { /* PersistentVolume */
	const char *name;
	struct tw_text class;	/* "" and none: of no class */
	struct tw_int capacity; /* bytes */
	struct tw_int modes;	/* enum tw_access, or-ed */
	struct tw_text claim;	/* "namespace/name" that it is kept for */
	struct tw_node_affinity affinity;
	struct tw_labels labels;
	bool local; /* spec.local or hostPath: nothing to attach */
	const struct tw_origin *origin;
};

struct tw_spec_claim {	      /* PersistentVolumeClaim, or a template of one */
	const char *name;     /* "namespace/name"; of a template its own name */
	struct tw_text class; /* none: the default class; "": no class */
	struct tw_int size;   /* bytes */
	struct tw_int modes;
	struct tw_text volume; /* volumeName */
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_spec_claims, struct tw_spec_claim *);

/* What a model says of the storage that manifests do not describe. */
struct tw_spec_storage {
	struct tw_text reach;	/* "zone" (default), "node", "anywhere" */
	struct tw_text binding; /* of a class that nobody declares; default
				 * WaitForFirstConsumer */
	struct tw_int attach;	/* ns; default TW_ATTACH */
	struct tw_int detach;	/* ns; default TW_DETACH */
	struct tw_int limit;	/* volumes of a node; default: by provisioner */
};

/* From the attach of a volume until it is mounted, and from the end of its pod
 * until it can be attached elsewhere, ns. Nobody's figures: a cloud's block
 * storage takes some seconds for either, and a kubelet says that a volume is
 * not in use any more with its status, each 10 s (nodeStatusUpdateFrequency).
 */
#define TW_ATTACH (5 * TW_S)
#define TW_DETACH (10 * TW_S)

/* ---- compiled -------------------------------------------------------- */

struct tw_storage_class {
	const char *name; /* "": of no class */
	bool provisions;  /* makes volumes; else they have to be there */
	bool waits;	  /* WaitForFirstConsumer */
	bool attached;	  /* to a node, before it is mounted */
	uint8_t reach;	  /* enum tw_reach_of */
	uint32_t limit;	  /* volumes of a node; 0: none known */
	const char *provisioner;
	const struct tw_node_terms *only; /* NULL: anywhere */
};

struct tw_volume {
	const char *name;
	const struct tw_spec_volume *spec;
	uint32_t class; /* of model->classes */
};

struct tw_claim {
	const char *name;  /* "namespace/name" */
	const char *shown; /* what its volume is called where one is made */
	uint32_t class;
	int64_t size;
	unsigned modes;
	bool declared;	 /* else it is taken for one that is bound, and within
			  * reach */
	bool ephemeral;	 /* of one pod; gone with it */
	uint32_t volume; /* that it names, or that is kept for it; TW_NONE */
	const uint32_t *users; /* replicas */
	uint32_t n_users;
	const struct tw_spec_claim *spec; /* NULL: not declared */
};

/* Where a claim's volume is, when a run begins or now. */
struct tw_claim_binding {
	bool bound;
	uint8_t reach;	 /* enum tw_reach_of, of a volume that was made */
	uint32_t volume; /* of model->volumes; TW_NONE: one that was made */
	uint32_t at;	 /* node, or zone, from where it is reached; TW_NONE:
			  * it is there no more */
};

struct tw_storage {
	const struct tw_storage_class *classes;
	const struct tw_volume *volumes;
	const struct tw_claim *claims;
	uint32_t n_classes, n_volumes, n_claims;
	/* By replica r: list[first[r]] to list[first[r + 1]]; NULL: no replica
	 * has a claim. */
	const uint32_t *first, *list;
	struct tw_claim_binding *bindings; /* by claim; set by tw_place() */
	bool *taken; /* by volume: a claim has it that nobody has here, of a
		      * system before; NULL: none. Set by tw_place_after() */
	tw_time attach, detach;
};

#endif
