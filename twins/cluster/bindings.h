/*
 * Where claims have their volumes, and what that asks of nodes: the binding
 * half of the scheduler's volume plugins, and of the controller that binds
 * PersistentVolumes.
 *
 *	Immediate		bound before any pod comes, in a zone that the
 *				name of the claim picks
 *	WaitForFirstConsumer	bound where the first pod that has it is put
 *	ephemeral		of one pod ("<pod>-<volume>"), and gone with it
 *	bound			for ever: a volume that was made stays in its
 *				zone (on its node), one of a manifest wherever
 *				its nodeAffinity and its zone labels say
 *
 * Of several volumes that are there the smallest that is large enough is taken;
 * one whose claimRef names the claim, or that the claim names, first.
 *
 * Source: Kubernetes 1.36, pkg/scheduler/framework/plugins/{volumebinding,
 * volumezone,volumerestrictions,nodevolumelimits}; staging/src/k8s.io/
 * component-helpers/storage/volume/pv_helpers.go (FindMatchingVolume); the zone
 * of an Immediate claim: external-provisioner and staging/src/k8s.io/
 * cloud-provider/volume/helpers/zones.go (ChooseZoneForVolume: FNV-1 of the
 * claim's name, of a StatefulSet's by its ordinal, modulo the sorted zones).
 * Left out: the time that a provisioner takes, its capacity
 * (CSIStorageCapacity), reclaim policies (no claim but those of pods is deleted
 * in a run), and volumes that pods name without a claim.
 */
#ifndef TW_CLUSTER_BINDINGS_H
#define TW_CLUSTER_BINDINGS_H

#include "twins/cluster/scheduler.h"
#include "twins/model/model.h"

/* None is bound; by claim, in the arena. NULL: no claims. */
struct tw_claim_binding *tw_bindings_new(
	const struct tw_model *model, struct tw_arena *arena);

/* As the claims of another system were bound that this one follows in the same
 * cluster: by their names, and those of zones, nodes (`nodes`: their numbers,
 * from 1 on) and volumes. A volume whose zone or node is gone is within reach
 * of nobody. A claim that is another one here (of another class, or its volume
 * is not there any more) is not bound. What claims had that nobody has here is
 * kept for them (persistentVolumeClaimRetentionPolicy's default, and what
 * `kubectl apply` does): sets taken of the model's storage. */
void tw_bindings_carry(struct tw_model *model,
	struct tw_claim_binding *bindings, const struct tw_model *before,
	const struct tw_map *nodes);

/* Those of Immediate classes that are not bound yet, where they can be; of
 * pods' own ephemeral ones none. */
void tw_bindings_bind_immediate(
	const struct tw_model *model, struct tw_claim_binding *bindings);

/* A pod is looked at by the scheduler: its ephemeral claims are there by then,
 * and those of Immediate classes are bound. It has gone, and they with it: a
 * volume that was made is deleted, and one of a manifest is free again (as the
 * local volume static provisioner makes it). */
void tw_bindings_begin(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica);
void tw_bindings_end(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica);

/* What is asked of nodes for one pod. */
struct tw_pod_volumes {
	struct tw_sched_volumes view; /* for the scheduler; first */
	const struct tw_model *model;
	const struct tw_claim_binding *bindings;
	const uint32_t *claims;
	uint32_t n;
	/* Volumes that are attached to a node, and whether that of a claim is;
	 * whether some pod has the claim. NULL: nothing is known. */
	uint32_t (*attached)(void *context, uint32_t node);
	bool (*is_on)(void *context, uint32_t claim, uint32_t node);
	bool (*in_use)(void *context, uint32_t claim);
	void *context;
};

/* False: the pod has no claims, or none that matters. The caller sets attached,
 * is_on, in_use and context afterwards. */
bool tw_pod_volumes_see(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t replica,
	struct tw_pod_volumes *to);

/* Whether all of its claims can be had, or made, on the node. */
bool tw_pod_volumes_reach(const struct tw_pod_volumes *it, uint32_t node);

/* A pod was put on the node: its claims that wait are bound. */
void tw_bindings_bind(const struct tw_model *model,
	struct tw_claim_binding *bindings, uint32_t replica, uint32_t node);

/* To one node at a time (isMultiAttachForbidden of the attach/detach
 * controller). */
bool tw_claim_is_exclusive(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim);

/* From where it is reached: the name of its zone, its node, or its volume of a
 * manifest; "anywhere", "nowhere" (what it was is gone); "": not bound. */
const char *tw_binding_at(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim);

/* What its volume is called. */
const char *tw_binding_volume(const struct tw_model *model,
	const struct tw_claim_binding *bindings, uint32_t claim);

#endif
