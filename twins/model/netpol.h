/*
 * NetworkPolicy, evaluated exactly.
 *
 * Source: networking.k8s.io/v1 types (staging/src/k8s.io/api/networking/v1/
 * types.go): a direction of a pod that no policy with that policyType selects
 * is open; else some rule of some selecting policy must match the peer and
 * the port. A connection needs the egress of its source and the ingress of
 * its destination. No peers: any peer; no ports: any port. The rules are
 * additive, so that their order does not matter.
 *
 * Addresses of pods are not known before they run: where a rule has an
 * ipBlock, a pod without an address (tw_ip.size 0) counts as one of
 * 10.244.0.0/16 (kubeadm's and flannel's usual pod network).
 */
#ifndef TW_MODEL_NETPOL_H
#define TW_MODEL_NETPOL_H

#include "twins/model/selector.h"

#include <stdint.h>

struct tw_origin;

enum tw_protocol { TW_TCP, TW_UDP, TW_SCTP };

const char *tw_protocol_name(enum tw_protocol protocol);

struct tw_ip {
	uint8_t bytes[16];
	uint8_t size; /* 4, 16; 0: not known */
};

struct tw_cidr {
	struct tw_ip ip;
	uint8_t prefix; /* bits */
};

TW_VEC_TYPE(tw_cidrs, struct tw_cidr);

bool tw_cidr_holds(const struct tw_cidr *cidr, const struct tw_ip *ip);

struct tw_netpol_peer {
	bool is_block;
	struct tw_cidr block; /* ipBlock.cidr */
	struct tw_cidrs except;
	/* Not a block. Without `namespaces` the policy's own namespace;
	 * without `pods` all pods there. */
	bool has_namespaces, has_pods;
	struct tw_label_selector namespaces, pods;
	const struct tw_origin *origin;
};

struct tw_netpol_port {
	enum tw_protocol protocol;
	const char *name; /* a port of the destination; NULL: by number */
	int first, last;  /* 0, 0: every port of the protocol */
	const struct tw_origin *origin;
};

struct tw_netpol_rule {
	TW_VEC(struct tw_netpol_peer) peers;
	TW_VEC(struct tw_netpol_port) ports;
};

struct tw_netpol {
	const char *namespace, *name;
	struct tw_label_selector pods; /* for whom it is */
	bool ingress, egress;	       /* policyTypes */
	TW_VEC(struct tw_netpol_rule) in, out;
	const struct tw_origin *origin;
};

TW_VEC_TYPE(tw_netpols, struct tw_netpol *);

struct tw_pod_port {
	const char *name; /* NULL: none */
	int number;
	enum tw_protocol protocol;
};

/* One end of a connection. */
struct tw_netpol_pod {
	const char *namespace;
	const struct tw_labels *namespace_labels; /* beside the one that every
						   * namespace has:
						   * kubernetes.io/metadata.name
						   */
	const struct tw_labels *labels;
	struct tw_ip ip;
	TW_VEC(struct tw_pod_port) ports;
};

/* The answer, and who gave it: of a denied connection the policy of the
 * direction that selects the pod by the most labels, the first of equals;
 * NULL where it is allowed. */
struct tw_netpol_verdict {
	bool allowed;
	bool by_ingress; /* else the caller's egress */
	const struct tw_netpol *by;
};

/* Whether the policy selects pods by this label, on either side. */
bool tw_netpol_names(const struct tw_netpol *policy, const char *key);

/*
 * May `from` connect to a port of `to`? `from` NULL is somebody outside of
 * what we know (an ingress controller, a load balancer, a person): he gets in
 * where some rule admits anybody from outside of the pods that we know: a
 * rule without peers, one with an ipBlock, or one that selects a namespace.
 * `port` 0 is one that nobody named: any rule's ports fit.
 */
struct tw_netpol_verdict tw_netpol_judge(const struct tw_netpols *policies,
	const struct tw_netpol_pod *from, const struct tw_netpol_pod *to,
	int port, enum tw_protocol protocol);

/* The label that every namespace has, with its name. */
#define TW_METADATA_NAME "kubernetes.io/metadata.name"

/* ---- parts of it, for netpol_index.c -------------------------------- */

/* Whether the peer of a policy is this pod. */
bool tw_netpol_peer_fits(const struct tw_netpol *policy,
	const struct tw_netpol_peer *peer, const struct tw_netpol_pod *pod);
/* Of a peer that names namespaces: whether the pod's is one of them. */
bool tw_netpol_namespace_fits(const struct tw_label_selector *selector,
	const struct tw_netpol_pod *pod);
/* Somebody whose namespace, labels and address we do not know. */
bool tw_netpol_admits_strangers(const struct tw_netpol_rule *rule);
/* `destination` NULL: nobody of whom we know the ports. */
bool tw_netpol_ports_fit(const struct tw_netpol_rule *rule,
	const struct tw_netpol_pod *destination, int port,
	enum tw_protocol protocol);

#endif
