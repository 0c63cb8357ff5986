/*
 * How a proxy shares its requests among levels of replicas and among zones.
 * Pure functions of counts, in whole percents, as Envoy computes them.
 */
#ifndef TW_TRAFFIC_PRIORITY_H
#define TW_TRAFFIC_PRIORITY_H

#include <stdbool.h>
#include <stdint.h>

#define TW_LEVELS 16

struct tw_level {
	uint32_t hosts, healthy, degraded, excluded;
	/* out: */
	uint32_t load, degraded_load; /* percent of the requests */
	bool panic;		      /* all of its hosts are used */
};

/*
 * Envoy, load_balancer_impl.cc, recalculatePerPriorityState and
 * recalculatePerPriorityPanic; docs load_balancing/priority. A level's health
 * is min(100, overprovisioning * healthy / (hosts - excluded)), cut to a whole
 * number; levels in order take their health's share of what is left, and what
 * rounding leaves goes to the first level with healthy hosts. Where the sum is
 * below 100 a level with less than panic_threshold percent is in panic; where
 * all are, hosts count alone.
 *
 * overprovisioning in percent (140), panic_threshold in percent (50).
 */
void tw_priority_loads(struct tw_level *levels, uint32_t n,
	uint32_t overprovisioning, double panic_threshold);

/* Envoy, load_balancing/locality_weight: weight * min(100, overprovisioning *
 * available / hosts), cut to a whole number of percent. */
double tw_locality_weight(double weight, uint32_t hosts, uint32_t available,
	uint32_t overprovisioning);

#endif
