#include "harness/report/html.h"

struct word {
	const char *name, *meaning;
};

static const struct word words[] = {
	{"verdict",
		"pass: the interval of the excess over the limit is at or "
		"below 0. Fail: it is above 0, and is still so after Holm's "
		"correction over all failing groups. Inconclusive: the "
		"evidence carries neither; that is never a pass."},
	{"baseline, candidate",
		"The mean over the runs of what the check measures in one "
		"run. Run i of both sides has the same traffic, faults and "
		"random numbers."},
	{"difference [95%]",
		"Candidate less baseline, and the two-sided 95% Student "
		"interval of its mean over pairs of runs; pp is percentage "
		"points."},
	{"limit", "The value that the check allows, given this baseline."},
	{"catches",
		"The smallest regression that this check would have failed 9 "
		"times in 10, given the noise of these runs: of the "
		"difference, or where the limit is a constant, the value."},
	{"power", "The same in words, and by how much two sets of as many runs "
		  "of the baseline differ: the noise floor."},
	{"undo", "What of the candidate has to be as in the baseline for the "
		 "scenario to pass: tried, with the same traffic and seeds."},
	{"never", "The condition did not hold again before the run ended."},
	{"new", "The group is in the candidate alone: it has no say."},
	{"muted", "Judged and shown, without a say in the verdict."},
	{"guilty",
		"The call (caller, service, endpoint) at the end of the walk "
		"along the path whose own part changed most: its tries, "
		"calls, errors, queue, work, network or pauses."},
	{"edges", "A call's own part of all that changed, in percent."},
	{"when", "The slice of time from which on the sides differ."},
	{"pods and nodes",
		"Of a workload in the candidate's first run: ready as the "
		"control plane sees it, wanted as its controller, endpoints "
		"as callers see them after their delay; stopping pods have "
		"been deleted and are not gone yet."},
	{"again", "The command that gives the same answer again."},
	{"calls a run",
		"Of one caller to one service, as the caller saw them, all "
		"tries of a call together: the mean over the runs."},
	{"errors", "Calls that ended otherwise than well, time-outs included, "
		   "divided by calls. At a service: of all that call it."},
	{"tries a call", "1 without retries."},
	{"mean time", "Of calls, errors included, over all runs."},
	{"got worse",
		"In the graph, dashed: over 0.5 percentage points more "
		"errors, or 0.02 more tries a call, or a mean time 15% and "
		"0.5ms longer. It is a hint; the checks decide."},
	{"share of calls by time taken",
		"Of all runs together, in steps of 4.4% (16 to a factor of "
		"two)."},
	{"share of calls slower than",
		"The same, added up from the slow end: where the line crosses "
		"p99 are the times of the slowest 1%."},
	{"p50, p90, p99, p99.9",
		"The time within which that share of calls ended: nearest "
		"rank, from the steps drawn, so known to 2.2%. The checks use "
		"finer steps (0.4%) and a value a run, so that theirs may "
		"differ."},
	{"requests a second, share of errors, mean latency, slowest call",
		"Of calls by when they ended, in points of time; the mean over "
		"all runs, of the slowest call the slowest in any."},
	{"longest queue of a replica, replicas unavailable, replicas",
		"The largest in any run; unavailable: that should be there "
		"and are not ready."},
	{"modelled", "The twin behaves differently for the field."},
};

