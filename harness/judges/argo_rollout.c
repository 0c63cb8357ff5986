#include "harness/judges/argo_rollout.h"

#include "harness/judges/argo_pods.h"
#include "twins/base/units.h"

#define ROUNDS 1000 /* more than any canary takes */

struct canary {
	int64_t replicas, surge, unavailable;
	bool routed; /* by a mesh or an ingress */
	struct tw_argo_pods now;
};

/* A number, or a share of the replicas: surges round up, what may be
 * unavailable rounds down. Both are 25% where nobody says. */
static int64_t share(const struct tw_yaml *node, int64_t replicas, bool up)
{
	struct tw_str text = tw_yaml_str(node);
	int64_t v = 25;

	if (text.n && text.p[text.n - 1] != '%')
		return tw_parse_int(text, &v) && v >= 0 ? v : 0;
	if (text.n) {
		text.n--;
		if (!tw_parse_int(text, &v) || v < 0 || v > 100)
			return 0;
	}
	return (replicas * v + (up ? 99 : 0)) / 100;
}

/* Until nothing changes any more: every pod is available at once. */
static size_t settle(struct canary *c, int64_t weight)
{
	size_t rounds = 0;

	if (c->routed) {
		struct tw_argo_routing routing = {.replicas = c->replicas,
			.step_weight = weight,
			.max_weight = 100,
			.scale_replicas = -1,
			.scale_weight = -1};

		c->now = tw_argo_routed(&routing);
		return 1;
	}
	while (rounds < ROUNDS) {
		struct tw_argo_set canary = {c->now.canary, c->now.canary};
		struct tw_argo_set stable = {c->now.stable, c->now.stable};
		struct tw_argo_pods next =
			tw_argo_reconcile(c->replicas, weight, 100, c->surge,
				c->unavailable, stable, canary, 0);

		if (next.canary == c->now.canary &&
			next.stable == c->now.stable)
			break;
		c->now = next;
		rounds++;
	}
	return rounds;
}

static void add_step(struct canary *c, int64_t weight, struct tw_buf *out)
{
	size_t rounds = settle(c, weight);

	tw_buf_printf(out, "%s%lld%%: %lld new and %lld old pods",
		out->n ? "; " : "setWeight ", (long long)weight,
		(long long)c->now.canary, (long long)c->now.stable);
	if (rounds > 1)
		tw_buf_printf(out, " in %zu rounds", rounds);
}

bool tw_argo_rollout_read(struct tw_arena *arena, const struct tw_yaml *doc,
	struct tw_argo_rollout *to)
{
	const char *kind = tw_yaml_text(tw_yaml_get(doc, "kind"));
	const struct tw_yaml *spec = tw_yaml_get(doc, "spec");
	const struct tw_yaml *canary =
		tw_yaml_path(spec, "strategy", "canary", NULL);
	const struct tw_yaml *steps = tw_yaml_get(canary, "steps");
	struct canary c = {.replicas = 1};
	struct tw_buf text = {0};

	if (!kind || strcmp(kind, "Rollout") || !canary)
		return false;
	tw_yaml_int(tw_yaml_get(spec, "replicas"), &c.replicas);
	if (c.replicas < 0 || c.replicas > 100000)
		return false;
	c.surge = share(tw_yaml_get(canary, "maxSurge"), c.replicas, true);
	c.unavailable =
		share(tw_yaml_get(canary, "maxUnavailable"), c.replicas, false);
	if (!c.surge && !c.unavailable)
		c.unavailable = 1;
	c.routed = tw_yaml_get(canary, "trafficRouting");
	c.now.stable = c.replicas;
	for (size_t i = 0; i < tw_yaml_count(steps); i++) {
		int64_t weight;

		if (tw_yaml_int(
			    tw_yaml_get(tw_yaml_item(steps, i), "setWeight"),
			    &weight) &&
			weight >= 0 && weight <= 100)
			add_step(&c, weight, &text);
	}
	to->name = tw_yaml_text(tw_yaml_path(doc, "metadata", "name", NULL));
	to->name = to->name ? to->name : "";
	to->pos = canary->pos;
	to->steps = tw_arena_strdup(arena, tw_buf_text(&text));
	tw_buf_release(&text);
	return *to->steps;
}
