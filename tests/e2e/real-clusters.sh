#!/usr/bin/env bash
# Real systems come up, serve, survive a rollout and lose a node. They are not
# ours: they are read where TWINRIG_DATA has them.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"

data=${TWINRIG_DATA:-$top/../shared/data}
[[ -d $data ]] || skip "no real systems at $data (TWINRIG_DATA)"

# system NAME MANIFESTS DEPLOYMENT: a model is drafted; DEPLOYMENT gets a new
# label in its pods' template.
system() {
	[[ -e $data/$2 ]] || return 0
	mkdir -p "$work/$1/manifests"
	cp -R "$data/$2" "$work/$1/manifests/"
	cd "$work/$1"
	expect 0 timeout 60 "$TWINRIG" init
	python3 - <<'END'
import re
s = open("twinrig.yaml").read()
s = re.sub(r"duration: \S+", "duration: 600s", re.sub(r"rate: \S+", "rate: 5/s", s))
a, b = s.index("scenarios:"), s.index("gate:")
open("twinrig.yaml", "w").write(s[:a] + """scenarios:
  - {name: steady}
  - {name: rollout, rollout: {at: 20s}}
  - name: lost
    faults: [{kind: node-down, node: worker-2, at: 20s, for: 500s}]
""" + s[b:])
END
	commit_all . "$1 as it is"
	for scenario in steady lost; do
		expect 0 timeout 60 "$TWINRIG" run -q --scenario $scenario --json $scenario.json
	done
	python3 - "$3" <<'END'
import sys, glob
name = sys.argv[1]
for path in glob.glob("manifests/**/*.yaml", recursive=True):
    docs = open(path).read().split("\n---")
    for i, d in enumerate(docs):
        if "kind: Deployment" in d and "name: %s\n" % name in d.replace('"', ""):
            docs[i] = d.replace("    spec:\n", "    spec:\n      schedulerName: default-scheduler\n", 1)
    open(path, "w").write("\n---".join(docs))
END
	[[ -n $(repo_git status --porcelain manifests) ]] || fail "$1: nothing was changed"
	timeout 120 "$TWINRIG" gate --no-store --scenario rollout --runs 3 \
		--json rollout.json >out || true
	python3 - "$1" "$3" <<'END' || fail "$1 is not as it should be"
import json, sys
steady = json.load(open("steady.json"))["runs"][0]
roots = [c for c in steady["calls"] if c["caller"] == "outside"
         and c["side"] == "client" and c["window"] == "all"]
assert sum(c["count"] for c in roots) > 2000
assert sum(c["errors"] for c in roots) == 0, "it does not serve"
for w in steady["timeline"]["workloads"]:
    assert w["points"][0]["pending"] == 0, w

lost = json.load(open("lost.json"))["runs"][0]["timeline"]
events = lost["events"]
first = lambda reason: min(e["atNs"] for e in events if e["reason"] == reason) / 1e9
assert 60 <= first("NodeNotReady") <= 76, "grace of 50 s, a look each 5 s"
assert [p["ready"] for p in lost["nodes"]["points"]][:2] == [3, 2]
evicted = first("TaintManagerEviction") - first("Tainted")
assert 299 < evicted < 301, "300 s of toleration"
assert first("Scheduled") >= first("TaintManagerEviction")
for w in lost["workloads"]:
    last = w["points"][-1]
    assert last["ready"] == last["desired"], w

gate = json.load(open("rollout.json"))["scenarios"][0]["timeline"]
row = [w for w in gate["workloads"] if w["name"].endswith("/" + sys.argv[2])][0]
assert len(row["points"]) > 1 and row["points"][-1]["ready"] == row["points"][-1]["desired"]
assert any(e["reason"] == "Killing" for e in gate["events"])
END
}

system boutique k8s-onlineboutique/kubernetes-manifests cartservice
system sock-shop k8s-sockshop/deploy/kubernetes/complete-demo.yaml catalogue
system bookinfo k8s-istio/samples/bookinfo/platform/kube/bookinfo.yaml ratings-v1
system otel-demo otel-demo/kubernetes/opentelemetry-demo.yaml checkout

# Robot Shop's chart asks for helm; it has `if`, `with` and plain values alone.
chart=$data/k8s-robotshop/K8s/helm
if [[ -e $chart ]]; then
	mkdir -p "$work/rendered/robot-shop"
	python3 - "$chart" >"$work/rendered/robot-shop/all.yaml" <<'END'
import pathlib, re, sys

chart = pathlib.Path(sys.argv[1])
known, path = {}, []
for line in (chart / "values.yaml").read_text().splitlines():
    m = re.match(r"( *)(\w+): *(.*)$", line)
    if m:
        path[len(m[1]) // 2:] = [m[2]]
        known[".Values." + ".".join(path)] = \
            "" if m[3] in ("null", "false", "{}") else m[3]
tag = re.compile(r"(\s*{{-[^}]*}}|{{[^}]*}})")
for file in sorted((chart / "templates").glob("*.yaml")):
    print("---")
    on, text = [True], ""
    for part in tag.split(file.read_text()):
        m = re.match(r"\s*{{-? *(if|with|end|else)? *(not )? *([^ }]*)", part)
        if not m:
            text += part if all(on) else ""
        elif m[1] == "end":
            on.pop()
        elif m[1] == "else":
            on[-1] = not on[-1]
        elif m[1]:
            on.append(bool(known.get(m[3])) != bool(m[2]))
        elif all(on):
            text += known[m[3]]
    print(text)
END
	data=$work/rendered system robot-shop robot-shop catalogue
fi
