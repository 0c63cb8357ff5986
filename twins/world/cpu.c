#include "twins/world/cpu.h"

#include "twins/base/assert.h"
#include "twins/kernel/random.h"

/* ---- the heap of jobs ----------------------------------------------- */

static bool ends_before(const struct tw_cpu_job *a, const struct tw_cpu_job *b)
{
	return a->end != b->end ? a->end < b->end : a->order < b->order;
}

static void push_job(struct tw_cpu *cpu, struct tw_cpu_job job)
{
	size_t at = cpu->jobs.n;

	tw_vec_push(&cpu->jobs, job);
	while (at && ends_before(&job, &cpu->jobs.v[(at - 1) / 2])) {
		cpu->jobs.v[at] = cpu->jobs.v[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	cpu->jobs.v[at] = job;
}

static void pop_job(struct tw_cpu *cpu)
{
	struct tw_cpu_job last = cpu->jobs.v[--cpu->jobs.n];
	size_t at = 0, n = cpu->jobs.n;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < n && ends_before(&cpu->jobs.v[child + 1],
					     &cpu->jobs.v[child]))
			child++;
		if (child >= n || !ends_before(&cpu->jobs.v[child], &last))
			break;
		cpu->jobs.v[at] = cpu->jobs.v[child];
		at = child;
	}
	if (n)
		cpu->jobs.v[at] = last;
}

/* ---- time passes ---------------------------------------------------- */

static uint64_t threads_of(const struct tw_cpu *cpu)
{
	return cpu->jobs.n + cpu->stress;
}

/* It has threads now: time adds up until it is seen without any. */
static inline void see_work(struct tw_world *world, struct tw_cpu *cpu)
{
	if (cpu->at_work)
		return;
	cpu->at_work = true;
	tw_vec_push(&world->cpus_at_work, cpu->replica);
}

static struct tw_world_service *service_of(
	struct tw_world *world, const struct tw_cpu *cpu)
{
	return &world->services[world->replicas[cpu->replica].service];
}

static void advance(struct tw_world *world, struct tw_cpu *cpu, tw_time to)
{
	tw_time d = to - cpu->since;
	uint64_t threads = threads_of(cpu), cores = cpu->rate * threads;

	if (!d)
		return;
	if (threads) {
		cpu->now += (tw_core_time)cpu->rate * (uint64_t)d;
		cpu->used += (tw_core_time)cores * (uint64_t)d;
	}
	if (cpu->jobs.n && !cpu->paused) {
		struct tw_world_service *service = service_of(world, cpu);

		service->computing += d;
		service->cpu_used +=
			(int64_t)((tw_core_time)cores * (uint64_t)d >> 32);
		if (tw_cfs_is_spent(&cpu->cfs))
			service->throttled += d;
	}
	if (cpu->cfs.quota)
		tw_cfs_spend(&cpu->cfs, cpu->since, to, cores);
	cpu->since = to;
}

/* ---- the event ------------------------------------------------------ */

static tw_time next_end(const struct tw_cpu *cpu)
{
	tw_core_time rest;

	if (!cpu->jobs.n || !cpu->rate)
		return TW_NEVER;
	if (cpu->jobs.v[0].end <= cpu->now)
		return cpu->since;
	rest = cpu->jobs.v[0].end - cpu->now;
	if (cpu->rate == TW_CORE)
		return cpu->since + (tw_time)((rest + TW_CORE - 1) / TW_CORE);
	return cpu->since + (tw_time)((rest + cpu->rate - 1) / cpu->rate);
}

static tw_time next_change(const struct tw_cpu *cpu)
{
	tw_time end, spent;

	if (!threads_of(cpu) || cpu->paused)
		return TW_NEVER;
	if (!cpu->cfs.quota)
		return next_end(cpu);
	if (tw_cfs_is_spent(&cpu->cfs))
		return tw_cfs_period_end(&cpu->cfs, cpu->since);
	end = next_end(cpu);
	spent = tw_cfs_spent_at(
		&cpu->cfs, cpu->since, cpu->rate * threads_of(cpu));
	return spent < end ? spent : end;
}

static void plan(struct tw_world *world, struct tw_cpu *cpu)
{
	tw_time at;

	if (cpu->open)
		return;
	at = next_change(cpu);
	if (at == cpu->at)
		return;
	if (cpu->at != TW_NEVER)
		tw_queue_cancel(&world->queue, cpu->event);
	cpu->at = at;
	if (at != TW_NEVER)
		cpu->event = tw_queue_schedule(&world->queue, at,
			TW_CLASS_COMPLETION, TW_EV_CPU, cpu->replica, 0);
}

