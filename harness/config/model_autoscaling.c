/* `autoscaling:` and `metrics:` of a twin model. */
#include "harness/config/tables.h"

#include <stddef.h>

#define AT(type, field) .offset = offsetof(struct type, field)

static const char *const expanders[] = {"least-waste", "random", NULL};

static const struct tw_row autoscaling_rows[] = {
	{.name = "sync-period",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, sync_period),
		.min = 1,
		.otherwise = "15s",
		.help = "between two decisions of an autoscaler "
			"(--horizontal-pod-autoscaler-sync-period)"},
	{.name = "tolerance",
		.type = TW_ROW_RATIO,
		AT(tw_spec_autoscaling, tolerance),
		.otherwise = "0.1",
		.help = "how far from its target a metric may be "
			"(--horizontal-pod-autoscaler-tolerance)"},
	{.name = "downscale-stabilization",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, downscale_stabilization),
		.otherwise = "5m",
		.help = "for how long the highest proposal holds before it "
			"scales down, where no `behavior` says"},
	{.name = "cpu-initialization-period",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, cpu_initialization_period),
		.otherwise = "5m",
		.help = "after a pod's start: its CPU counts only once it is "
			"ready and was measured since"},
	{.name = "initial-readiness-delay",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, initial_readiness_delay),
		.otherwise = "30s",
		.help = "after a pod's start: who became unready within it "
			"was never ready"},
	{.name = "metrics-server",
		.type = TW_ROW_SWITCH,
		AT(tw_spec_autoscaling, metrics_server),
		.otherwise = "true",
		.help = "there is one; without it autoscalers cannot see CPU "
			"and memory"},
	{.name = "metric-resolution",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, metric_resolution),
		.min = 1,
		.otherwise = "15s",
		.help = "of metrics-server: CPU and memory are measured so "
			"often"},
	{.name = "scrape-interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, scrape_interval),
		.min = 1,
		.otherwise = "30s",
		.help = "of Prometheus: other metrics are as old as that"},
	{.name = "rate-window",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, rate_window),
		.min = 1,
		.otherwise = "2m",
		.help = "over which the adapter's queries take rates"},
	{.name = "scan-interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, scan_interval),
		.min = 1,
		.otherwise = "10s",
		.help = "of the cluster autoscaler: it looks so often"},
	{.name = "expander",
		.type = TW_ROW_ENUM,
		AT(tw_spec_autoscaling, expander),
		.choices = expanders,
		.otherwise = "least-waste",
		.help = "how the cluster autoscaler chooses a group of nodes"},
	{.name = "scale-down-unneeded-time",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, unneeded_time),
		.otherwise = "10m",
		.help = "for how long a node is not needed before it goes"},
	{.name = "scale-down-delay-after-add",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, delay_after_add),
		.otherwise = "10m",
		.help = "after a node came before any goes"},
	{.name = "scale-down-utilization-threshold",
		.type = TW_ROW_RATIO,
		AT(tw_spec_autoscaling, utilization_threshold),
		.otherwise = "0.5",
		.help = "of a node's CPU and memory: with less requested it is "
			"not needed"},
	{.name = "vpa-recommender-interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, vpa_recommender_interval),
		.min = 1,
		.otherwise = "1m",
		.help = "of VPA: how often it samples and recommends "
			"(--recommender-interval)"},
	{.name = "vpa-updater-interval",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, vpa_updater_interval),
		.min = 1,
		.otherwise = "1m",
		.help = "how often it looks for pods to evict "
			"(--updater-interval)"},
	{.name = "vpa-min-replicas",
		.type = TW_ROW_INT,
		AT(tw_spec_autoscaling, vpa_min_replicas),
		.min = 0,
		.otherwise = "2",
		.help = "fewer pods than that are never evicted "
			"(--min-replicas)"},
	{.name = "vpa-eviction-tolerance",
		.type = TW_ROW_RATIO,
		AT(tw_spec_autoscaling, vpa_eviction_tolerance),
		.otherwise = "0.5",
		.help = "the share of pods that it evicts at once "
			"(--eviction-tolerance)"},
	{.name = "vpa-history",
		.type = TW_ROW_DURATION,
		AT(tw_spec_autoscaling, vpa_history),
		.min = 1,
		.otherwise = "192h",
		.help = "for how long it has sampled before the run where a "
			"VPA's status has a recommendation"},
	{0},
};

const struct tw_table tw_autoscaling_table = {
	.name = "autoscaling",
	.help = "how the cluster's autoscaling is set",
	.rows = autoscaling_rows,
};

static const char *const measures[] = {
	"request-rate", "in-flight", "queue", NULL};

static const struct tw_row metric_rows[] = {
	{.name = "measure",
		.type = TW_ROW_ENUM,
		AT(tw_spec_metric, measure),
		.choices = measures,
		.help = "what it is in the twin: requests/s that replicas "
			"take, requests in them, or in their queues"},
	{.name = "value",
		.type = TW_ROW_REAL,
		AT(tw_spec_metric, value),
		.help = "a number that stays as it is"},
	{.name = "service",
		.type = TW_ROW_TEXT,
		AT(tw_spec_metric, service),
		.help = "whose; if not given that of the pods that are scaled"},
	{0},
};

static const char *const one_of[] = {"measure", "value", NULL};

/* A queue may be of no service that has a queue: said where it is compiled. */
const struct tw_table tw_metric_table = {
	.name = "metric",
	.help = "a metric that autoscalers read",
	.rows = metric_rows,
	.one_of = one_of,
};

void *tw_metric_add(struct tw_schema_reader *reader, void *base,
	const struct tw_yaml *key, struct tw_yaml *value)
{
	struct tw_spec *spec = base;
	const char *name = tw_schema_text(reader, key).v;
	struct tw_spec_metric *to = tw_map_get(&spec->metrics, name);

	if (to)
		return to;
	to = tw_new(reader->arena, struct tw_spec_metric);
	to->name = name;
	to->origin = tw_schema_origin(reader, value);
	tw_map_put(&spec->metrics, name, to);
	return to;
}
