/*
 * Between rollout.c, which plays a recorded rollout, and rollout_compare.c.
 */
#ifndef TW_TESTS_CONFORMANCE_ROLLOUT_H
#define TW_TESTS_CONFORMANCE_ROLLOUT_H

#include "tests/conformance/stage.h"

#define MOST_TEMPLATES 8

struct pod_template {
	const char *text; /* as it was written */
	const char *image;
	uint32_t revision;
};

/* Of each template: pods, ready, available. */
struct numbers {
	int64_t v[MOST_TEMPLATES][3];
};

struct view {
	double from;
	struct numbers sets;
	bool complete;
};

struct happening {
	double at;
	const char *pod, *what, *image;
};

TW_VEC_TYPE(happenings, struct happening);

struct play {
	struct stage stage;
	const struct tw_yaml *manifest;
	struct tw_workload rules; /* that a patch changes */
	struct pod_template templates[MOST_TEMPLATES];
	size_t n_templates;
	TW_VEC(struct view) views;
	int64_t most, most_with_stopping, fewest_ready, fewest_available;
	double exceeded; /* < 0: never */
	bool begun, is_set;
	struct happenings got;
	double late; /* that is borne */
};

/* What the play saw with what was recorded; differences are told. */
void rollout_compare_deployment(struct play *it);
void rollout_compare_statefulset(struct play *it);

#endif
