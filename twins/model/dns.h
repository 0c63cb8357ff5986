/*
 * Look-ups of names as load on the cluster's DNS server. Before a connection a
 * caller asks for its callee's name, and the server has a capacity like any
 * other service. Nothing of it is there unless a model has `dns:`.
 *
 * What is asked (resolv.conf(5); glibc, res_search): a name with fewer dots
 * than `ndots` is tried with each domain of the search list, then as it is;
 * with as many or more first as it is; with a final dot only as it is. The
 * first that is there ends it. Each try is two questions side by side, for the
 * A and for the AAAA record.
 *
 * The search list of a pod (kubelet, pkg/kubelet/network/dns/dns.go) is
 * NAMESPACE.svc.cluster.local, svc.cluster.local, cluster.local, then that of
 * the node, then dnsConfig.searches; `ndots` is 5. dnsPolicy Default (and
 * ClusterFirst with hostNetwork) is the node's own resolver: it does not know
 * names of the cluster, and asks somebody else. None has what dnsConfig says.
 *
 * Questions go by UDP: one that is lost, or dropped by a server whose queue is
 * full, is asked again after `timeout` (5 s), `attempts` (2) times in all
 * (resolv.conf(5)). Then the look-up, and the call, has failed. Where no
 * server is listed it fails at once (kube-proxy rejects).
 */
#ifndef TW_MODEL_DNS_H
#define TW_MODEL_DNS_H

#include "twins/base/vector.h"
#include "twins/model/value.h"

enum tw_dns_cache {
	TW_DNS_NO_CACHE,
	TW_DNS_POD_CACHE,  /* of results, in each caller's replica: a JVM */
	TW_DNS_NODE_CACHE, /* of records, on each node: NodeLocal DNSCache */
};

/* The name that a caller has of a callee, as it is written. */
struct tw_spec_name {
	const char *caller;  /* key of a workload; or glob of services */
	const char *callee;  /* likewise of a service; NULL: outside the
			      * cluster, and nothing says what it is */
	struct tw_text host; /* NULL: none was given */
	bool in_manifests;   /* keys, not globs */
};

TW_VEC_TYPE(tw_spec_names, struct tw_spec_name);

/* `service` has the endpoints below; capacity is the service's own. */
#define TW_DNS_LOOKUP	 "lookup"
#define TW_DNS_FORWARDED "lookup forwarded"

struct tw_spec_dns {
	const struct tw_origin *origin; /* NULL: look-ups cost nothing */
	struct tw_text service;		/* "namespace/name" of the server */
	struct tw_int cache;		/* enum tw_dns_cache; default none */
	struct tw_int ttl;		/* ns; default 30 s: NodeLocal DNSCache
					 * `success 9984 30`, and the JVM's
					 * networkaddress.cache.ttl */
	struct tw_int negative_ttl;	/* default 5 s: `denial 9984 5` */
	struct tw_real reuse; /* of calls that need no new connection, where
			       * no policy has `connections`; default 0 */
	struct tw_int ipv6;   /* AAAA records are asked for, too; default yes */
	struct tw_int ndots;  /* where no dnsConfig says; default 5 */
	struct tw_int timeout;	    /* likewise, ns; default 5 s */
	struct tw_int attempts;	    /* likewise; default 2 */
	struct tw_spec_names names; /* by a model */
	struct tw_texts search;	    /* of the nodes */
};

/* ---- compiled -------------------------------------------------------- */

/* A name that is asked for. */
struct tw_question {
	uint32_t name;	/* its number, the same wherever it is asked */
	bool forwarded; /* not of the cluster: the server asks elsewhere */
};

/* What a channel's caller asks for before it connects. */
struct tw_lookup {
	struct tw_question *questions; /* in their order */
	uint32_t n;
	bool found; /* the last one is there; else the name is of nobody */
	bool by_connection;	    /* not by call: traffic/connections.c */
	uint32_t place;		    /* among those of its caller */
	uint32_t inside, forwarded; /* channels to the server; or TW_NONE */
};

struct tw_dns {
	bool on;
	uint8_t cache; /* enum tw_dns_cache */
	bool ipv6;
	uint32_t service; /* the server */
	uint32_t n_names;
	uint32_t n_places; /* the most of one caller */
	tw_time ttl, negative_ttl;
	double reuse;
};

#endif
