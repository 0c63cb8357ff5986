/* What one run saw, as tables for a person. */
#include "harness/commands/run/text.h"

#include "harness/commands/command.h"
#include "harness/report/timeline.h"
#include "twins/observe/histogram.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* What proxies did: columns of their own where they did anything. */
static const struct {
	const char *name;
	size_t offset;
} proxies[] = {
	{"overflow", offsetof(struct tw_cell, overflow)},
	{"denied", offsetof(struct tw_cell, denied)},
	{"ejections", offsetof(struct tw_cell, ejections)},
	{"connects", offsetof(struct tw_cell, connects)},
	{"limited", offsetof(struct tw_cell, limited)},
	{"rejected", offsetof(struct tw_cell, rejected)},
};

#define N_PROXIES (sizeof proxies / sizeof *proxies)

/* Calls of one kind: all zones and windows of a caller and an endpoint. */
struct line {
	const struct tw_cell_key *key;
	uint64_t count, errors, timeouts, retries;
	uint64_t proxies[N_PROXIES];
	struct tw_histogram latency;
};

TW_VEC_TYPE(lines, struct line);

static void add_cell(struct lines *lines, const struct tw_cell *cell)
{
	struct line *line = NULL;

	if (cell->key.side != TW_CLIENT)
		return;
	for (size_t i = 0; i < lines->n && !line; i++)
		if (lines->v[i].key->caller == cell->key.caller &&
			lines->v[i].key->service == cell->key.service &&
			lines->v[i].key->endpoint == cell->key.endpoint)
			line = &lines->v[i];
	if (!line) {
		tw_vec_push(lines, (struct line){.key = &cell->key});
		line = &lines->v[lines->n - 1];
	}
	line->count += cell->count;
	line->errors += cell->errors;
	line->timeouts += cell->timeouts;
	line->retries += cell->retries;
	for (size_t i = 0; i < N_PROXIES; i++)
		line->proxies[i] += *(const uint64_t *)((const char *)cell +
							proxies[i].offset);
	tw_histogram_merge(&line->latency, &cell->latency);
}

/* What users see first, then by caller and callee. */
static int compare_lines(const void *a, const void *b)
{
	const struct tw_cell_key *x = ((const struct line *)a)->key;
	const struct tw_cell_key *y = ((const struct line *)b)->key;
	bool x_out = !strcmp(x->caller, TW_OUTSIDE);
	bool y_out = !strcmp(y->caller, TW_OUTSIDE);
	int order;

	if (x_out != y_out)
		return x_out ? -1 : 1;
	order = strcmp(x->caller, y->caller);
	if (!order)
		order = strcmp(x->service, y->service);
	return order ? order : strcmp(x->endpoint, y->endpoint);
}

static void print_line(const struct line *line)
{
	char p50[TW_TIME_TEXT], p99[TW_TIME_TEXT], max[TW_TIME_TEXT];
	struct tw_buf name = {0};

	tw_buf_printf(&name, "%s -> %s %s", line->key->caller,
		line->key->service, line->key->endpoint);
	printf("  %-58s %9llu %7.3f%% %7.3f%% %8s %8s %8s\n",
		tw_buf_text(&name), (unsigned long long)line->count,
		100 * (double)line->errors / (double)line->count,
		100 * (double)line->retries / (double)line->count,
		tw_time_text(tw_histogram_quantile(&line->latency, 0.5), p50),
		tw_time_text(tw_histogram_quantile(&line->latency, 0.99), p99),
		tw_time_text(line->latency.max, max));
	tw_buf_release(&name);
}

static bool has_proxies(const struct line *line)
{
	for (size_t i = 0; i < N_PROXIES; i++)
		if (line->proxies[i])
			return true;
	return false;
}