/* What the checks of this report measure. */
static const struct word metrics[TW_METRICS] = {
	[TW_METRIC_LATENCY] = {"latency",
		"how long calls took, errors included"},
	[TW_METRIC_ERRORS] = {"ratio(errors)",
		"calls that ended otherwise than well / calls"},
	[TW_METRIC_TIMEOUTS] = {"ratio(timeouts)",
		"calls whose time was up / calls"},
	[TW_METRIC_RETRIES] = {"ratio(retries)",
		"tries beyond the first / calls"},
	[TW_METRIC_SHED] = {"ratio(shed)",
		"calls refused, queue full or nobody ready / calls"},
	[TW_METRIC_OVERFLOW] = {"ratio(overflow)",
		"tries that a circuit breaker refused / calls"},
	[TW_METRIC_DENIED] = {"ratio(denied)",
		"retries that no budget was left for / calls"},
	[TW_METRIC_EJECTIONS] = {"ratio(ejections)",
		"replicas put out by outlier detection / calls"},
	[TW_METRIC_CONNECTS] = {"ratio(connects)",
		"connections that were set up / calls"},
	[TW_METRIC_LIMITED] = {"ratio(limited)",
		"tries that a rate limit refused / calls"},
	[TW_METRIC_REJECTED] = {"ratio(rejected)",
		"calls that the application's own breaker or bulkhead refused "
		"/ calls"},
	[TW_METRIC_REQUESTS] = {"rate(requests)", "calls that ended, a second"},
	[TW_METRIC_UNAVAILABLE] = {"max(unavailable)",
		"replicas that should be there and are not, of the worst "
		"service"},
	[TW_METRIC_QUEUE] = {"max(queue)", "the longest queue of one replica"},
	[TW_METRIC_OOM_KILLS] = {"max(oom_kills)",
		"containers of the worst service killed for want of memory"},
	[TW_METRIC_UTILIZATION] = {"utilization",
		"workers' time in use / workers' time there"},
	[TW_METRIC_THROTTLED] = {"throttled",
		"replicas' time with their CPU quota spent / their time with "
		"something to compute"},
	[TW_METRIC_RECOVERY] = {"recovery_time",
		"from the end of the last fault until the condition holds for "
		"good"},
	[TW_METRIC_RECOVERS] = {"recovers",
		"the smallest fault after which the condition does not hold "
		"again in time; larger is better"},
	[TW_METRIC_SLOW] = {"slow",
		"calls that took longer than the time given"},
	[TW_METRIC_TIME] = {"time",
		"time over a threshold: slices of time with traffic in which "
		"the condition holds"},
};

/* And how it is put together. */
static const struct word aggregates[] = {
	[TW_AGG_COUNT] = {"count", "how many there were, in a run"},
	[TW_AGG_BURN] = {"burn_rate",
		"how many times faster than the objective admits its errors "
		"came, in the worst window of that length"},
	[TW_AGG_DISTANCE] = {"distance",
		"how far the candidate's distribution of latency is from the "
		"baseline's, as a time (Wasserstein's)"},
	[TW_AGG_KS] = {"ks",
		"the most that the two distributions are apart at one point, "
		"as a share (Kolmogorov's and Smirnov's)"},
	[TW_AGG_SHIFT] = {"shift",
		"how long the candidate's calls take for one of the "
		"baseline's: the median of all such quotients (Hodges' and "
		"Lehmann's); 100% is as long"},
};

#define N_AGGREGATES (sizeof aggregates / sizeof *aggregates)

struct used {
	bool metrics[TW_METRICS], aggregates[N_AGGREGATES];
};

static void use(const struct tw_check *check, struct used *used)
{
	used->metrics[check->metric] = true;
	if ((size_t)check->aggregate < N_AGGREGATES)
		used->aggregates[check->aggregate] = true;
	if (check->inner)
		use(check->inner, used);
}

static void word(struct tw_html *html, const struct word *it)
{
	tw_html_element(html, "dt", it->name);
	tw_html_element(html, "dd", it->meaning);
	tw_buf_add_char(html->out, '\n');
}

void tw_html_words(struct tw_html *html)
{
	const struct tw_gate_result *gate = html->report->gate;
	struct used used = {0};

	for (size_t i = 0; i < gate->scenarios.n; i++)
		for (size_t c = 0; c < gate->scenarios.v[i]->checks.n; c++)
			use(gate->scenarios.v[i]->checks.v[c]->check, &used);
	tw_buf_add_text(html->out,
		"<section id=\"words\" aria-labelledby=\"words-title\">\n"
		"<h2 id=\"words-title\">What the figures mean</h2>\n"
		"<div class=\"card\"><dl class=\"definitions\">\n");
	for (size_t i = 0; i < TW_METRICS; i++)
		if (used.metrics[i] && metrics[i].name)
			word(html, &metrics[i]);
	for (size_t i = 0; i < N_AGGREGATES; i++)
		if (used.aggregates[i] && aggregates[i].name)
			word(html, &aggregates[i]);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		word(html, &words[i]);
	tw_buf_add_text(html->out, "</dl></div>\n</section>\n");
}
