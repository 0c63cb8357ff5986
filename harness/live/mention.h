/*
 * Where a text names Services by their DNS names: "http://catalog.shop:8080/x"
 * names shop/catalog and its port 8080.
 */
#ifndef TW_LIVE_MENTION_H
#define TW_LIVE_MENTION_H

#include "twins/model/spec.h"

struct tw_mention {
	const struct tw_spec_service *service;
	int64_t port;	   /* 0: none was written */
	bool bare;	   /* one label, no port, no "//" before it */
	size_t begin, end; /* in the text, the port included */
};

/* The next mention at or after `from`; false: no more. `namespace` is where
 * the names are looked up first. */
bool tw_mention_next(const struct tw_spec *spec, const char *namespace,
	const char *text, size_t from, struct tw_mention *mention);

#endif
