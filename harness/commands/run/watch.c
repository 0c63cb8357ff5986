#include "harness/commands/run/watch.h"

#include <stdlib.h>
#include <string.h>

char *tw_age_text(tw_time age, char to[static TW_AGE_TEXT])
{
	long long seconds = age / TW_S, minutes = seconds / 60,
		  hours = minutes / 60, days = hours / 24;

	if (seconds < 120)
		snprintf(to, TW_AGE_TEXT, "%llds", seconds < 0 ? 0 : seconds);
	else if (minutes < 10 && seconds % 60)
		snprintf(to, TW_AGE_TEXT, "%lldm%llds", minutes, seconds % 60);
	else if (minutes < 180)
		snprintf(to, TW_AGE_TEXT, "%lldm", minutes);
	else if (hours < 8 && minutes % 60)
		snprintf(to, TW_AGE_TEXT, "%lldh%lldm", hours, minutes % 60);
	else if (hours < 48)
		snprintf(to, TW_AGE_TEXT, "%lldh", hours);
	else if (days < 8 && hours % 24)
		snprintf(to, TW_AGE_TEXT, "%lldd%lldh", days, hours % 24);
	else
		snprintf(to, TW_AGE_TEXT, "%lldd", days);
	return to;
}

static void print_time(FILE *out, tw_time at)
{
	char text[TW_TIME_TEXT];

	fprintf(out, "%-9s ", tw_time_text(at, text));
}

/* ---- rows ----------------------------------------------------------- */

static void print_pod(void *context, tw_time at, const struct tw_pod_view *pod)
{
	char age[TW_AGE_TEXT], ago[TW_AGE_TEXT], ready[24], restarts[48];

	snprintf(ready, sizeof ready, "%u/%u", pod->ready, pod->containers);
	if (pod->restarted == TW_NEVER)
		snprintf(restarts, sizeof restarts, "%u", pod->restarts);
	else
		snprintf(restarts, sizeof restarts, "%u (%s ago)",
			pod->restarts, tw_age_text(at - pod->restarted, ago));
	print_time(context, at);
	fprintf(context, "%-40s %-7s %-19s %-12s %-7s %s\n", pod->name, ready,
		pod->status, restarts, tw_age_text(at - pod->created, age),
		pod->node ? pod->node : "<none>");
}

static void print_node(
	void *context, tw_time at, const struct tw_node_view *node)
{
	char age[TW_AGE_TEXT];

	print_time(context, at);
	fprintf(context, "%-40s %-27s %-7s %u\n", node->name, node->status,
		tw_age_text(at, age), node->pods);
}

static void print_workload(
	void *context, tw_time at, const struct tw_workload_view *workload)
{
	char age[TW_AGE_TEXT], ready[32];

	if (strcmp(workload->kind, "Deployment"))
		return;
	snprintf(ready, sizeof ready, "%u/%u", workload->now->ready,
		workload->now->desired);
	print_time(context, at);
	fprintf(context, "%-40s %-7s %-12u %-11u %s\n", workload->name, ready,
		workload->updated, workload->now->ready, tw_age_text(at, age));
}

/* Bytes as the recommender writes them: a plain number where it is not whole.
 */
static const char *amount(int64_t n, bool cpu, char to[static 32])
{
	if (n < 0)
		return "";
	if (cpu)
		snprintf(to, 32, "%lldm", (long long)n);
	else
		snprintf(to, 32, "%lld", (long long)n);
	return to;
}

static void print_vertical(
	void *context, tw_time at, const struct tw_vertical_view *vertical)
{
	char age[TW_AGE_TEXT], cpu[32], memory[32];

	print_time(context, at);
	fprintf(context, "%-40s %-17s %-7s %-12s %-10s %s\n", vertical->name,
		vertical->mode,
		vertical->provided ? amount(vertical->cpu, true, cpu) : "",
		vertical->provided ? amount(vertical->memory, false, memory)
				   : "",
		vertical->provided ? "True" : "", tw_age_text(at, age));
}

static void print_event(void *context, const struct tw_timeline_event *event)
{
	char object[300];

	snprintf(object, sizeof object, "%s/%s", event->kind, event->object);
	for (char *c = object; *c && *c != '/'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	print_time(context, event->at);
	fprintf(context, "%-8s %-22s %-45s %s\n",
		event->warning ? "Warning" : "Normal", event->reason, object,
		event->message);
}

/* ---- which ---------------------------------------------------------- */

static const struct {
	const char *name, *heading;
	struct tw_watcher watcher;
} kinds[] = {
	{"pods",
		"TIME      NAME                                     READY   "
		"STATUS              RESTARTS     AGE     NODE",
		{.pod = print_pod}},
	{"nodes",
		"TIME      NAME                                     "
		"STATUS                      AGE     PODS",
		{.node = print_node}},
	{"deployments",
		"TIME      NAME                                     READY   "
		"UP-TO-DATE   AVAILABLE   AGE",
		{.workload = print_workload}},
	{"vpa",
		"TIME      NAME                                     MODE       "
		"       CPU     MEM          PROVIDED   AGE",
		{.vertical = print_vertical}},
	{"events",
		"TIME      TYPE     REASON                 OBJECT              "
		" "
		"                         MESSAGE",
		{.event = print_event}},
};

#define N_KINDS (sizeof kinds / sizeof *kinds)

int tw_watch_init(struct tw_watcher *watcher, const char *what, FILE *out,
	struct tw_error *error)
{
	const char *names[N_KINDS], *nearest;

	for (size_t i = 0; i < N_KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(what, names[i]))
			continue;
		*watcher = kinds[i].watcher;
		watcher->context = out;
		return 0;
	}
	nearest = tw_nearest(what, names, N_KINDS);
	return tw_fail(error, TW_E_USAGE,
		"--watch shows pods, nodes, deployments, vpa or events, not "
		"'%s'%s%s%s",
		what, nearest ? "; did you mean '" : "", nearest ? nearest : "",
		nearest ? "'?" : "");
}

void tw_watch_begin(const struct tw_watcher *watcher, const char *what)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (!strcmp(what, kinds[i].name))
			fprintf(watcher->context, "%s\n", kinds[i].heading);
}
