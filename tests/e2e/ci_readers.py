"""Annotations, code quality and metrics as their readers take them.

    ci_readers.py annotations|codequality|metrics FILE

annotations: the runner of GitHub Actions (actions/runner, ActionCommand.cs):
a line `::name key=value,...::text`, values and text unescaped; 10 of a level a
step. codequality: docs.gitlab.com, the report format. metrics: OpenMetrics 1.0,
its grammar as far as gauges go, and GitLab's keys, names with their labels.
Prints what was read, one a line; exits with 1 where a reader would not.
"""
import json
import re
import sys


def unescape(text, pairs):
    for code, char in pairs:
        text = text.replace(code, char)
    return text


DATA = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]
PROPERTY = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","),
            ("%25", "%")]


def annotations(text):
    seen = {}
    for line in text.splitlines():
        found = re.fullmatch(r"::(error|warning|notice)(?: ([^:]*))?::(.*)", line)
        if not found:
            # Anything else is output of the step.
            assert not line.startswith("::"), line
            continue
        level, properties, message = found.groups()
        values = {}
        for pair in properties.split(","):
            name, value = pair.split("=", 1)
            assert name in ("file", "line", "col", "title"), name
            values[name] = unescape(value, PROPERTY)
        seen[level] = seen.get(level, 0) + 1
        assert not values["file"].startswith("/"), values
        assert len(line) < 65536
        print(level, values["file"], values.get("line", "-"),
              values["title"], json.dumps(unescape(message, DATA)))
    assert all(n <= 10 for n in seen.values()), seen
    assert sum(seen.values()) <= 50, seen


def codequality(text):
    known = set()
    for entry in json.loads(text):
        assert entry["severity"] in ("info", "minor", "major", "critical",
                                     "blocker"), entry
        assert entry["description"] and entry["check_name"]
        assert entry["fingerprint"] not in known, "one fingerprint twice"
        known.add(entry["fingerprint"])
        path = entry["location"]["path"]
        assert not path.startswith(("/", "./")), path
        line = entry["location"]["lines"]["begin"]
        assert isinstance(line, int) and line > 0
        print(entry["severity"], path, line, entry["check_name"])


def metrics(text):
    assert text.endswith("# EOF\n"), "no end"
    family, keys, done = None, set(), set()
    label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(r"([a-z_]+)(\{" + label + "(?:," + label + r")*\})? "
                        r"(\+Inf|-?[0-9.]+(?:e[+-][0-9]+)?)")
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE "):
            family = line.split(" ")[2]
            assert family not in done, f"{family} in two places"
            done.add(family)
            assert line.endswith(" gauge"), line
        elif line.startswith("# HELP "):
            assert line.split(" ")[2] == family, line
        else:
            found = sample.fullmatch(line)
            assert found and found[1] == family, line
            key = found[1] + (found[2] or "")
            assert key not in keys, f"GitLab takes one of two: {key}"
            keys.add(key)
            print(line)
    try:
        from prometheus_client.openmetrics import parser
        list(parser.text_string_to_metric_families(text))
    except ImportError:
        pass


{"annotations": annotations, "codequality": codequality,
 "metrics": metrics}[sys.argv[1]](
     open(sys.argv[2], encoding="utf-8", newline="").read())
