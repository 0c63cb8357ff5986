/*
 * A check: one sentence that a deployment must satisfy.
 *
 *	p99(latency{service="shop/frontend"}) by (endpoint) <= baseline * 1.10
 *	ratio(errors{side="server"}) by (service) <= baseline + 0.1pp
 *	recovery_time(ratio(errors) <= 1%) <= 30s
 *
 *	check    = measure [by] (compare limit | equal)
 *	measure  = aggregate "(" metric [selectors] ")" [by]
 *	         | share [ "(" [selectors] ")" | selectors ] [by]
 *	         | "ratio" "(" "latency" [selectors] ">" (time | quantile) ")"
 *	         | "recovery_time" "(" check ")"      the limit in it a constant
 *	         | "time" "(" check ")"               likewise
 *	         | "burn_rate" "(" ("errors" | "timeouts") [selectors] [by] ","
 *	           objective [ "," window ] ")"
 *	         | "recovers" "(" [ check ] ")"       likewise
 *	share    = "utilization" | "throttled"
 *	by       = "by" "(" label { "," label } ")"
 *	selectors= "{" label ("=" | "!=" | "=~" | "!~") "text" { "," ... } "}"
 *	compare  = "<=" | "<" | ">=" | ">"
 *	limit    = constant | "baseline" ["*" factor] { ("+" | "-") margin }
 *	         | "baseline" ("+" | "-") larger
 *	larger   = "max" "(" share "," absolute ")"
 *	equal    = "within" (margin { "+" margin } | larger) "of" "baseline"
 *
 * What is measured, in each trial, over all calls that match:
 *
 *	p50 p90 p95 p99 p99.9(latency)
 *	            the quantile of how long calls took, errors included, from
 *	            the histogram (its relative error is in histogram.h)
 *	mean(latency), max(latency)
 *	ratio(errors)    calls that ended otherwise than well / calls
 *	ratio(timeouts)  calls whose time was up / calls; they are errors too
 *	ratio(retries)   tries beyond the first / calls: may pass 100%
 *	ratio(shed)      calls refused at once (queue full, nobody ready)/calls
 *	ratio(overflow)  tries that a circuit breaker refused / calls
 *	ratio(denied)    retries that no budget was left for / calls
 *	ratio(connects)  connections that were set up / calls
 *	ratio(limited)   tries that a rate limit refused / calls
 *	ratio(rejected)  calls that the application's own breaker or bulkhead
 *	                 refused / calls
 *	ratio(ejections) of replicas by callers' outlier detection / calls
 *	ratio(latency > 250ms)
 *	            calls that took longer / calls; with a quantile: than that
 *	            of both sides together (the tail, wherever it is)
 *	count(x)    calls that ended (requests), or of the above those that
 *	            went so: in a run, as they are
 *	distance(latency)
 *	            how far the candidate's distribution is from the
 *	            baseline's, as a time: Wasserstein's (quantile.h)
 *	ks(latency) the most that they are apart at one point, as a share:
 *	            Kolmogorov's and Smirnov's. `baseline` of both is what two
 *	            runs of the baseline are from each other
 *	shift(latency)
 *	            how long the candidate's calls take for one of the
 *	            baseline's (quantile.h); `baseline` is 1. It sees all
 *	            times grow better than any quantile, and no tail. Runs are
 *	            put together by their logarithms
 *	rate(requests)
 *	            calls that ended, per second of the run or the window
 *	max(unavailable)
 *	            replicas that should be there and are not: the most at
 *	            once, of the service that is worst
 *	max(queue)  requests waiting: the longest queue of one replica
 *	max(oom_kills)
 *	            containers of one service killed for want of memory, of
 *	            the service that is worst
 *	utilization workers' time in use / workers' time there
 *	throttled   replicas' time with the CPU's quota spent / their time
 *	            with something to compute
 *	max(utilization), max(throttled)
 *	            likewise, of the slice and service where it is most:
 *	            saturation
 *	time(x)     time over a threshold: slices in which x holds, such as
 *	            time(mean(latency) > 250ms); without traffic it does not
 *	burn_rate(errors, 99.9%, 60s)
 *	            how many times faster than the objective allows its
 *	            budget is spent: errors / calls / (1 - objective), in the
 *	            worst window of this length, or in the whole run (Google,
 *	            The Site Reliability Workbook, 2018, chapter 5)
 *	recovery_time(x)
 *	            from the end of the last fault to the start of the first
 *	            slice from which on x holds in each slice that has
 *	            traffic; 0s where it holds from the end on. Never:
 *	            infinite, which no limit admits. Quantiles within x are
 *	            of one slice, where only mean and max are kept: use
 *	            these, a ratio or a rate
 *	recovers(x) in a scenario with a `search`: the smallest trigger after
 *	            which x does not hold again in the time that the search
 *	            gives. Larger is better: `>= baseline * 0.9`, `>= 20s`.
 *	            Without x: errors within 5pp, and the mean latency within
 *	            twice that and 10 ms, of the same run without the fault.
 *
 * Labels: service, endpoint, caller, zone, side, window. `service` is who is
 * called. side is "client", what the caller saw, all tries together, or
 * "server", one try as a replica saw it. The default is "client"; retries
 * and what proxies do (overflow, denied …) exist there alone. window is
 *"before", "during" or "after" the faults, by when a call began; all three
 *where none is said. zone is the replica's on the server's side, the caller's
 *on the client's. Calls of the client's side from within and from without are
 *not added up: where neither service nor caller is selected or grouped by, only
 *calls from outside count (caller="outside"): `ratio(errors)` is what users
 *see. unavailable, queue, oom_kills, utilization and throttled know service and
 *window only.
 *
 * `by` makes a group of each combination of these labels that occurs; each
 * is judged by itself.
 *
 * Quantities have units: latency 250ms, ratios 1% (or 0.01), recovery_time
 * 30s, rate 100/s (or 100), counts plain. After `baseline`, `+ 10%` is
 * relative (10% of the baseline), `+ 0.1pp` is percentage points and `+ 5ms`
 * absolute. Terms add up: `baseline * 1.10 + 1ms` allows 10% and, so that a
 * tiny baseline is not judged on microseconds, 1 ms on top.
 *
 * `baseline + max(10%, 1ms)` allows the larger of the two instead.
 *
 * Which question that asks: `<= baseline + 10%` whether the candidate is not
 * worse by more than that (non-inferiority), `<= baseline * 0.9` or `<
 * baseline` whether it is better (superiority), `within 5% of baseline`
 * whether it is the same, neither less nor more (equivalence: two one-sided
 * tests, D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987, 657-680).
 *
 * Regular expressions are anchored (regex.h).
 */
