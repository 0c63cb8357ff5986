/* The fields of entries, nodes, links, names, budgets and autoscaling. */
#include "twins/model/spec_walk.h"

static const struct tw_field entry_fields[] = {
	TW_FIELD(tw_spec_entry, rewrite, TEXT),
	TW_FIELD(tw_spec_entry, respond, INT),
	TW_FIELD(tw_spec_entry, service, TEXT),
	TW_FIELD(tw_spec_entry, port, INT),
	TW_FIELD(tw_spec_entry, port_name, TEXT),
	TW_FIELD(tw_spec_entry, weight, INT),
	TW_FIELD_END,
};

static const struct tw_field node_fields[] = {
	TW_FIELD(tw_spec_node, count, INT),
	TW_FIELD(tw_spec_node, zone, TEXT),
	TW_FIELD(tw_spec_node, region, TEXT),
	TW_FIELD(tw_spec_node, cpu, INT),
	TW_FIELD(tw_spec_node, memory, INT),
	TW_FIELD(tw_spec_node, disk, INT),
	TW_FIELD(tw_spec_node, pods, INT),
	TW_FIELD(tw_spec_node, min, INT),
	TW_FIELD(tw_spec_node, max, INT),
	TW_FIELD(tw_spec_node, provisioning, INT),
	TW_FIELD_END,
};

static const struct tw_field link_fields[] = {
	TW_FIELD(tw_spec_link, rtt, LAW),
	TW_FIELD_END,
};

void tw_walk_ground(struct tw_walk *walk, struct tw_spec *spec)
{
	for (size_t i = 0; i < spec->entries.n; i++) {
		size_t mark = tw_walk_enter(walk, "entries[%zu:%s%s]", i,
			spec->entries.v[i]->host ? spec->entries.v[i]->host
						 : "",
			spec->entries.v[i]->path);

		tw_walk_fields(walk, entry_fields, spec->entries.v[i]);
		tw_walk_conditions(walk, &spec->entries.v[i]->conditions);
		tw_walk_leave(walk, mark);
	}
	for (size_t i = 0; i < spec->nodes.n; i++) {
		size_t mark =
			tw_walk_enter(walk, "nodes.%s", spec->nodes.v[i]->name);

		tw_walk_fields(walk, node_fields, spec->nodes.v[i]);
		tw_walk_leave(walk, mark);
	}
	for (size_t i = 0; i < spec->links.n; i++) {
		size_t mark = tw_walk_enter(walk, "network[%s->%s]",
			spec->links.v[i]->from, spec->links.v[i]->to);

		tw_walk_fields(walk, link_fields, spec->links.v[i]);
		tw_walk_leave(walk, mark);
	}
}

/* Without `dns:` a name is of no use. */
void tw_walk_dns(struct tw_walk *walk, struct tw_spec *spec)
{
	const struct tw_field host = {"name", TW_FIELD_TEXT, 0};

	if (!spec->dns.origin)
		return;
	tw_walk_texts(
		walk, "dns.search", spec->dns.search.v, spec->dns.search.n);
	for (size_t i = 0; i < spec->dns.names.n; i++) {
		struct tw_spec_name *it = &spec->dns.names.v[i];
		size_t mark = tw_walk_enter(
			walk, "dns.names[%s->%s]", it->caller, it->callee);

		tw_walk_field(walk, &host, &it->host);
		tw_walk_leave(walk, mark);
	}
}

void tw_walk_images(struct tw_walk *walk, struct tw_spec *spec)
{
	const struct tw_field size = {"size", TW_FIELD_INT, 0};

	tw_walk_texts(walk, "images.missing", spec->images.missing.v,
		spec->images.missing.n);
	for (size_t i = 0; i < spec->images.sizes.n; i++) {
		struct tw_spec_image *it = &spec->images.sizes.v[i];
		size_t mark = tw_walk_enter(walk, "images.sizes[%s]", it->glob);

		tw_walk_field(walk, &size, &it->size);
		tw_walk_leave(walk, mark);
	}
}

void tw_walk_budget(struct tw_walk *walk, struct tw_spec_budget *budget)
{
	static const struct tw_field fields[] = {
		TW_FIELD(tw_spec_budget, min_available, TEXT),
		TW_FIELD(tw_spec_budget, max_unavailable, TEXT),
		TW_FIELD(tw_spec_budget, unhealthy, TEXT),
		TW_FIELD_END,
	};
	size_t mark = tw_walk_enter(
		walk, "budgets.%s/%s", budget->namespace, budget->name);

	tw_walk_fields(walk, fields, budget);
	tw_walk_leave(walk, mark);
}

static const struct tw_field autoscaler_fields[] = {
	TW_FIELD(tw_spec_autoscaler, target_kind, TEXT),
	TW_FIELD(tw_spec_autoscaler, target_name, TEXT),
	TW_FIELD(tw_spec_autoscaler, min, INT),
	TW_FIELD(tw_spec_autoscaler, max, INT),
	TW_FIELD(tw_spec_autoscaler, polling, INT),
	TW_FIELD(tw_spec_autoscaler, cooldown, INT),
	TW_FIELD(tw_spec_autoscaler, idle, INT),
	TW_FIELD(tw_spec_autoscaler, up.select, TEXT),
	TW_FIELD(tw_spec_autoscaler, up.window, INT),
	TW_FIELD(tw_spec_autoscaler, up.tolerance, REAL),
	TW_FIELD(tw_spec_autoscaler, down.select, TEXT),
	TW_FIELD(tw_spec_autoscaler, down.window, INT),
	TW_FIELD(tw_spec_autoscaler, down.tolerance, REAL),
	TW_FIELD_END,
};

