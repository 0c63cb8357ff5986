"""What GitHub's code scanning asks of a SARIF file ("SARIF support for code
scanning"), and the parts of the SARIF 2.1.0 schema that we use.

    sarif_readers.py REPORT.sarif ROOT [RULE...]    the rules that must be there
"""
import json
import os
import sys

LEVELS = {"none", "note", "warning", "error"}


def text(message):
    assert set(message) <= {"text", "markdown"} and message["text"].strip()


def rule(it):
    # What GitHub's table of reportingDescriptor has as required.
    assert set(it) == {"id", "shortDescription", "fullDescription", "help"}, it
    assert it["id"] and len(it["id"]) <= 255
    for name in "shortDescription", "fullDescription", "help":
        text(it[name])
        assert len(it[name]["text"]) <= 1024


def location(it, root):
    assert set(it) <= {"physicalLocation", "id", "message"}
    place = it["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert not uri.startswith("/") and "://" not in uri and " " not in uri, uri
    region = place["region"]
    # All four are required there; the schema has no region without a start.
    assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
    assert region["endLine"] == region["startLine"] >= 1
    assert 1 <= region["startColumn"] < region["endColumn"]
    path = os.path.join(root, uri.replace("%20", " "))
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        assert region["startLine"] <= len(lines), (uri, region)
        line = lines[region["startLine"] - 1]
        assert region["startColumn"] <= len(line) + 1, (uri, region)
    return os.path.exists(path)


def main(report, root, wanted):
    with open(report, encoding="utf-8") as f:
        log = json.load(f)
    assert log["version"] == "2.1.0" and log["$schema"].endswith(".json")
    assert len(log["runs"]) == 1
    run = log["runs"][0]
    driver = run["tool"]["driver"]
    assert driver["name"] == "twinrig" and driver["version"]
    rules = driver["rules"]
    for it in rules:
        rule(it)
    assert len({it["id"] for it in rules}) == len(rules)
    assert len(run["results"]) <= 25000
    found = 0
    prints = []
    for it in run["results"]:
        assert rules[it["ruleIndex"]]["id"] == it["ruleId"]
        assert it["level"] in LEVELS
        text(it["message"])
        assert len(it["locations"]) == 1
        found += location(it["locations"][0], root)
        for other in it.get("relatedLocations", []):
            assert location(other, root) and other["message"]["text"]
            # A link of a message: SARIF 2.1.0, 3.11.6.
            assert "](%d)" % other["id"] in it["message"]["text"]
        # "Code scanning only uses the primaryLocationLineHash": results that
        # share one are one alert.
        prints.append(it["partialFingerprints"]["primaryLocationLineHash"])
    assert all(prints) and len(set(prints)) == len(prints), "one for two"
    assert found == len(run["results"]), "a finding without its file"
    ids = {it["ruleId"] for it in run["results"]}
    assert not set(wanted) - ids, (wanted, ids)
    assert ids == {it["id"] for it in rules}


main(sys.argv[1], sys.argv[2], sys.argv[3:])
