"""The JUnit report as the readers of CI systems take it.

Each reader below does what its namesake does with the parts of a file that
matter here (which child decides, where the message comes from, which names
must be there), so that a report that one of them would misread fails.

    junit_readers.py REPORT.xml
"""
import sys
import xml.etree.ElementTree as ET


def outcomes(case):
    return [c for c in case if c.tag in ("failure", "error", "skipped")]


def gitlab(root):
    """lib/gitlab/ci/parsers/test/junit.rb: the text of the child alone;
    cases of one classname and name count once."""
    seen = {}
    for case in root.iter("testcase"):
        key = (case.get("classname"), case.get("name"))
        assert key not in seen, f"GitLab drops the second {key}"
        status, output = "success", None
        for tag, name in (("failure", "failed"), ("error", "error"),
                          ("skipped", "skipped")):
            child = case.find(tag)
            if child is not None:
                status, output = name, child.text
                break
        if status in ("failed", "error"):
            assert output and output.strip(), f"GitLab shows nothing: {key}"
        seen[key] = status
    return list(seen.values())


def dorny(root):
    """java-junit-parser.ts: suites right below the root, both names trimmed,
    the details from the text."""
    result = []
    for suite in root.findall("testsuite"):
        suite.get("name").strip()
        assert suite.find("testsuite") is None, "dorny drops nested suites"
        for case in suite.findall("testcase"):
            case.get("name").strip()
            if case.find("failure") is not None or case.find("error") is not None:
                result.append("failed")
            elif case.find("skipped") is not None:
                result.append("skipped")
            else:
                result.append("success")
    return result


def mikepenz(root):
    """testParser.ts: the attribute message, else the first lines of the
    text; file and line for the annotation."""
    result = []
    for case in root.iter("testcase"):
        bad = [c for c in outcomes(case) if c.tag != "skipped"]
        if bad:
            message = bad[0].get("message") or bad[0].text
            first = bad[0].text.split("\n")[0].strip()
            assert " ".join(message.split()) == " ".join(first.split()), first
            assert case.get("file"), "mikepenz has no place to annotate"
        result.append("failed" if bad else
                      "skipped" if outcomes(case) else "success")
    return result


def enricomi(root):
    """python/publish/junit.py: error before failure before skipped; totals
    from the attributes of the suites."""
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    counted = dict(total)
    for suite in root.findall("testsuite"):
        for key in total:
            total[key] += int(suite.get(key))
        for case in suite.findall("testcase"):
            float(case.get("time"))
            counted["tests"] += 1
            for child in outcomes(case):
                counted[{"failure": "failures", "error": "errors",
                         "skipped": "skipped"}[child.tag]] += 1
    assert total == counted, (total, counted)
    for key in total:
        assert int(root.get(key)) == total[key], key
    return total


def jenkins(root):
    """CaseResult.java: a dotted classname is package and class; skipped wins
    over failed; the stack trace is the text."""
    result = []
    for case in root.iter("testcase"):
        assert "." in case.get("classname")
        assert len(outcomes(case)) <= 1, "Jenkins would rank them otherwise"
        result.append(outcomes(case)[0].tag if outcomes(case) else "passed")
    return result


def main():
    root = ET.parse(sys.argv[1]).getroot()
    assert root.tag == "testsuites"
    bad = {"failed", "error", "failure"}
    views = [gitlab(root), dorny(root), mikepenz(root), jenkins(root)]
    for view in views:
        assert [v in bad for v in view] == [v in bad for v in views[0]]
    totals = enricomi(root)
    assert totals["failures"] + totals["errors"] == sum(
        v in bad for v in views[0])
    print(f"{totals['tests']} cases read alike by five readers")


main()
