"""The report: measured and predicted side by side, in Markdown and JSON."""
import bisect
import json
import os
import platform
import statistics
import subprocess

import systems


def ms(ns):
    v = ns / 1e6
    return "%.2f" % v if v < 100 else "%.0f" % v


def off(predicted, measured):
    return (predicted - measured) / measured if measured else None


def percent(x, digits=1):
    return "" if x is None else "%+.*f%%" % (digits, 100 * x)


def median(values):
    values = [abs(v) for v in values if v is not None]
    return statistics.median(values) if values else None


def first_line(argv):
    try:
        said = subprocess.run(argv, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return said.stdout.decode().splitlines()[0].strip()
    except (OSError, IndexError):
        return "?"


def machine():
    model = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    return {"cpus": os.cpu_count(), "model": model,
            "kernel": platform.release(),
            "haproxy": first_line(["haproxy", "-v"]).split(" - ")[0],
            "nginx": first_line(["nginx", "-v"])}


def below_saturation(case):
    """Nothing is overloaded and nothing breaks."""
    return case.load < 1 and not case.fault


def compare(case, result):
    m, p = result["measured"], result["predicted"]
    row = {"case": case.key, "load": case.load, "fit": case.fit,
           "belowSaturation": below_saturation(case),
           "predictedAt": p["at"], "measuredAt": m["begun"],
           "sameClass": m["class"] == p["class"], "measured": m,
           "predicted": p, "off": {}}
    for key in "p50", "p90", "p99", "goodput":
        row["off"][key] = off(p[key], m[key])
    # Where the predicted quantile stands among what was measured.
    row["offByRank"] = {
        key: bisect.bisect_right(m["permilles"], p[key]) / 1001 -
        int(key[1:]) / 100 for key in ("p50", "p90", "p99")}
    row["off"]["errors"] = p["errors"] - m["errors"]
    return row


def medians(rows):
    return {k: median(r["off"][k] for r in rows)
            for k in ("p50", "p90", "p99", "goodput", "errors")}


def said(case):
    words = ["%.0f%%" % (100 * case.load)]
    for name, p in sorted(case.policy.items()):
        if p.try_timeout:
            words.append("%s: %d ms a try" % (name, p.try_timeout / 1e6))
        if p.retries:
            words.append("%d retries on %s" % (p.retries, ", ".join(p.on)))
    if case.fault:
        f = case.fault
        what = {"kill": "a replica of %s is killed" % f.service,
                "lag": "+%d ms to %s" % (f.value / 1e6, f.service),
                "slow": "%s takes %gx as long" % (f.service, f.value / 1000)}
        words.append("%s from %g to %g s" % (
            what[f.kind], f.at * case.seconds, f.until * case.seconds))
    return "; ".join(words)


def pair(m, p, key):
    return "%s / %s" % (ms(m[key]), ms(p[key]))


def gap(row, key):
    """How far off; with the rank instead where hardly any answers stand
    between the two: a quantile at the edge of a group jumps."""
    d, rank = row["off"][key], row["offByRank"][key]
    if abs(d) > 0.1 and abs(rank) < 0.05:
        return "%s (%+.1fpp of the answers)" % (percent(d), 100 * rank)
    return percent(d)


def table(chosen, rows):
    yield ("| case | what | p50 ms | | p90 ms | | p99 ms | | errors | goodput/s"
           " | | outcome |")
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for case, row in zip(chosen, rows):
        m, p, d = row["measured"], row["predicted"], row["off"]
        yield "| %s%s | %s | %s | %s | %s | %s | %s | %s | %.2f%% / %.2f%% | %.0f / %.0f | %s | %s |" % (
            case.key, " (fit)" if case.fit else "", said(case),
            pair(m, p, "p50"), gap(row, "p50"),
            pair(m, p, "p90"), gap(row, "p90"),
            pair(m, p, "p99"), gap(row, "p99"),
            100 * m["errors"], 100 * p["errors"],
            m["goodput"], p["goodput"], percent(d["goodput"]),
            m["class"] if row["sameClass"]
            else "**%s / %s**" % (m["class"], p["class"]))


def noise_table(rows):
    yield ("| case | own CPU | other CPU | steal | generator late p50 / p99 / "
           "max ms | predicted p99, range over seeds ms |")
    yield "|---|---|---|---|---|---|"
    for row in rows:
        m, p = row["measured"], row["predicted"]
        n, late = m["noise"], m["lateness"]
        yield "| %s | %.0f%% | %.0f%% | %.1f%% | %s / %s / %s | %s to %s |" % (
            row["case"], 100 * n["own"], 100 * n["other"], 100 * n["steal"],
            *("%.3f" % (late[k] / 1e6) for k in ("p50", "p99", "max")),
            ms(p["p99Range"][0]), ms(p["p99Range"][1]))


def again_lines(chosen, results):
    for case in chosen:
        first = results.get("%s-%s" % (case.system, case.again), {})
        if not case.again or "measured" not in first:
            continue
        a, b = first["measured"], results[case.key]["measured"]
        yield ("- %s measured twice, the same arrivals, other luck in the "
               "services: p50 %s, p90 %s, p99 %s, goodput %s" % (
                   "%s-%s" % (case.system, case.again),
                   *(percent(off(b[k], a[k]))
                     for k in ("p50", "p90", "p99", "goodput"))))


def summary(rows):
    groups = (
        ("below saturation, predicted before measured",
         [r for r in rows if r["belowSaturation"] and not r["fit"]]),
        ("of those, the fitted systems at other loads and no timeout",
         [r for r in rows if r["belowSaturation"] and not r["fit"] and
          r["case"].split("-", 1)[1] in ("80", "95", "80-again", "95-again")]),
        ("overloaded, or with a fault",
         [r for r in rows if not r["belowSaturation"]]),
        ("what was fitted from (30% and 60%)",
         [r for r in rows if r["fit"]]),
    )
    return [{"name": name, "cases": len(g), "median": medians(g),
             "sameClass": sum(r["sameClass"] for r in g)}
            for name, g in groups if g]


def markdown(chosen, rows, results, groups, host, quick, left_out):
    yield "# Predicted and measured"
    yield ""
    yield "%s, %s, %d CPUs (%s), Linux %s.%s" % (
        host["haproxy"], host["nginx"], host["cpus"], host["model"],
        host["kernel"], " The short run." if quick else "")
    yield ("Measured / predicted, and how far the prediction is off. Fitted "
           "from the cases marked so; the rest were predicted between %s and "
           "%s, before the first of them was measured at %s." % (
               min(r["predictedAt"] for r in rows)[:19],
               max(r["predictedAt"] for r in rows)[:19],
               min((r["measuredAt"] for r in rows if not r["fit"]),
                   default="-")[:19]))
    yield ""
    yield "| median of \\|error\\| | cases | p50 | p90 | p99 | goodput | errors | same outcome |"
    yield "|---|---|---|---|---|---|---|---|"
    for g in groups:
        m = g["median"]
        yield "| %s | %d | %.1f%% | %.1f%% | %.1f%% | %.1f%% | %.2fpp | %d of %d |" % (
            g["name"], g["cases"], *(100 * (m[k] or 0) for k in (
                "p50", "p90", "p99", "goodput", "errors")),
            g["sameClass"], g["cases"])
    yield ""
    yield from table(chosen, rows)
    yield ""
    yield "## How noisy the machine was"
    yield ""
    if left_out:
        yield ("- left out, as they want a quiet machine: %s" %
               ", ".join(left_out))
    yield from again_lines(chosen, results)
    yield ""
    yield from noise_table(rows)


def write(out, chosen, results, quick, left_out):
    rows = [compare(c, results[c.key]) for c in chosen]
    groups, host = summary(rows), machine()
    with open(os.path.join(out, "report.json"), "w") as f:
        json.dump({"version": 1, "quick": quick, "machine": host,
                   "leftOut": left_out,
                   "summary": groups, "cases": rows}, f, indent=1)
    text = "\n".join(markdown(chosen, rows, results, groups, host, quick,
                              left_out))
    with open(os.path.join(out, "report.md"), "w") as f:
        f.write(text + "\n")
    print(text)
