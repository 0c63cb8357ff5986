/*
 * NetworkPolicies over all pods of a system, for many questions: which
 * policies are for a pod is found once, and so is whom a peer means; peers
 * that say the same share the answer. So a question costs as much as the few
 * policies of its two ends have rules, whatever there is besides.
 */
#ifndef TW_MODEL_NETPOL_INDEX_H
#define TW_MODEL_NETPOL_INDEX_H

#include "twins/model/netpol.h"

struct tw_netpol_index;

/* Borrows both. */
struct tw_netpol_index *tw_netpol_index_new(const struct tw_netpols *policies,
	const struct tw_netpol_pod *pods, uint32_t n);
void tw_netpol_index_free(struct tw_netpol_index *index);

#define TW_NETPOL_OUTSIDE UINT32_MAX

/* As tw_netpol_judge(), of pods by number; `from` may be TW_NETPOL_OUTSIDE. */
struct tw_netpol_verdict tw_netpol_index_judge(struct tw_netpol_index *index,
	uint32_t from, uint32_t to, int port, enum tw_protocol protocol);

/*
 * Can the pod look up names? False where policies select its egress and none
 * of them lets it go to port 53 (UDP: resolvers ask by TCP only what was too
 * long for it) of anything that may be the cluster's DNS: a peer with an
 * ipBlock, or a namespaceSelector whose kubernetes.io/metadata.name, where it
 * asks for that, is kube-system or holds "dns"; no peers at all, or, inside
 * kube-system, any. *by: one of those policies.
 */
bool tw_netpol_index_has_dns(struct tw_netpol_index *index, uint32_t pod,
	const struct tw_netpol **by);

#endif