/* What policies of proxies did, where they did anything. */
static void print_proxies(const struct lines *lines)
{
	bool any = false;

	for (size_t i = 0; i < lines->n; i++) {
		const struct line *line = &lines->v[i];
		struct tw_buf name = {0};

		if (!has_proxies(line))
			continue;
		if (!any)
			printf("  %-58s", "proxies");
		for (size_t k = 0; !any && k < N_PROXIES; k++)
			printf(" %9s%s", proxies[k].name,
				k + 1 < N_PROXIES ? "" : "\n");
		any = true;
		tw_buf_printf(&name, "%s -> %s %s", line->key->caller,
			line->key->service, line->key->endpoint);
		printf("  %-58s", tw_buf_text(&name));
		for (size_t k = 0; k < N_PROXIES; k++)
			printf(" %9llu", (unsigned long long)line->proxies[k]);
		putchar('\n');
		tw_buf_release(&name);
	}
}

static void print_calls(const struct tw_observation *seen)
{
	struct lines lines = {0};

	for (size_t i = 0; i < seen->cells.n; i++)
		add_cell(&lines, &seen->cells.v[i]);
	if (lines.n)
		qsort(lines.v, lines.n, sizeof *lines.v, compare_lines);
	printf("  %-58s %9s %8s %8s %8s %8s %8s\n", "calls", "count", "errors",
		"retries", "p50", "p99", "max");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i].count)
			print_line(&lines.v[i]);
	print_proxies(&lines);
	for (size_t i = 0; i < lines.n; i++)
		tw_histogram_release(&lines.v[i].latency);
	tw_vec_release(&lines);
}

/* Cores in use and the share of its time with work in which it was throttled,
 * where its CPU is modelled. */
static void print_gauge(
	const struct tw_gauge *gauge, const struct tw_observation *seen)
{
	tw_time judged = (tw_time)gauge->slices.n * seen->slice - seen->warmup;
	struct tw_gauge_slice sum = tw_gauge_total(gauge);

	printf("  %-58s %9u %8u %8u %7.1f%%", gauge->service, sum.replicas,
		sum.unavailable, sum.queue,
		sum.capacity ? 100 * (double)sum.busy / (double)sum.capacity
			     : 0.0);
	if (sum.computing)
		printf(" %8.3f %7.1f%%", (double)sum.cpu / (double)judged,
			100 * (double)sum.throttled / (double)sum.computing);
	else if (sum.memory)
		printf(" %8s %8s", "", "");
	if (sum.memory)
		printf(" %7.0fMi", (double)sum.memory / (1024 * 1024));
	putchar('\n');
}

/* Where there are more services, those that served nobody are not shown. */
#define SHOWN_SERVICES 50

static void print_gauges(const struct tw_observation *seen)
{
	uint32_t left_out = 0;
	uint64_t replicas = 0, lost = 0;

	printf("  %-58s %9s %8s %8s %8s %8s %8s %9s\n", "services", "replicas",
		"lost", "queue", "busy", "cores", "thrott.", "memory");
	for (size_t i = 0; i < seen->gauges.n; i++) {
		struct tw_gauge_slice sum = tw_gauge_total(&seen->gauges.v[i]);

		if (seen->gauges.n <= SHOWN_SERVICES || sum.busy ||
			sum.computing) {
			print_gauge(&seen->gauges.v[i], seen);
			continue;
		}
		left_out++;
		replicas += sum.replicas;
		lost += sum.unavailable;
	}
	if (left_out)
		printf("  and %u that served nobody %*s %9llu %8llu  (--json "
		       "has them)\n",
			left_out, left_out < 1000 ? 33 : 32, "",
			(unsigned long long)replicas, (unsigned long long)lost);
}

#define SHOWN_LINES 30

