/*
 * How pods start and stop: probes that kill a start, images, requests of init
 * containers, a grace period that preStop uses up.
 */
#include "harness/lint/rules.h"

#include "twins/model/cgroup.h"

#include <string.h>

/* core/v1: Probe, PodSpec. */
#define PERIOD	 (10 * TW_S)
#define FAILURES 3
#define GRACE	 (30 * TW_S)

static const struct tw_spec_service *service_of(
	const struct tw_spec *spec, const struct tw_spec_workload *w)
{
	for (size_t i = 0; i < spec->services.n; i++) {
		const struct tw_spec_service *s = spec->services.v[i].value;

		for (size_t k = 0; k < s->workloads.n; k++)
			if (s->workloads.v[k] == w)
				return s;
	}
	return NULL;
}

/* ---- probes of a start ---------------------------------------------- */

static tw_time period_of(const struct tw_spec_probe *probe)
{
	tw_time period = tw_int_or(probe->period, 0);

	return period > 0 ? period : PERIOD;
}

/* How long a start may take at least: its last failure kills. The first tick
 * comes up to a period later (twins/cluster/probe_ticks.h). */
static tw_time patience_of(const struct tw_spec_probe *probe)
{
	int64_t failures = tw_int_or(probe->failure, 0);

	return tw_int_or(probe->initial_delay, 0) +
	       period_of(probe) * ((failures > 0 ? failures : FAILURES) - 1);
}

/* What a start takes mostly, or at times; 0: nobody said. */
static tw_time start_of(const struct tw_lint_context *c,
	const struct tw_spec_workload *w, double q)
{
	const struct tw_spec_service *s = service_of(c->spec, w);

	if (s && s->startup.origin)
		return (tw_time)tw_dist_quantile(&s->startup.v, q);
	return tw_int_or(c->spec->restart_delay, 0);
}

static void check_start(const struct tw_lint_context *c,
	const struct tw_spec_workload *w, const struct tw_spec_probe *probe,
	const char *what, const char *rule)
{
	tw_time patience = patience_of(probe);
	tw_time longest = patience + period_of(probe);
	tw_time most = start_of(c, w, 0.5), some = start_of(c, w, 0.99);
	char a[TW_TIME_TEXT], b[TW_TIME_TEXT];
	struct tw_diag *diag;

	if (some <= patience)
		return;
	diag = tw_lint_find(c, rule, NULL, probe->origin,
		"the %s probe of %s kills after %s what takes %s to start%s",
		what, w->key, tw_time_text(patience, a),
		tw_time_text(most > patience ? most : some, b),
		most > patience ? "" : ", one start of a hundred");
	diag->why = most > longest ? "the container is restarted for ever: "
				     "CrashLoopBackOff"
				   : "the container is restarted at times, "
				     "before it has served anybody";
	diag->hint = strcmp(what, "startup")
			     ? "give it a startupProbe: liveness waits for it"
			     : "a larger failureThreshold";
}

static void check_starts(const struct tw_lint_context *c, bool startup)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;

		for (size_t k = 0; k < w->containers.n; k++) {
			const struct tw_spec_container *it = w->containers.v[k];

			if (it->is_init || startup != (it->startup.kind != 0))
				continue;
			if (startup)
				check_start(c, w, &it->startup, "startup",
					"startup-kills-start");
			else if (it->liveness.kind)
				check_start(c, w, &it->liveness, "liveness",
					"liveness-kills-start");
		}
	}
}

void tw_lint_liveness(const struct tw_lint_context *c)
{
	check_starts(c, false);
}

void tw_lint_startups(const struct tw_lint_context *c)
{
	check_starts(c, true);
}

/* ---- images --------------------------------------------------------- */

static bool is_always(const struct tw_spec_container *it, const char *name)
{
	if (it->pull_policy.v)
		return !strcmp(it->pull_policy.v, "Always");
	return tw_text_ends(name, ":latest");
}

static void check_missing(const struct tw_lint_context *c,
	const struct tw_spec_container *it, const struct tw_image *image)
{
	struct tw_diag *diag;

	if (!image->missing)
		return;
	diag = tw_lint_find(c, "image-missing", NULL, it->image.origin,
		"the registry has no %s", image->name);
	diag->why = "a new pod stays in ImagePullBackOff, and a rollout to it "
		    "hangs";
}

