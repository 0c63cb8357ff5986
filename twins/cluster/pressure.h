/*
 * Node-pressure eviction: which pod the kubelet evicts first where a node is
 * short of memory.
 *
 * Source: Kubernetes 1.36, pkg/kubelet/eviction/helpers.go, rankMemoryPressure:
 * pods that use more than they requested, then the lower priority, then who
 * uses most beyond its request.
 */
#ifndef TW_CLUSTER_PRESSURE_H
#define TW_CLUSTER_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

struct tw_pressed {
	int64_t request, usage; /* bytes */
	int64_t priority;
	uint64_t tie; /* decides where nothing else does */
};

/* Keys, or-ed: in this order. */
enum tw_press_key {
	TW_PRESS_EXCEEDS = 1,
	TW_PRESS_PRIORITY = 2,
	TW_PRESS_EXCESS = 4,
	TW_PRESS_MEMORY = 7, /* all */
};

/* < 0: a goes first. */
int tw_press_compare(
	const struct tw_pressed *a, const struct tw_pressed *b, unsigned keys);

#endif
