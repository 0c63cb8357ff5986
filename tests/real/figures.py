"""The same figures of both sides, and the class of an outcome."""
import statistics

S = 1_000_000_000

# A second is good where few of its requests failed and they were not much
# slower than work alone (all of its services' mean work, this often).
GOOD_ERRORS = 0.05
GOOD_LATENCY = 5


def quantile(values, q):
    """By nearest rank, as the twin's histogram does."""
    k = -int(-(q * len(values)) // 1)
    return values[max(k, 1) - 1]


def of_measurement(rows, seconds):
    """rows: (due, sent, done, status), ns from the start."""
    latency = sorted(r[2] - r[0] for r in rows)
    errors = sum(not 200 <= r[3] < 400 for r in rows)
    slices = [[0, 0, 0] for _ in range(int(max(r[2] for r in rows) // S) + 1)]
    for due, _, done, status in rows:
        it = slices[done // S]
        it[0] += 1
        it[1] += not 200 <= status < 400
        it[2] += done - due
    return {
        "count": len(rows),
        "p50": quantile(latency, 0.5), "p90": quantile(latency, 0.9),
        "p99": quantile(latency, 0.99),
        "permilles": [quantile(latency, i / 1000) for i in range(1001)],
        "errors": errors / len(rows),
        "goodput": (len(rows) - errors) / seconds,
        "slices": [[n, e, s // n if n else 0] for n, e, s in slices],
    }


def of_run(run, service, seconds):
    """run: of `twinrig run --json`."""
    it = next(c for c in run["calls"] if c["caller"] == "outside" and
              c["side"] == "client" and c["window"] == "all" and
              c["service"] == "real/" + service)
    if it["count"] != run["requests"] or run["refused"]:
        raise RuntimeError("the twin did not answer every request")
    return {
        "count": it["count"],
        "p50": it["latencyNs"]["p50"], "p90": it["latencyNs"]["p90"],
        "p99": it["latencyNs"]["p99"],
        "errors": it["errors"] / it["count"],
        "goodput": (it["count"] - it["errors"]) / seconds,
        "retries": it["retries"] / it["count"],
        "slices": [[s[0], s[1], s[3]] for s in it["slices"]],
    }


def class_of_part(slices, rate, work):
    """healthy: 9 of 10 seconds are good; collapsed: less than half of what
    was asked for is answered well; degraded: between the two."""
    if not slices:
        return "healthy"
    fine = sum(n and e <= GOOD_ERRORS * n and mean <= GOOD_LATENCY * work
               for n, e, mean in slices)
    good = sum(n - e for n, e, _ in slices)
    if good < 0.5 * rate * len(slices):
        return "collapsed"
    return "healthy" if fine >= 0.9 * len(slices) else "degraded"


def outcome(figures, case, system):
    """One word, or with a fault: what it was while it was on, and whether the
    last quarter of the run was healthy again."""
    rate = case.load * system.capacity
    work = sum(s.mean for s in system.services)
    # The first second fills the system, what ends later drains it.
    slices = figures["slices"][:int(case.seconds)]
    if not case.fault:
        return class_of_part(slices[1:], rate, work)
    a, b = (round(x * case.seconds) for x in (case.fault.at, case.fault.until))
    during = class_of_part(slices[a + 1:b], rate, work)
    last = class_of_part(slices[-int(case.seconds / 4):], rate, work)
    return "%s, %s" % (during, "recovered" if last == "healthy"
                       else "not recovered")


def middle(list_of_figures):
    """The median of each figure over the seeds, and its range."""
    out = {}
    for key in "p50", "p90", "p99", "errors", "goodput":
        values = [f[key] for f in list_of_figures]
        out[key] = statistics.median(values)
        out[key + "Range"] = [min(values), max(values)]
    return out