static void check_always(const struct tw_lint_context *c,
	const struct tw_spec_container *it, const struct tw_image *image)
{
	char text[TW_TIME_TEXT];
	struct tw_diag *diag;

	if (image->missing || !is_always(it, image->name))
		return;
	diag = tw_lint_find(c, "image-always-pulled", NULL,
		it->pull_policy.origin ? it->pull_policy.origin
				       : it->image.origin,
		"each start of container %s asks the registry for %s%s",
		it->name, image->name,
		it->pull_policy.origin ? "" : ", as that is no fixed tag");
	diag->why = "no pod starts while the registry is away, though its node "
		    "has the image";
	diag->hint = "a fixed tag with imagePullPolicy: IfNotPresent";
	if (image->size)
		tw_diag_hint(c->diags, diag,
			"a fixed tag with imagePullPolicy: IfNotPresent; where "
			"the tag moves, a node loads %lld MB in %s",
			(long long)(image->size / 1000000),
			tw_time_text(
				(tw_time)((double)image->size /
					  c->model->pulls.bandwidth * TW_S),
				text));
}

static const struct tw_image *image_of(
	const struct tw_pulls *pulls, const struct tw_spec_container *it)
{
	for (uint32_t i = 0; it->image.v && i < pulls->n_images; i++)
		if (!strcmp(pulls->images[i].shown, it->image.v))
			return &pulls->images[i];
	return NULL;
}

static void check_images(const struct tw_lint_context *c,
	void (*check)(const struct tw_lint_context *,
		const struct tw_spec_container *, const struct tw_image *))
{
	for (size_t i = 0; c->model && i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;

		for (size_t k = 0; k < w->containers.n; k++) {
			const struct tw_image *image =
				image_of(&c->model->pulls, w->containers.v[k]);

			if (image)
				check(c, w->containers.v[k], image);
		}
	}
}

void tw_lint_missing_images(const struct tw_lint_context *c)
{
	check_images(c, check_missing);
}

void tw_lint_pull_policies(const struct tw_lint_context *c)
{
	check_images(c, check_always);
}

/* ---- requests of init containers ------------------------------------ */

static void check_init(const struct tw_lint_context *c,
	const struct tw_spec_workload *w, const struct tw_spec_container *it)
{
	int64_t cpu = 0, memory = 0, all_cpu, all_memory;
	struct tw_diag *diag;

	/* What runs beside everything else. */
	for (size_t i = 0; i < w->containers.n; i++) {
		const struct tw_spec_container *other = w->containers.v[i];

		if (other->is_init && !other->is_sidecar)
			continue;
		cpu += tw_int_or(other->cpu_request, 0);
		memory += tw_int_or(other->memory_request, 0);
	}
	tw_pod_requests(w, &all_cpu, &all_memory);
	if (it->cpu_request.origin && all_cpu > cpu)
		diag = tw_lint_find(c, "init-requests-most", NULL,
			it->cpu_request.origin,
			"init container %s makes pods of %s request %lldm of "
			"CPU; when it has ended they need %lldm",
			it->name, w->key, (long long)all_cpu, (long long)cpu);
	else if (it->memory_request.origin && all_memory > memory)
		diag = tw_lint_find(c, "init-requests-most", NULL,
			it->memory_request.origin,
			"init container %s makes pods of %s request %lldMi of "
			"memory; when it has ended they need %lldMi",
			it->name, w->key, (long long)(all_memory >> 20),
			(long long)(memory >> 20));
	else
		return;
	diag->why = "the rest is kept for the pod as long as it lives";
	diag->hint = "request less for it: it may use what is free anyway";
}

void tw_lint_init(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;

		for (size_t k = 0; k < w->containers.n; k++)
			if (w->containers.v[k]->is_init &&
				!w->containers.v[k]->is_sidecar)
				check_init(c, w, w->containers.v[k]);
	}
}

/* ---- how they stop -------------------------------------------------- */

void tw_lint_grace(const struct tw_lint_context *c)
{
	for (size_t i = 0; i < c->spec->workloads.n; i++) {
		const struct tw_spec_workload *w =
			c->spec->workloads.v[i].value;
		tw_time grace = tw_int_or(w->termination_grace, GRACE);
		tw_time hook = tw_int_or(w->pre_stop, 0);
		char a[TW_TIME_TEXT], b[TW_TIME_TEXT];
		struct tw_diag *diag;

		if (!hook || hook < grace)
			continue;
		diag = tw_lint_find(c, "grace-below-pre-stop", NULL,
			w->pre_stop.origin,
			"preStop of %s sleeps %s, and the pod is killed %s "
			"after its deletion",
			w->key, tw_time_text(hook, a), tw_time_text(grace, b));
		diag->why = "requests at work are cut off: the hook counts "
			    "for terminationGracePeriodSeconds";
		diag->hint = "a longer terminationGracePeriodSeconds";
	}
}
