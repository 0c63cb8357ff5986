/*
 * Between eviction.c, which plays recorded evictions, and what it compares:
 * budgets (eviction_budget.c) and drains (eviction_drain.c).
 */
#ifndef TW_TESTS_CONFORMANCE_EVICTION_H
#define TW_TESTS_CONFORMANCE_EVICTION_H

#include "tests/conformance/stage.h"

TW_VEC_TYPE(texts, const char *);
TW_VEC_TYPE(numbers, uint32_t);

/* The pods of an owner, there and here, in the order of their creation. */
struct owner {
	const char *name;
	uint32_t revision;
	struct texts names;
	struct numbers replicas;
	size_t first; /* so many of them are there at first */
};

struct state {
	double from;
	int64_t v[4]; /* healthy, desired, allowed, expected */
};

TW_VEC_TYPE(states, struct state);

struct budget {
	const char *name;
	bool shared; /* another one covers its pods */
	struct states want, got;
	int64_t fewest;
};

/* What happened to a pod in a drain. */
struct tried {
	const char *node, *owner, *pod;
	uint32_t replica;
	double at;
	bool refused;
};

TW_VEC_TYPE(tries, struct tried);

struct drain {
	const char *node;
	double start, end;
	bool drained;
	double got_end;
	bool got_drained;
};

struct eviction {
	struct stage stage;
	TW_VEC(struct owner) owners;
	struct budget *budgets; /* as the model's */
	struct tw_pod_budget *rules;
	TW_VEC(struct drain) drains;
	struct tries want, got;
};

/* Found by name, or added. */
struct owner *owner_named(struct eviction *it, const char *name);
const char *owner_of_replica(const struct eviction *it, uint32_t replica);
/* Of a pod that was there at first; NULL: where one that came later stands is
 * a matter of ties. */
const char *first_owner(const struct eviction *it, const char *pod);

/* Before the run: rules of our own, that can be patched; what was recorded of
 * their status. */
void budgets_own(struct eviction *it);
void budgets_find(struct eviction *it, const struct tw_yaml *timeline);
/* While it runs: stage.changed, and an action. */
void budgets_see(struct stage *stage);
void budgets_patch(struct eviction *it, const struct tw_yaml *view);
/* After it, which ended at `end`. */
void budgets_compare(struct eviction *it, double end);

/* Before the run: a line that `kubectl drain` wrote. */
void drain_read_line(struct eviction *it, const struct tw_yaml *entry);
/* While it runs; the latter is stage.told. */
void drain_start(struct eviction *it, const struct drain *drain);
void drain_told(struct stage *stage, const struct tw_tap_event *event);
void drain_compare(struct eviction *it, const struct drain *drain);

#endif