/* ---- how much each gets --------------------------------------------- */

static uint64_t wanted(const struct tw_cpu *cpu)
{
	uint64_t threads = threads_of(cpu);

	if (cpu->paused || tw_cfs_is_spent(&cpu->cfs))
		return 0;
	return threads << 32 < cpu->cores ? threads << 32 : cpu->cores;
}

static void give(struct tw_cpu *cpu, uint64_t cores)
{
	uint64_t threads = threads_of(cpu);

	if (!cores || !threads)
		cpu->rate = 0;
	else if (cores >= threads << 32)
		cpu->rate = TW_CORE;
	else
		cpu->rate = cores / threads ? cores / threads : 1;
}

/* Gives their wants to those whose share by weight is more than that, until
 * the others alone are left. */
static void share(const struct tw_cpu_node *node)
{
	uint64_t left = node->cores;
	tw_core_time weight = 0;
	bool again = true;

	for (size_t i = 0; i < node->members.n; i++) {
		struct tw_cpu *it = node->members.v[i];

		it->settled = !it->wants;
		if (it->settled)
			give(it, 0);
		else
			weight += it->weight;
	}
	while (again) {
		again = false;
		for (size_t i = 0; i < node->members.n; i++) {
			struct tw_cpu *it = node->members.v[i];

			if (it->settled ||
				(tw_core_time)it->wants * weight >
					(tw_core_time)left * it->weight)
				continue;
			it->settled = again = true;
			give(it, it->wants);
			left -= it->wants;
			weight -= it->weight;
		}
	}
	for (size_t i = 0; i < node->members.n; i++) {
		struct tw_cpu *it = node->members.v[i];

		if (!it->settled)
			give(it, (uint64_t)((tw_core_time)left * it->weight /
					    weight));
	}
}

static void share_node(struct tw_world *world, struct tw_cpu_node *node)
{
	tw_time now = tw_world_now(world);

	for (size_t i = 0; i < node->members.n; i++)
		advance(world, node->members.v[i], now);
	node->tight = node->wanted > node->cores;
	share(node);
	for (size_t i = 0; i < node->members.n; i++)
		plan(world, node->members.v[i]);
}

/* After threads came or went, or a stop; its time has been advanced. */
static void retune(struct tw_world *world, struct tw_cpu *cpu)
{
	uint64_t wants = wanted(cpu);
	struct tw_cpu_node *node = cpu->node;

	if (node) {
		node->wanted += wants - cpu->wants;
		cpu->wants = wants;
		if (node->tight || node->wanted > node->cores) {
			share_node(world, node);
			return;
		}
	}
	give(cpu, wants);
	plan(world, cpu);
}

/* ---- what it is made of ---------------------------------------------- */

static uint64_t cores_of(int64_t millicores)
{
	return (uint64_t)millicores * TW_CORE / 1000;
}

#define MAX_MILLICORES INT64_C(1000000000)

static bool has_node_cores(const struct tw_world *world, uint32_t node)
{
	return node != TW_NONE &&
	       world->model->nodes[node].cpu < MAX_MILLICORES;
}

static void join(struct tw_world *world, struct tw_cpu *cpu)
{
	struct tw_cpu_node *node =
		&world->cpu_nodes[world->replicas[cpu->replica].node];
	uint32_t stood = world->replicas[cpu->replica].stood;
	size_t at = node->members.n;

	tw_vec_push_in(&world->arena, &node->members, cpu);
	for (; at &&
		world->replicas[node->members.v[at - 1]->replica].stood > stood;
		at--)
		node->members.v[at] = node->members.v[at - 1];
	node->members.v[at] = cpu;
	cpu->node = node;
}

/* As the model has it, where that says anything (`bound`). */
static struct tw_cpu *add_cpu(
	struct tw_world *world, uint32_t replica, bool bound)
{
	const struct tw_replica *model = &world->model->replicas[replica];
	const struct tw_revision *revision = tw_world_revision(world, replica);
	const struct tw_service *service =
		bound ? &world->model->services[model->service] : NULL;
	struct tw_cpu *cpu = tw_new(&world->arena, struct tw_cpu);

	cpu->replica = replica;
	cpu->weight = revision->cpu_shares;
	cpu->cores = cores_of(
		service && service->cpus ? service->cpus : MAX_MILLICORES);
	cpu->threads = service && service->is_async ? service->workers : 0;
	cpu->at = TW_NEVER;
	tw_cfs_init(&cpu->cfs, revision->cpu_quota,
		tw_draw_below(world->seed, model->hash, TW_DRAW_PHASE, 0,
			TW_CFS_PERIOD));
	world->replicas[replica].cpu = cpu;
	if (bound && has_node_cores(world, world->replicas[replica].node))
		join(world, cpu);
	return cpu;
}

