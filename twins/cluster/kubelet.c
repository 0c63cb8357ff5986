/*
 * What the kubelet does before a pod runs: its containers one after the other,
 * each with its image, and what it says of them.
 */
#include "twins/base/hash.h"
#include "twins/cluster/crash.h"
#include "twins/cluster/images.h"
#include "twins/cluster/kubelet_inner.h"
#include "twins/cluster/probe_ticks.h"
#include "twins/cluster/versions.h"
#include "twins/cluster/volumes.h"
#include "twins/kernel/dist.h"
#include "twins/kernel/random.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- what it says --------------------------------------------------- */

/* `state`: what `kubectl get pods` shows of it from now on; NULL: as before.
 * `reason` NULL: no event. */
__attribute__((format(printf, 6, 7))) static void say(struct tw_world *world,
	uint32_t replica, bool warning, const char *state, const char *reason,
	const char *format, ...)
{
	char text[600];
	va_list args;

	if (!world->tap && !world->chronicle)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tw_world_tap(world, .kind = TW_TAP_CONTAINER,
		.service = world->model->replicas[replica].service,
		.endpoint = TW_NONE, .caller = TW_NONE, .replica = replica,
		.cause = text, .reason = reason, .state = state,
		.warning = warning);
}

static struct tw_pod_start *start_of(struct tw_world *world, uint32_t replica)
{
	return &world->pods->starts[replica];
}

static const struct tw_container *container_of(
	struct tw_world *world, uint32_t replica)
{
	return &pod_life(world, replica)
			->containers[start_of(world, replica)->at];
}

/* What kubectl shows where nothing is wrong. */
static const char *state_of(
	struct tw_world *world, uint32_t replica, char to[static 32])
{
	const struct tw_pod_life *life = pod_life(world, replica);
	const struct tw_pod_start *start = start_of(world, replica);

	if (!life->n_init)
		return "ContainerCreating";
	if (start->at >= life->n_init)
		return "PodInitializing";
	snprintf(to, 32, "Init:%u/%u", start->at, life->n_init);
	return to;
}

/* What is wrong with an init container is shown with "Init:" before it. */
static const char *trouble(struct tw_world *world, uint32_t replica,
	const char *what, char to[static 32])
{
	if (start_of(world, replica)->at >= pod_life(world, replica)->n_init)
		return what;
	snprintf(to, 32, "Init:%s", what);
	return to;
}

/* ---- init containers ------------------------------------------------ */

/* Which of its runs in a row; the pod's life tells pods of a name apart. */
static double draw(struct tw_world *world, uint32_t replica,
	const struct tw_container *container, uint32_t n)
{
	uint64_t key = tw_hash_combine(
		tw_hash_combine(world->model->replicas[replica].hash,
			world->replicas[replica].life),
		container->hash);

	return tw_draw(world->seed, key, TW_DRAW_ARRIVAL,
		2 * start_of(world, replica)->tries + n);
}

static tw_time time_of(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	return container->runs ? tw_dist_sample(container->runs,
					 draw(world, replica, container, 0))
			       : 0;
}

static bool fails(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	return container->fails > 0 &&
	       draw(world, replica, container, 1) < container->fails;
}

/* The end of its run is seen at the relist after it. */
static void begin_init(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	tw_time lasts = time_of(world, replica, container);
	tw_time seen = (lasts / POD_RELISTED + 1) * POD_RELISTED;

	if (lasts && lasts % POD_RELISTED == 0)
		seen = lasts;
	pod_next(world, replica, tw_world_now(world) + seen,
		fails(world, replica, container) ? POD_INIT_FAILS
						 : POD_INIT_ENDS);
}

/* Probed until it is up, or killed with the last failure that is allowed. True:
 * nobody waits for it. */
static bool begin_sidecar(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	const struct tw_probe_plan *plan = &container->startup;
	tw_time now = tw_world_now(world), up = TW_NEVER / 2, at;
	bool found;

	if (!plan->on)
		return true;
	if (!fails(world, replica, container))
		up = now + time_of(world, replica, container);
	found = tw_probe_outcome(
		tw_probe_base(world, replica, container->hash, plan->period),
		plan, now, up, &at);
	pod_next(
		world, replica, at, found ? POD_INIT_ENDS : POD_SIDECAR_KILLED);
	return false;
}

/* ---- one container after the other ---------------------------------- */

