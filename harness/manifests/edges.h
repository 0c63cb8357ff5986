/*
 * Private to harness/manifests: finding host names in text.
 */
#ifndef TW_HARNESS_MANIFESTS_EDGES_H
#define TW_HARNESS_MANIFESTS_EDGES_H

#include "harness/manifests/reader.h"

struct tw_host_search {
	void (*found)(void *to, struct tw_str host);
	void *to;
};

/* Every word of a value that may be a host. name: the variable, which decides
 * about words alone; n 0 for arguments. */
void tw_hosts_find(const struct tw_host_search *search, struct tw_str name,
	struct tw_str value);
/* Whether a variable of this name holds a host: "CART_HOST". */
bool tw_host_is_named(struct tw_str name);

#endif
