#!/bin/sh
# The JUnit report is well-formed and reads alike in the readers of CI systems;
# the JSON report fits its schema.
set -eu
golden=$TOP/tests/unit/report/golden
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
if command -v xmllint >/dev/null; then
	xmllint --noout "$golden/report.xml"
fi
python3 "$TOP/tests/e2e/junit_readers.py" "$golden/report.xml"
# A report that a reader would misread is told.
sed 's/ errors="2"/ errors="3"/' "$golden/report.xml" >wrong.xml
if python3 "$TOP/tests/e2e/junit_readers.py" wrong.xml 2>/dev/null; then
	echo "wrong totals went unnoticed"
	exit 1
fi
python3 - "$golden/report.json" "$TOP/docs/report.schema.json" <<'END'
import json, sys
report, schema = (json.load(open(f)) for f in sys.argv[1:])
try:
    import jsonschema
except ImportError:
    sys.exit(0)
jsonschema.validate(report, schema)
END