#ifndef TW_GATE_CHECK_H
#define TW_GATE_CHECK_H

#include "twins/base/regex.h"
#include "twins/base/error.h"
#include "twins/base/units.h"

enum tw_metric {
	TW_METRIC_LATENCY,
	TW_METRIC_ERRORS,
	TW_METRIC_TIMEOUTS,
	TW_METRIC_RETRIES,
	TW_METRIC_SHED,
	TW_METRIC_OVERFLOW,
	TW_METRIC_DENIED,
	TW_METRIC_EJECTIONS,
	TW_METRIC_CONNECTS,
	TW_METRIC_LIMITED,
	TW_METRIC_REJECTED,
	TW_METRIC_REQUESTS,
	TW_METRIC_UNAVAILABLE,
	TW_METRIC_QUEUE,
	TW_METRIC_OOM_KILLS,
	TW_METRIC_UTILIZATION,
	TW_METRIC_THROTTLED,
	TW_METRIC_RECOVERY,
	TW_METRIC_RECOVERS,
	TW_METRIC_SLOW,
	TW_METRIC_TIME,
	TW_METRICS,
};

/* Of a service's replicas, not of calls. */
static inline bool tw_metric_is_gauge(enum tw_metric metric)
{
	return metric == TW_METRIC_UNAVAILABLE || metric == TW_METRIC_QUEUE ||
	       metric == TW_METRIC_OOM_KILLS ||
	       metric == TW_METRIC_UTILIZATION || metric == TW_METRIC_THROTTLED;
}

enum tw_aggregate {
	TW_AGG_QUANTILE,
	TW_AGG_MEAN,
	TW_AGG_MAX,
	TW_AGG_RATIO,
	TW_AGG_RATE,
	TW_AGG_SHARE, /* utilization, throttled */
	TW_AGG_RECOVERY,
	TW_AGG_RECOVERS,
	TW_AGG_COUNT,
	TW_AGG_TIME,
	TW_AGG_BURN,
	TW_AGG_DISTANCE,
	TW_AGG_KS,
	TW_AGG_SHIFT,
};