static void say_present(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	const char *name = world->model->pulls.images[container->image].shown;

	say(world, replica, false, NULL, "Pulled",
		"Container image \"%s\" already present on machine%s", name,
		tw_kubernetes_of(world->model->kubernetes)->checks_pulled_images
			? " and can be accessed by the pod"
			: "");
}

/* True: its image is there. */
static bool has_image(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	const char *shown;
	char state[32];

	if (container->image == TW_NONE || start_of(world, replica)->has_image)
		return true;
	shown = world->model->pulls.images[container->image].shown;
	switch (tw_images_ensure(world, replica, container)) {
	case TW_IMAGE_PRESENT:
		say_present(world, replica, container);
		return true;
	case TW_IMAGE_PULLED:
		say(world, replica, false, state_of(world, replica, state),
			"Pulling", "Pulling image \"%s\"", shown);
		return false;
	case TW_IMAGE_NEVER:
		say(world, replica, true,
			trouble(world, replica, "ErrImageNeverPull", state),
			"ErrImageNeverPull",
			"Container image \"%s\" is not present with pull "
			"policy of Never",
			shown);
		pod_next(world, replica, tw_world_now(world) + TW_CRASH_INITIAL,
			POD_PULL_AGAIN);
		return false;
	}
	return true;
}

/* True: the next one's turn. */
static bool begin_container(struct tw_world *world, uint32_t replica,
	const struct tw_container *container)
{
	char state[32];

	say(world, replica, false, state_of(world, replica, state), "Started",
		"Started container %s", container->name);
	switch ((enum tw_container_kind)container->kind) {
	case TW_CONTAINER_INIT:
		begin_init(world, replica, container);
		return false;
	case TW_CONTAINER_SIDECAR:
		return begin_sidecar(world, replica, container);
	case TW_CONTAINER_MAIN:
		break;
	}
	return true;
}

static void next_container(struct tw_pod_start *start)
{
	*start = (struct tw_pod_start){.at = start->at + 1};
}

static void go_on(struct tw_world *world, uint32_t replica)
{
	struct tw_pod_start *start = start_of(world, replica);

	while (start->at < pod_life(world, replica)->n_containers) {
		const struct tw_container *it = container_of(world, replica);

		if (!has_image(world, replica, it))
			return;
		start->has_image = true;
		if (!begin_container(world, replica, it))
			return;
		next_container(start);
	}
	tw_kubelet_run(world, replica);
}

void tw_kubelet_start(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);
	char state[32];

	if (world->volumes && !tw_volumes_are_there(world, replica)) {
		if (pod->state != TW_POD_BOUND)
			tw_pod_move(world, replica, TW_POD_BOUND);
		return;
	}
	pod->admitted = tw_world_now(world);
	pod->ticks_drawn = pod->again;
	if (!pod_life(world, replica)->n_containers) {
		tw_kubelet_run(world, replica);
		return;
	}
	tw_pod_move(world, replica, TW_POD_BOUND);
	*start_of(world, replica) = (struct tw_pod_start){0};
	say(world, replica, false, state_of(world, replica, state), NULL, " ");
	go_on(world, replica);
}

void tw_kubelet_begin_again(struct tw_world *world, uint32_t replica)
{
	struct tw_pod *pod = pod_at(world, replica);

	world->replicas[replica].backoff = (struct tw_backoff){0};
	pod->again = true;
	say(world, replica, false, NULL, "SandboxChanged",
		"Pod sandbox changed, it will be killed and re-created.");
	tw_kubelet_start(world, replica);
}

/* The delay is the first one after one crash. */
static bool crashes(const struct tw_backoff *backoff)
{
	return backoff->delay > TW_CRASH_INITIAL;
}

bool tw_kubelet_is_stuck(const struct tw_world *world, uint32_t replica)
{
	const struct tw_pod *pod = tw_pod_of(world, replica);
	const struct tw_pod_start *start =
		world->pods->starts ? &world->pods->starts[replica] : NULL;

	if (!tw_pod_is_active(pod) || pod->ready)
		return false;
	if (crashes(&world->replicas[replica].backoff) ||
		(start && crashes(&start->crash)))
		return true;
	return start && start->no_image;
}