/* Of a replica that has one. */
static inline struct tw_cpu *cpu_of(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;

	return __builtin_expect(cpu != NULL, 1) ? cpu
						: add_cpu(world, replica, true);
}

/* ---- jobs ----------------------------------------------------------- */

static void start_job(
	struct tw_cpu *cpu, uint32_t task, tw_time demand, tw_time due)
{
	push_job(cpu, (struct tw_cpu_job){
			      .end = cpu->now + (tw_core_time)demand * TW_CORE,
			      .order = cpu->order++,
			      .due = due,
			      .task = task,
		      });
}

/* Asynchronous: the threads that compute are the busy ones. */
static void count_busy(struct tw_world *world, struct tw_cpu *cpu, uint32_t by)
{
	struct tw_world_service *service = service_of(world, cpu);

	tw_world_touch(world, service);
	world->replicas[cpu->replica].busy += by;
	service->busy += by;
}

void tw_cpu_work(struct tw_world *world, uint32_t task, tw_time demand)
{
	struct tw_cpu *cpu = cpu_of(world, world->tasks[task].replica);
	tw_time now = tw_world_now(world);

	advance(world, cpu, now);
	see_work(world, cpu);
	if (cpu->threads) {
		if (cpu->jobs.n >= cpu->threads) {
			tw_vec_push(&cpu->ready, ((struct tw_cpu_ready){demand,
							 now + demand, task}));
			return;
		}
		count_busy(world, cpu, 1);
	}
	start_job(cpu, task, demand, now + demand);
	if (!cpu->open)
		retune(world, cpu);
}

void tw_cpu_open(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;

	advance(world, cpu, tw_world_now(world));
	cpu->at = TW_NEVER;
	cpu->open = true;
}

static void next_ready(struct tw_cpu *cpu)
{
	struct tw_cpu_ready *it = &cpu->ready.v[cpu->first_ready++];

	start_job(cpu, it->task, it->demand, it->due);
	if (cpu->first_ready == cpu->ready.n)
		cpu->first_ready = cpu->ready.n = 0;
}

uint32_t tw_cpu_take(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;
	struct tw_cpu_job job;

	if (!cpu->jobs.n || cpu->jobs.v[0].end > cpu->now)
		return TW_NONE;
	job = cpu->jobs.v[0];
	pop_job(cpu);
	if (cpu->threads) {
		if (cpu->ready.n > cpu->first_ready &&
			cpu->jobs.n < cpu->threads)
			next_ready(cpu);
		else
			count_busy(world, cpu, -1U);
	}
	world->tasks[world->tasks[job.task].attempt].stalled +=
		tw_world_now(world) - job.due;
	return job.task;
}

void tw_cpu_close(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;

	cpu->open = false;
	retune(world, cpu);
}

static void let_go(struct tw_world *world, uint32_t task)
{
	tw_queue_schedule(&world->queue, tw_world_now(world),
		TW_CLASS_COMPLETION, TW_EV_WORKED, task,
		world->tasks[task].generation);
}

void tw_cpu_stop(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;
	uint32_t node = world->replicas[replica].node;

	if (!cpu) {
		/* The others are looked at all the same. */
		if (has_node_cores(world, node) && world->cpu_nodes[node].tight)
			share_node(world, &world->cpu_nodes[node]);
		return;
	}
	advance(world, cpu, tw_world_now(world));
	for (size_t i = 0; i < cpu->jobs.n; i++)
		let_go(world, cpu->jobs.v[i].task);
	for (size_t i = cpu->first_ready; i < cpu->ready.n; i++)
		let_go(world, cpu->ready.v[i].task);
	cpu->jobs.n = cpu->ready.n = cpu->first_ready = 0;
	retune(world, cpu);
}

void tw_cpu_resize(struct tw_world *world, uint32_t replica, uint32_t threads)
{
	struct tw_cpu *cpu = cpu_of(world, replica);

	advance(world, cpu, tw_world_now(world));
	cpu->threads = threads;
	while (cpu->ready.n > cpu->first_ready && cpu->jobs.n < threads) {
		count_busy(world, cpu, 1);
		next_ready(cpu);
	}
	if (!cpu->open)
		retune(world, cpu);
}