enum tw_check_label {
	TW_LABEL_SERVICE,
	TW_LABEL_ENDPOINT,
	TW_LABEL_CALLER,
	TW_LABEL_ZONE,
	TW_LABEL_SIDE,
	TW_LABEL_WINDOW,
	TW_LABELS,
};

extern const char *const tw_metric_names[TW_METRICS];
extern const char *const tw_check_label_names[TW_LABELS];
extern const char *const tw_side_names[2];   /* by enum tw_side */
extern const char *const tw_window_names[3]; /* by enum tw_window */

enum tw_match { TW_MATCH_EQ, TW_MATCH_NE, TW_MATCH_RE, TW_MATCH_NRE };

struct tw_check_selector {
	enum tw_check_label label;
	enum tw_match match;
	const char *value;
	const struct tw_regex *regex; /* TW_MATCH_RE, TW_MATCH_NRE */
	struct tw_pos pos;	      /* of the value */
};

enum tw_compare { TW_LE, TW_LT, TW_GE, TW_GT, TW_WITHIN };

/* What kind of number a measure is. Times are in ns, ratios in ones. */
enum tw_unit { TW_UNIT_TIME, TW_UNIT_RATIO, TW_UNIT_RATE, TW_UNIT_COUNT };

/* factor * baseline + add, at least `floor` away from the baseline; a constant
 * is add alone. TW_WITHIN: as far below as above. */
struct tw_limit {
	bool baseline;
	double factor, add, floor;
	double share; /* where it is within, or has a floor: 1 +- share is
		       * the factor */
};

struct tw_check {
	enum tw_aggregate aggregate;
	enum tw_metric metric;
	double quantile;  /* TW_AGG_QUANTILE: 0.5 .. 0.999; TW_METRIC_SLOW: 0,
			   * or of both sides together */
	double above;	  /* TW_METRIC_SLOW: ns, where there is no quantile */
	double objective; /* TW_AGG_BURN: of calls that end well */
	double span;	  /* and its window, ns; 0: the run */
	TW_VEC(struct tw_check_selector) selectors;
	bool by[TW_LABELS];
	enum tw_compare compare;
	struct tw_limit limit;
	struct tw_check *inner; /* time: what holds; recovery_time, recovers:
				 * what has to hold again; recovers: NULL: as
				 * without it */
	/* recovers: of the trigger, time or count; for the caller to set
	 * where the limit does not tell. */
	enum tw_unit trigger;

	const char *text; /* canonical: parses to the same check */
	/* canonical, without the figures of the limit: what a history of
	 * test results is kept under */
	const char *name;
	struct tw_pos pos; /* of the whole, in the file it was written in */

	/* For the caller to set. */
	TW_VEC(const char *) scenarios; /* globs; none: every scenario */
	bool muted; /* judged and shown, without a say in the verdict */
};

/*
 * `base` is where text[0] stands in its file. Findings are added to diags,
 * with their line and column; -1 where there was an error. The check's
 * strings live in the arena.
 */
int tw_check_parse(struct tw_check *check, struct tw_arena *arena,
	struct tw_str text, struct tw_pos base, struct tw_diags *diags);

/* Counts of what a caller did: they exist on the client's side alone. */
static inline bool tw_metric_is_callers(enum tw_metric metric)
{
	return metric >= TW_METRIC_RETRIES && metric < TW_METRIC_REQUESTS &&
	       metric != TW_METRIC_SHED;
}

bool tw_check_applies(const struct tw_check *check, const char *scenario);

enum tw_unit tw_check_unit(const struct tw_check *check);

/* Does a label's value pass all selectors of that label? */
bool tw_check_selects(const struct tw_check *check, enum tw_check_label label,
	const char *value);
/* Is there a selector or a group of this label? */
bool tw_check_names(const struct tw_check *check, enum tw_check_label label);

/* "12.5ms", "0.42%", "3", "120/s"; infinity is "never" for times. Four
 * significant digits. A difference has its sign and ratios in "pp". */
#define TW_VALUE_TEXT 40
char *tw_value_text(
	enum tw_unit unit, double value, char to[static TW_VALUE_TEXT]);
char *tw_difference_text(
	enum tw_unit unit, double value, char to[static TW_VALUE_TEXT]);

/* Fills in text and name; the parser does. */
void tw_check_write(struct tw_check *check, struct tw_arena *arena);

/*
 * What is checked where nothing is written: what users of the entry points
 * see, and the two early signs of a collapse. A table, ended by NULL:
 * documented in docs/ and shown by the reports.
 */
extern const char *const tw_default_checks[];

#endif