/* "HPA api 2..10: 2 to 7 pods, first at 1m18s; …" */
static void print_scalings(const struct tw_observation *seen)
{
	char first[TW_TIME_TEXT];

	if (seen->scalings.n)
		printf("  autoscalers\n");
	for (size_t i = 0; i < seen->scalings.n; i++) {
		const struct tw_scaling *it = &seen->scalings.v[i];

		printf("  %s  %u..%u: %u pods", it->name, it->min, it->max,
			it->had);
		if (it->rescales)
			printf(", %u at most, %u at the end; %u rescales, the "
			       "first at %s",
				it->most, it->last, it->rescales,
				tw_time_text(it->first, first));
		else
			printf(" throughout");
		if (it->saturated)
			printf("; wanted up to %u in %u of %u syncs",
				it->most_wanted, it->saturated, it->syncs);
		if (it->blind)
			printf("; BLIND in %u of %u syncs: no metric could be "
			       "read",
				it->blind, it->syncs);
		printf("\n");
	}
}

static void print_recommended(const struct tw_recommended *it, bool cpu)
{
	int64_t unit = cpu ? 1 : 1024 * 1024;

	if (!it->target)
		return;
	printf(", %s %lld%s", cpu ? "cpu" : "memory",
		(long long)(it->target / unit), cpu ? "m" : "Mi");
	if (it->first != it->target)
		printf(" (%lld at first)", (long long)(it->first / unit));
}

/* "shop/cart  Auto: recommends cpu 320m, memory 262Mi; 2 pods evicted" */
static void print_verticals(const struct tw_observation *seen)
{
	if (seen->verticals.n)
		printf("  vertical autoscalers\n");
	for (size_t i = 0; i < seen->verticals.n; i++) {
		const struct tw_vertical_seen *it = &seen->verticals.v[i];

		printf("  %s  %s", it->name, it->mode);
		if (!it->cpu.target && !it->memory.target)
			printf(", nothing recommended");
		print_recommended(&it->cpu, true);
		print_recommended(&it->memory, false);
		printf("; %u evicted", it->evictions);
		if (it->resizes)
			printf(", %u resized in place", it->resizes);
		if (it->refused)
			printf(", %u evictions refused by budgets",
				it->refused);
		if (it->ooms)
			printf("; %u OOM kills", it->ooms);
		if (it->too_few)
			printf("; TOO FEW pods to evict any at %u looks",
				it->too_few);
		printf("\n");
	}
}

static void print_timeline(const struct tw_observation *seen)
{
	struct tw_timeline_lines lines = {0};
	struct tw_arena arena;

	tw_arena_init(&arena);
	tw_timeline_text(&seen->timeline, SHOWN_LINES, &arena, &lines);
	if (lines.n)
		puts("  timeline");
	for (size_t i = 0; i < lines.n; i++)
		printf("  %10s  %s\n", lines.v[i].time, lines.v[i].text);
	tw_arena_release(&arena);
}

void tw_run_text(
	const char *name, int64_t seed, const struct tw_observation *seen)
{
	char duration[TW_TIME_TEXT];

	printf("%s: %llu requests in %s, %llu events, seed %lld\n", name,
		(unsigned long long)seen->arrivals,
		tw_time_text(seen->duration - seen->warmup, duration),
		(unsigned long long)seen->events, (long long)seed);
	if (seen->warmup)
		printf("  after a warm-up of %s, which does not count\n",
			tw_time_text(seen->warmup, duration));
	print_calls(seen);
	print_gauges(seen);
	print_scalings(seen);
	print_verticals(seen);
	print_timeline(seen);
	if (seen->overflow)
		printf("  %llu requests were refused: too much in flight\n",
			(unsigned long long)seen->overflow);
	if (seen->undecided)
		printf("  %llu calls met a route that asks for what the "
		       "traffic does not tell (a header, a query value): it "
		       "was not taken\n",
			(unsigned long long)seen->undecided);
	if (seen->rollouts)
		printf("  rolled out: %llu of %llu workloads%s\n",
			(unsigned long long)seen->rolled_out,
			(unsigned long long)seen->rollouts,
			seen->rolled_out < seen->rollouts
				? " when the run ended"
				: "");
	putchar('\n');
}