/* It ended, or was killed: started again after the back-off, or never. */
static void init_failed(struct tw_world *world, uint32_t replica)
{
	struct tw_pod_start *start = start_of(world, replica);
	const struct tw_container *it = container_of(world, replica);
	const struct tw_replica *pod = &world->model->replicas[replica];
	tw_time now = tw_world_now(world), wait;
	char state[32];

	if (pod_life(world, replica)->never_restarts) {
		say(world, replica, true, "Init:Error", NULL, " ");
		pod_tap(world, TW_TAP_FAILED, replica);
		tw_pod_end(world, replica, false);
		return;
	}
	wait = tw_crash(&start->crash, now);
	start->tries++;
	start->has_image = false;
	if (!wait) {
		say(world, replica, true,
			trouble(world, replica, "Error", state), NULL, " ");
		go_on(world, replica);
		return;
	}
	say(world, replica, true,
		trouble(world, replica, "CrashLoopBackOff", state), "BackOff",
		"Back-off restarting failed container %s in pod %s", it->name,
		pod->name);
	pod_next(world, replica, now + wait, POD_PULL_AGAIN);
}

static void sidecar_killed(struct tw_world *world, uint32_t replica)
{
	const char *name = container_of(world, replica)->name;

	say(world, replica, true, NULL, "Unhealthy", "Startup probe failed");
	say(world, replica, false, NULL, "Killing",
		"Container %s failed startup probe, will be restarted", name);
	init_failed(world, replica);
}

/* ---- pulls ---------------------------------------------------------- */

/* As Go prints a time.Duration that was cut to milliseconds. */
static void go_time(tw_time t, char to[static 32])
{
	long long ms = (long long)(t / TW_MS);

	if (ms < 1000)
		snprintf(to, 32, ms ? "%lldms" : "%llds", ms);
	else if (ms < 60000)
		snprintf(to, 32, "%lld.%03llds", ms / 1000, ms % 1000);
	else
		snprintf(to, 32, "%lldm%lld.%03llds", ms / 60000,
			ms / 1000 % 60, ms % 1000);
}

static void pull_failed(struct tw_world *world, uint32_t replica,
	const struct tw_image *image, bool registry_down)
{
	struct tw_pod_start *start = start_of(world, replica);
	tw_time now = tw_world_now(world);
	tw_time wait = tw_backoff_next(
		&start->pull, now, TW_CRASH_INITIAL, TW_CRASH_MAX);
	char state[32];

	start->no_image = !registry_down;
	if (registry_down)
		say(world, replica, true, NULL, "Failed",
			"Failed to pull image \"%s\": the registry does not "
			"answer",
			image->shown);
	else
		say(world, replica, true, NULL, "Failed",
			"Failed to pull image \"%s\": rpc error: code = "
			"NotFound desc = failed to resolve reference \"%s\": "
			"%s: not found",
			image->shown, image->name, image->name);
	say(world, replica, true,
		trouble(world, replica, "ErrImagePull", state), "Failed",
		"Error: ErrImagePull");
	say(world, replica, false, NULL, "BackOff",
		"Back-off pulling image \"%s\"", image->shown);
	say(world, replica, true,
		trouble(world, replica, "ImagePullBackOff", state), "Failed",
		"Error: ImagePullBackOff");
	pod_next(world, replica, now + wait, POD_PULL_AGAIN);
}

void tw_kubelet_pulled(struct tw_world *world, uint32_t replica,
	const struct tw_pulled *pulled)
{
	const struct tw_image *image =
		&world->model->pulls.images[pulled->image];
	char took[32], waited[32], size[64] = "";

	if (!pulled->well) {
		pull_failed(world, replica, image, pulled->registry_down);
		return;
	}
	go_time(pulled->took, took);
	go_time(pulled->waited, waited);
	if (image->size)
		snprintf(size, sizeof size, ". Image size: %lld bytes.",
			(long long)image->size);
	say(world, replica, false, NULL, "Pulled",
		"Successfully pulled image \"%s\" in %s (%s including "
		"waiting)%s",
		image->shown, took, waited, size);
	start_of(world, replica)->has_image = true;
	go_on(world, replica);
}

/* ---- events --------------------------------------------------------- */

void tw_kubelet_event(struct tw_world *world, uint32_t replica, uint32_t what)
{
	if (tw_kubelet_process_event(world, replica, what))
		return;
	switch (what) {
	case POD_PULL_AGAIN:
		go_on(world, replica);
		break;
	case POD_INIT_ENDS:
		next_container(start_of(world, replica));
		go_on(world, replica);
		break;
	case POD_INIT_FAILS:
		init_failed(world, replica);
		break;
	case POD_SIDECAR_KILLED:
		sidecar_killed(world, replica);
		break;
	default:
		tw_unreachable();
	}
}
