#!/usr/bin/env bash
# StatefulSets and DaemonSets are rolled out as their controllers do it, Jobs
# and CronJobs bring load.
. "$TOP/tests/e2e/lib.bash"
command -v python3 >/dev/null || skip "no python3"

mkdir -p "$work/sys/deploy" "$work/sys/twins"
cd "$work/sys"
cat >deploy/app.yaml <<'END'
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: db:1
          ports: [{containerPort: 80}]
          resources: {requests: {cpu: 500m}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  selector: {app: db}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      containers:
        - {name: agent, image: "agent:1", resources: {requests: {cpu: 100m}}}
END
cat >deploy/job.yaml <<'END'
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: "*/1 * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      parallelism: 3
      completions: 6
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: "report:1"}]
END
cat >twins/app.yaml <<'END'
version: 1
defaults: {clock: "02:59:30", restart-delay: 3s}
services:
  db:
    endpoints:
      GET /: [{cpu: 4ms}]
nodes:
  - {name: a, count: 3, zone: a, cpu: 2, memory: 8Gi}
END
cat >twins/job.yaml <<'END'
version: 1
services:
  report:
    job:
      runs: 10s
      cpu: 2
      calls: [{call: "db:GET /", rate: 10/s}]
END
cat >twinrig.yaml <<'END'
version: 1
topology: {manifests: [deploy/*.yaml], models: [twins/app.yaml]}
traffic: {rate: 20/s, duration: 120s, entry: db}
scenarios:
  - {name: steady}
END

# --- what no model knows is not run, and said ----------------------------------
expect 0 "$TWINRIG" check -v
said "deploy/job.yaml:1:1: note: CronJob default/report is not run: no model says"
sed -i 's/app.yaml\]}/*.yaml]}/' twinrig.yaml

# --- a CronJob's burst ------------------------------------------------------------
run() { # what happens to pods of report and jobs, one a line
	expect 0 "$TWINRIG" run --watch events
	awk '/report/ {print $1, $3, $4}' "$work/out" >"$work/events"
}
jobs() { grep -c "$1" "$work/events" || true; }
run
[[ $(jobs "SuccessfulCreate cronjob/default/report") == 2 ]] || fail "$(cat "$work/events")"
grep -q '^30s SuccessfulCreate' "$work/events" || fail "not at 03:00"
grep -q '^50s Completed' "$work/events" || fail "six pods by three take 20 s"
expect 0 "$TWINRIG" run -q --json "$work/r.json"
python3 - "$work/r.json" <<'END' || fail "the job does not call"
import json, sys
calls = json.load(open(sys.argv[1]))["runs"][0]["calls"]
mine = [c for c in calls if c["caller"] == "default/report" and c["side"] == "client"]
# Two jobs, six pods each, ten calls a second for ten seconds.
assert len(mine) == 1 and 1170 <= mine[0]["count"] <= 1200, mine
END
# Longer than its period: Forbid waits, Allow does not, Replace kills.
sed -i 's/runs: 10s/runs: 35s/' twins/job.yaml
run
[[ $(jobs JobAlreadyActive) == 1 && $(jobs SuccessfulCreate) == 2 ]] || fail Forbid
grep -q '^1m40s SuccessfulCreate' "$work/events" || fail "it starts when the one before ends"
# Not beyond startingDeadlineSeconds.
sed -i 's/concurrencyPolicy: Forbid/&\n  startingDeadlineSeconds: 5/' deploy/job.yaml
run
[[ $(jobs JobAlreadyActive) == 1 && $(jobs SuccessfulCreate) == 1 ]] || fail startingDeadlineSeconds
sed -i '/startingDeadline/d' deploy/job.yaml
sed -i 's/Forbid/Allow/' deploy/job.yaml
run
grep -q '^1m30s SuccessfulCreate' "$work/events" || fail Allow
! grep -q Killing "$work/events" || fail "Allow kills"
sed -i 's/Allow/Replace/' deploy/job.yaml
run
grep -q '^1m30s Killing' "$work/events" || fail Replace
sed -i 's/Replace/Allow/; s/^      parallelism: 3/      activeDeadlineSeconds: 20\n&/' deploy/job.yaml
run
grep -q '^50s DeadlineExceeded' "$work/events" || fail "no deadline"
sed -i '/activeDeadline/d; s/parallelism: 3/parallelism: 3\n      backoffLimit: 2/' deploy/job.yaml
sed -i 's/runs: 35s/runs: 5s\n      fails: 100%/' twins/job.yaml
run
grep -q '^35s BackoffLimitExceeded' "$work/events" || fail "no limit of failures"
# Doubled with each failure since the last success, and no longer.
sed -i 's/parallelism: 3/parallelism: 1/; s/backoffLimit: 2/backoffLimit: 60/; s/Allow/Forbid/' deploy/job.yaml
sed -i 's/fails: 100%/fails: 50%/' twins/job.yaml
sed -i 's/duration: 120s/duration: 600s/' twinrig.yaml
run
python3 - "$work/events" <<'END' || fail "the back-off of a Job: $(cat "$work/events")"
import re, sys
def seconds(t):
    return sum(int(n) * {"m": 60, "s": 1}[u] for n, u in re.findall(r"(\d+)([ms])", t))
starts = [seconds(line.split()[0]) for line in open(sys.argv[1])
    if " Scheduled " in line]
waits = [b - a - 5 for a, b in zip(starts, starts[1:])]
for before, wait in zip([0] + waits, waits):
    assert wait in (0, 2 * before or 10), waits
pairs = set(zip(waits, waits[1:]))
assert {(10, 20), (20, 40), (20, 0) if (20, 0) in pairs else (80, 0), (0, 10)} <= pairs, waits
END
sed -i 's/duration: 600s/duration: 120s/' twinrig.yaml
# OnFailure: the same pod again, at once, then 10 s later, then 20 s.
sed -i 's/restartPolicy: Never/restartPolicy: OnFailure/; s/backoffLimit: 60/backoffLimit: 3/' deploy/job.yaml
sed -i 's/fails: 50%/fails: 100%/' twins/job.yaml
run
[[ $(grep -c '^.* Scheduled' "$work/events") == 1 ]] || fail "OnFailure makes other pods"
[[ $(awk '$2 == "Started" {printf "%s ", $1}' "$work/events") == "30s 35s 50s 1m15s " ]] ||
	fail "OnFailure: $(cat "$work/events")"
grep -q '^1m15s BackoffLimitExceeded' "$work/events" || fail "restarts are failures, too"
sed -i 's/OnFailure/Never/; s/backoffLimit: 3/backoffLimit: 6/' deploy/job.yaml
# Without completions one pod's success is enough, and nobody comes after it.
sed -i 's/parallelism: 1/parallelism: 3/; /completions: 6/d' deploy/job.yaml
sed -i 's/fails: 100%/fails: 50%/' twins/job.yaml
run
[[ $(jobs Scheduled) == 6 ]] || fail "none comes after the first success: $(cat "$work/events")"
grep -q '^35s Completed' "$work/events" || fail "one success is enough"
cp deploy/job.yaml "$work/job.yaml"
python3 - <<'END'
s = open("deploy/job.yaml").read().split("\n")
s = [l[4:] if l.startswith("      ") else l for l in s
    if not l.startswith(("  schedule", "  concurrency", "  jobTemplate", "    spec:"))]
open("deploy/job.yaml", "w").write("\n".join(s).replace("CronJob", "Job").replace("spec:\n", "spec:\n  suspend: true\n", 1))
END
run
[[ $(jobs Scheduled) == 0 && $(jobs Suspended) == 1 ]] || fail "a suspended Job: $(cat "$work/events")"
sed -i '/suspend/d' deploy/job.yaml
run
[[ $(jobs Scheduled) == 3 && $(jobs Suspended) == 0 ]] || fail "a Job: $(cat "$work/events")"
# A pod that is deleted has failed, too, unless a policy ignores that.
cp twinrig.yaml "$work/twinrig.yaml"
sed -i 's/name: steady/name: steady, drain: [{node: a-2, at: 3s}, {node: a-2, at: 40s}]/' twinrig.yaml
sed -i 's/backoffLimit: 6/backoffLimit: 0/' deploy/job.yaml
sed -i 's/fails: 50%/fails: 0%/; s/runs: 5s/runs: 20s/' twins/job.yaml
run
grep -q '^3s BackoffLimitExceeded' "$work/events" || fail "a drained pod is a failure: $(cat "$work/events")"
policy() { # the rules of a podFailurePolicy
	sed -i '/podFailurePolicy/d' deploy/job.yaml
	sed -i "s/^  backoffLimit: 0/&\n  podFailurePolicy: {rules: [$1]}/" deploy/job.yaml
	run
}
policy '{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}'
[[ $(jobs Scheduled) == 4 && $(jobs BackoffLimitExceeded) == 0 ]] || fail "ignored: $(cat "$work/events")"
grep -q '^1m3s Completed' "$work/events" && fail "it waits for nobody"
policy '{action: FailJob, onPodConditions: [{type: DisruptionTarget}]}'
grep -q '^4s PodFailurePolicy' "$work/events" || fail "fatal: $(cat "$work/events")"
cp "$work/twinrig.yaml" twinrig.yaml
sed -i 's/fails: 0%/fails: 100%, exit-code: 42/' twins/job.yaml
sed -i 's/, exit-code: 42/\n      exit-code: 42/' twins/job.yaml
policy '{action: FailJob, onExitCodes: {operator: In, values: [42]}}'
grep -q '^20s PodFailurePolicy' "$work/events" || fail "an exit code: $(cat "$work/events")"
policy '{action: Ignore, onExitCodes: {operator: NotIn, values: [7, 8]}}'
[[ $(jobs BackoffLimitExceeded) == 0 && $(jobs Scheduled) -ge 6 ]] || fail "ignored: $(cat "$work/events")"
sed -i 's/values: .7, 8./values: [0]/; s/NotIn/In/' deploy/job.yaml
expect 2 "$TWINRIG" check
said 'an exit code of a pod that failed is a number from 1 to 255'
sed -i '/podFailurePolicy/d; s/^  backoffLimit: 0/&\n  successPolicy: {rules: [{succeededCount: 2}]}\n  completions: 9/' deploy/job.yaml
sed -i '/exit-code/d; s/fails: 100%/fails: 0%/' twins/job.yaml
run
grep -q '^20s Completed' "$work/events" || fail "two are enough: $(cat "$work/events")"
sed -i 's/runs: 20s/runs: 5s/; s/fails: 0%/fails: 50%/' twins/job.yaml
cp "$work/job.yaml" deploy/job.yaml
sed -i 's/fails: 50%/fails: 0%/' twins/job.yaml
sed -i 's#\*/1 \* \* \* \*#*/1 * * * * *#' deploy/job.yaml
expect 2 "$TWINRIG" check
said 'deploy/job.yaml:[0-9]+:13: error: .*five fields, this one has more'
sed -i 's#\*/1 \* \* \* \* \*#0 4 * * *#' deploy/job.yaml

# --- of two pods that are away the lower one has to come back first -----------------
cp twinrig.yaml "$work/twinrig.yaml"
sed -i 's/name: steady/name: lost, faults: [{kind: node-down, node: a-2, at: 5s}, {kind: node-down, node: a-3, at: 5s}], scale: [{workload: db, replicas: 1, at: 70s}]/' twinrig.yaml
expect 0 "$TWINRIG" run --watch pods
unsaid 'db-. .*Terminating'
sed -i 's/{kind: node-down, node: a-2, at: 5s}, //' twinrig.yaml
expect 0 "$TWINRIG" run --watch pods
said '1m10s +default/db-2 .*Terminating'
cp "$work/twinrig.yaml" twinrig.yaml

# --- rollouts: the highest ordinal first, one after the other -----------------------
commit_all . "As it runs"
sed -i 's/name: steady/name: steady, rollout: {at: 20s}/' twinrig.yaml
commit_all . "A rollout"
sed -i 's/cpu: 500m/cpu: 400m/; s/cpu: 100m/cpu: 90m/' deploy/app.yaml
killed() { # the pods that were stopped, in order, as "db-2 db-1 db-0"
	"$TWINRIG" gate --no-store --runs 3 --json "$work/g.json" >"$work/out" || true
	python3 - "$1" "$work/g.json" <<'END'
import json, sys
t = json.load(open(sys.argv[2]))["scenarios"][0]["timeline"]
print(" ".join("%s@%d" % (e["object"][8:], e["atNs"] // 10**9)
    for e in t["events"] if e["reason"] == "Killing" and sys.argv[1] in e["object"]))
row = [w for w in t["workloads"] if w["name"] == "default/" + sys.argv[1]][0]
print(row["points"][-1]["ready"], min(p["ready"] for p in row["points"]))
END
}
equal() { [[ $1 == "$2" ]] || fail "$3: $1"; }
equal "$(killed db)" "db-2@20 db-1@21 db-0@22
3 2" "no probe: ready as soon as it runs"
equal "$(killed agent)" "agent-1@20 agent-2@21 agent-3@22
3 2" "one node at a time"
sed -i 's/^  replicas: 3/&\n  updateStrategy: {rollingUpdate: {partition: 2}}/' deploy/app.yaml
equal "$(killed db)" "db-2@20
3 2" "a partition"
sed -i 's/partition: 2/maxUnavailable: 3/' deploy/app.yaml
equal "$(killed db)" "db-2@20 db-1@21 db-0@22
3 2" "maxUnavailable is dropped before 1.37"
sed -i 's/^version: 1/&\nkubernetes: "1.37"/' twins/app.yaml
equal "$(killed db)" "db-2@20 db-1@20 db-0@20
3 0" "maxUnavailable"
sed -i '/^kubernetes:/d' twins/app.yaml
sed -i 's/rollingUpdate: {maxUnavailable: 3}/type: OnDelete/' deploy/app.yaml
equal "$(killed db)" "
3 3" "OnDelete"
python3 - <<'END'
p = "deploy/app.yaml"
s = open(p).read()
s = s.replace("metadata: {name: agent}\nspec:\n", "metadata: {name: agent}\nspec:\n"
    "  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n")
open(p, "w").write(s)
END
killed agent | grep -q '^3 3$' || fail "maxSurge keeps three"
# The next node's turn is when the new pod is available: the old one may stop yet.
sed -i 's/name: agent, image: "agent:1", /&lifecycle: {preStop: {sleep: {seconds: 9}}}, /' deploy/app.yaml
commit_all . "Agents that stop slowly"
sed -i 's/cpu: 90m/cpu: 80m/' deploy/app.yaml
equal "$(killed agent)" "agent-1@20 agent-2@20 agent-3@20
3 3" "maxSurge does not wait for the old pod's end"