void tw_cpu_relimit(struct tw_world *world, uint32_t replica)
{
	const struct tw_revision *revision = tw_world_revision(world, replica);
	struct tw_cpu *cpu;

	if (!world->replicas[replica].shares)
		return;
	cpu = cpu_of(world, replica);
	advance(world, cpu, tw_world_now(world));
	cpu->weight = revision->cpu_shares;
	tw_cfs_set_quota(&cpu->cfs, revision->cpu_quota, tw_world_now(world));
	if (cpu->node)
		share_node(world, cpu->node);
	else
		retune(world, cpu);
}

/* ---- what faults do ------------------------------------------------- */

void tw_cpu_pause(struct tw_world *world, uint32_t replica, bool paused)
{
	struct tw_cpu *cpu = cpu_of(world, replica);

	advance(world, cpu, tw_world_now(world));
	cpu->paused = paused;
	retune(world, cpu);
}

void tw_cpu_stress(struct tw_world *world, uint32_t replica, uint32_t threads)
{
	struct tw_cpu *cpu = cpu_of(world, replica);

	advance(world, cpu, tw_world_now(world));
	cpu->stress = threads;
	see_work(world, cpu);
	retune(world, cpu);
}

/* ---- life ----------------------------------------------------------- */

/* CPUs are few and found by the replicas: those that a fault brought too. */
void tw_cpu_ensure(struct tw_world *world, uint32_t replica)
{
	struct tw_world_replica *it = &world->replicas[replica];

	if (!it->cpu)
		add_cpu(world, replica, it->shares);
	it->shares = true;
}

/* The pod that had this name before is gone, and nothing of it computes. */
static void leave(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;
	struct tw_cpu_node *node = cpu ? cpu->node : NULL;
	size_t n = 0;

	if (!cpu)
		return;
	for (size_t i = 0; node && i < node->members.n; i++)
		if (node->members.v[i] != cpu)
			node->members.v[n++] = node->members.v[i];
	if (node)
		node->members.n = n;
	tw_vec_release(&cpu->jobs);
	tw_vec_release(&cpu->ready);
	world->replicas[replica].cpu = NULL;
}

void tw_cpu_stand(struct tw_world *world, uint32_t replica)
{
	const struct tw_model *model = world->model;
	const struct tw_replica *model_of = &model->replicas[replica];
	const struct tw_service *service =
		model_of->service == TW_NONE
			? NULL
			: &model->services[model_of->service];
	struct tw_world_replica *it = &world->replicas[replica];
	bool on_cores = has_node_cores(world, it->node);

	leave(world, replica);
	it->shares =
		service &&
		(service->cpus || service->is_async || service->pause_every ||
			tw_world_revision(world, replica)->cpu_quota ||
			on_cores);
	if (!it->shares)
		return;
	it->stood = ++world->cpus_stood;
	if (on_cores)
		world->cpu_nodes[it->node].cores =
			cores_of(model->nodes[it->node].cpu);
}

void tw_cpu_init(struct tw_world *world)
{
	const struct tw_model *model = world->model;

	world->cpu_nodes =
		tw_new_array(&world->arena, model->n_nodes, struct tw_cpu_node);
	for (uint32_t r = 0; r < model->n_replicas; r++)
		tw_cpu_stand(world, r);
}

void tw_cpu_release(struct tw_world *world)
{
	tw_vec_release(&world->cpus_at_work);
	for (uint32_t r = 0; r < world->model->n_replicas; r++) {
		struct tw_cpu *cpu = world->replicas[r].cpu;

		if (!cpu)
			continue;
		tw_vec_release(&cpu->jobs);
		tw_vec_release(&cpu->ready);
	}
}

int64_t tw_cpu_used(struct tw_world *world, uint32_t replica)
{
	struct tw_cpu *cpu = world->replicas[replica].cpu;

	if (!cpu)
		return 0;
	advance(world, cpu, tw_world_now(world));
	return (int64_t)(cpu->used >> 32);
}

/* Those that have nothing to do have nothing to add up. */
void tw_cpu_count(struct tw_world *world, tw_time to)
{
	size_t kept = 0;

	for (size_t i = 0; i < world->cpus_at_work.n; i++) {
		uint32_t replica = world->cpus_at_work.v[i];
		struct tw_cpu *cpu = world->replicas[replica].cpu;

		if (!cpu)
			continue;
		advance(world, cpu, to);
		if (threads_of(cpu))
			world->cpus_at_work.v[kept++] = replica;
		else
			cpu->at_work = false;
	}
	world->cpus_at_work.n = kept;
}
