/*
 * Private to harness/manifests: finding host names in text.
 */
#ifndef TW_HARNESS_MANIFESTS_EDGES_H
#define TW_HARNESS_MANIFESTS_EDGES_H

#include "harness/manifests/reader.h"

struct tw_host_search {
	/* port: 0 where neither a number nor a scheme says one; address: the
	 * word has a port or a scheme, so that it can be nothing else. */
	void (*found)(void *to, struct tw_str host, int64_t port, bool address);
	void *to;
};

/* Every word of a value that may be a host. name: the variable, which decides
 * about words alone; n 0 for arguments. */
void tw_hosts_find(const struct tw_host_search *search, struct tw_str name,
	struct tw_str value);
/* Whether a variable of this name holds a host: "CART_HOST". */
bool tw_host_is_named(struct tw_str name);

/* Spans, metrics and logs are sent aside, not within a request. detail: "env
 * OTEL_..."; to: the name of the callee. */
bool tw_edge_is_telemetry(const char *detail, const char *to);

/* Where a port of a service leads (0: not given). */
enum tw_address_state tw_address_port(
	const struct tw_spec_service *service, int64_t port);

/*
 * An address that a container's environment or arguments hold joins
 * m->addresses, where it is one of the cluster (addresses.c). text: the value
 * that it was found in; name: of the variable, "" for an argument; service:
 * to which the host leads, or NULL.
 */
struct tw_address_found {
	const struct tw_spec_workload *from;
	const struct tw_text *text;
	const char *name;
	struct tw_str host;
	int64_t port;
	bool address;
	const struct tw_spec_service *service;
};
void tw_address_add(
	struct tw_manifest_reader *r, const struct tw_address_found *found);

#endif