static const struct tw_field hpa_metric_fields[] = {
	TW_FIELD(tw_spec_hpa_metric, type, TEXT),
	TW_FIELD(tw_spec_hpa_metric, name, TEXT),
	TW_FIELD(tw_spec_hpa_metric, container, TEXT),
	TW_FIELD(tw_spec_hpa_metric, object, TEXT),
	TW_FIELD(tw_spec_hpa_metric, utilization, INT),
	TW_FIELD(tw_spec_hpa_metric, average_value, INT),
	TW_FIELD(tw_spec_hpa_metric, value, INT),
	TW_FIELD(tw_spec_hpa_metric, activation, INT),
	TW_FIELD_END,
};

static const struct tw_field hpa_policy_fields[] = {
	TW_FIELD(tw_spec_hpa_policy, type, TEXT),
	TW_FIELD(tw_spec_hpa_policy, value, INT),
	TW_FIELD(tw_spec_hpa_policy, period, INT),
	TW_FIELD_END,
};

static const struct tw_field metric_fields[] = {
	TW_FIELD(tw_spec_metric, measure, INT),
	TW_FIELD(tw_spec_metric, service, TEXT),
	TW_FIELD(tw_spec_metric, value, REAL),
	TW_FIELD_END,
};

static const struct tw_field autoscaling_fields[] = {
	TW_FIELD(tw_spec_autoscaling, sync_period, INT),
	TW_FIELD(tw_spec_autoscaling, downscale_stabilization, INT),
	TW_FIELD(tw_spec_autoscaling, cpu_initialization_period, INT),
	TW_FIELD(tw_spec_autoscaling, initial_readiness_delay, INT),
	TW_FIELD(tw_spec_autoscaling, tolerance, REAL),
	TW_FIELD(tw_spec_autoscaling, metrics_server, INT),
	TW_FIELD(tw_spec_autoscaling, metric_resolution, INT),
	TW_FIELD(tw_spec_autoscaling, scrape_interval, INT),
	TW_FIELD(tw_spec_autoscaling, rate_window, INT),
	TW_FIELD(tw_spec_autoscaling, scan_interval, INT),
	TW_FIELD(tw_spec_autoscaling, unneeded_time, INT),
	TW_FIELD(tw_spec_autoscaling, delay_after_add, INT),
	TW_FIELD(tw_spec_autoscaling, utilization_threshold, REAL),
	TW_FIELD(tw_spec_autoscaling, expander, INT),
	TW_FIELD(tw_spec_autoscaling, vpa_recommender_interval, INT),
	TW_FIELD(tw_spec_autoscaling, vpa_updater_interval, INT),
	TW_FIELD(tw_spec_autoscaling, vpa_history, INT),
	TW_FIELD(tw_spec_autoscaling, vpa_min_replicas, INT),
	TW_FIELD(tw_spec_autoscaling, vpa_eviction_tolerance, REAL),
	TW_FIELD_END,
};

static void walk_hpa_policies(
	struct tw_walk *walk, const char *way, struct tw_spec_hpa_rules *rules)
{
	for (size_t i = 0; i < rules->policies.n; i++) {
		size_t mark = tw_walk_enter(walk, "%s.policies[%zu]", way, i);

		tw_walk_fields(walk, hpa_policy_fields, &rules->policies.v[i]);
		tw_walk_leave(walk, mark);
	}
}

void tw_walk_autoscaling(struct tw_walk *walk, struct tw_spec *spec)
{
	size_t mark = tw_walk_enter(walk, "autoscaling");

	tw_walk_fields(walk, autoscaling_fields, &spec->autoscaling);
	tw_walk_leave(walk, mark);
	for (size_t i = 0; i < spec->autoscalers.n; i++) {
		struct tw_spec_autoscaler *it = spec->autoscalers.v[i];

		mark = tw_walk_enter(walk, "autoscalers.%s", it->key);
		tw_walk_fields(walk, autoscaler_fields, it);
		for (size_t k = 0; k < it->metrics.n; k++) {
			size_t inner = tw_walk_enter(walk, "metrics[%zu]", k);

			tw_walk_fields(
				walk, hpa_metric_fields, &it->metrics.v[k]);
			tw_walk_leave(walk, inner);
		}
		walk_hpa_policies(walk, "scaleUp", &it->up);
		walk_hpa_policies(walk, "scaleDown", &it->down);
		tw_walk_leave(walk, mark);
	}
	for (size_t i = 0; i < spec->metrics.n; i++) {
		mark = tw_walk_enter(
			walk, "metrics.%s", spec->metrics.v[i].key);
		tw_walk_fields(walk, metric_fields, spec->metrics.v[i].value);
		tw_walk_leave(walk, mark);
	}
}
