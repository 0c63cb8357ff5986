/*
 * Keys: what a proxy can tell one user's requests from another's by, where a
 * policy balances by it (Envoy, RouteAction.HashPolicy; Kubernetes, Service
 * sessionAffinity). Each different source that a spec asks for has a number,
 * in the order of policies and then services; a request carries a hash for
 * each (xxHash64 of the value, as Envoy makes it; 0: it has none), never the
 * value.
 *
 * Of a captured request: its header, cookie or parameter of the query, the
 * address of its client. A call inside has a header where the call sets it or
 * the caller passes it on (twins/model/traits.h, `propagate`), a cookie where
 * the header "cookie" goes on, no parameters, and as its client the replica
 * that calls.
 */
#ifndef TW_MODEL_KEYS_H
#define TW_MODEL_KEYS_H

#include "twins/model/spec.h"

#define TW_KEYS_MAX 8 /* sources of one spec; beyond that none is known */

enum tw_key_of { TW_KEY_HEADER, TW_KEY_COOKIE, TW_KEY_QUERY, TW_KEY_SOURCE };

struct tw_key_source {
	enum tw_key_of of;
	const char *name; /* of the header, cookie, parameter; source: "" */
};

struct tw_key_sources {
	struct tw_key_source of[TW_KEYS_MAX];
	uint32_t n;
	size_t beyond;
};

void tw_key_sources_of(const struct tw_spec *spec, struct tw_key_sources *to);
/* What a policy hashes by; false: by nothing. */
bool tw_key_source_of(
	const struct tw_spec_balancing *from, struct tw_key_source *to);
/* Its number; TW_KEYS_MAX: it is not there. */
uint32_t tw_key_number(
	const struct tw_key_sources *sources, struct tw_key_source source);

/* Never 0. */
uint64_t tw_key_hash(const char *p, size_t n);

/* What becomes of a request's keys on a call made for it: bit i of keep, or
 * set[i]; neither: it has none. */
struct tw_key_carry {
	uint32_t keep;
	uint64_t set[TW_KEYS_MAX];
};

/* headers: those that the call sets. */
struct tw_key_carry tw_keys_carry(const struct tw_key_sources *sources,
	const struct tw_spec *spec, const struct tw_labels *headers);

#endif
