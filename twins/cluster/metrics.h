/*
 * The metrics pipeline between pods and those who scale them.
 *
 *	cpu, memory	metrics-server asks each kubelet once a resolution
 *			(15 s): CPU is what a pod used between two of these
 *			moments, memory what it has at the last. A container
 *			that was started in between has a sample once it has
 *			run for 10 s. What is read of it is as old as the last
 *			moment. (kubernetes-sigs/metrics-server 0.7,
 *			pkg/storage/pod.go)
 *	others		Prometheus scrapes once an interval; an adapter's query
 *			takes rates over a window, of the samples that are in
 *			it, and the last value of what goes up and down.
 *			(prometheus-adapter; KEDA's prometheus scaler)
 *
 * When in its period either does so is drawn by its name. The run begins with
 * all that can be counted at 0, at time 0; there is nothing to be read before
 * the first moment after that.
 *
 * Requests per second are a service's, in equal shares of its pods that run;
 * what is in a pod, or in its queue, is its own. Not modelled: the age of the
 * kubelet's own figures (cAdvisor's housekeeping, up to 15 s).
 */
#ifndef TW_CLUSTER_METRICS_H
#define TW_CLUSTER_METRICS_H

#include "twins/cluster/hpa_replicas.h"
#include "twins/world/world.h"

struct tw_metrics;

/* After the workloads; nothing where no autoscaler reads anything. */
void tw_metrics_init(struct tw_world *world);
void tw_metrics_release(struct tw_world *world);

/* When the first figure of a metric can be read. TW_NEVER: it never can. */
tw_time tw_metrics_from(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric);

/* A pod's sample of a metric, cpu and memory included. */
void tw_metrics_of_pod(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric, uint32_t replica,
	struct tw_hpa_pod *to);
/* What metrics-server has of a pod: thousandths, bytes; false: nothing. */
struct tw_pod_usage {
	tw_time at;
	int64_t cpu, memory;
};

bool tw_metrics_usage(const struct tw_world *world, uint32_t replica,
	struct tw_pod_usage *to);
/* The metric's only value, thousandths. False: it cannot be read. */
bool tw_metrics_value(const struct tw_world *world,
	const struct tw_autoscaler_metric *metric, int64_t *to);

/* TW_EV_METRICS; false: another kind. */
bool tw_metrics_event(struct tw_world *world, const struct tw_event *event);

#endif
