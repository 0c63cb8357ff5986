#include "tests/unit/manifests/side.h"

#define POD "containers: [{name: x}]"
#define WORKLOAD(kind, spec, pod)                                              \
	"apiVersion: apps/v1\nkind: " kind "\nmetadata: {name: a}\n"           \
	"spec: {" spec " selector: {matchLabels: {app: a}}, template: "        \
	"{metadata: {labels: {app: a}}, spec: {" pod "}}}\n"
#define ROLLING(kind, key, how)                                                \
	WORKLOAD(kind, key ": {rollingUpdate: {" how "}},", POD)
#define JOB(pod)                                                               \
	"apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n"               \
	"spec: {template: {spec: {" pod "}}}\n"
#define BLOCK(except)                                                          \
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"              \
	"metadata: {name: a}\nspec: {podSelector: {}, ingress: [{from: "       \
	"[{ipBlock: {cidr: 10.0.0.0/8, except: [" except "]}}]}]}\n"

static const struct {
	const char *text, *said; /* NULL: nothing */
} cases[] = {
	/* strategies of Deployments */
	{ROLLING("Deployment", "strategy", "maxSurge: 0, maxUnavailable: 0"),
		"may not be 0 where maxSurge is 0"},
	{ROLLING("Deployment", "strategy", "maxSurge: 0%, maxUnavailable: 0"),
		"may not be 0 where maxSurge is 0"},
	{ROLLING("Deployment", "strategy", "maxSurge: 0"), NULL},
	{ROLLING("Deployment", "strategy", "maxSurge: -1"),
		"maxSurge is a number of pods or a percentage, not '-1'"},
	{ROLLING("Deployment", "strategy", "maxSurge: a few"), "not 'a few'"},
	{ROLLING("Deployment", "strategy", "maxSurge: '25'"), "not '25'"},
	{ROLLING("Deployment", "strategy", "maxSurge: '25%'"), NULL},
	{ROLLING("Deployment", "strategy", "maxSurge: 150%"), NULL},
	{ROLLING("Deployment", "strategy", "maxUnavailable: 101%"),
		"maxUnavailable is at most 100%"},
	{WORKLOAD("Deployment", "strategy: {type: Rolling},", POD),
		"type is RollingUpdate or Recreate, not 'Rolling'"},
	{WORKLOAD("Deployment",
		 "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}},",
		 POD),
		"rollingUpdate may not be there with type Recreate"},
	{WORKLOAD("Deployment", "minReadySeconds: 600,", POD),
		"progressDeadlineSeconds (600) must be more than"},
	{WORKLOAD("Deployment",
		 "minReadySeconds: 600, progressDeadlineSeconds: 601,", POD),
		NULL},
	/* of DaemonSets and StatefulSets */
	{ROLLING("DaemonSet", "updateStrategy", "maxSurge: 1"),
		"maxSurge may not be there where maxUnavailable is not 0"},
	{ROLLING("DaemonSet", "updateStrategy",
		 "maxSurge: 1, maxUnavailable: 0"),
		NULL},
	{ROLLING("DaemonSet", "updateStrategy", "maxUnavailable: 0"),
		"may not be 0 where maxSurge is 0"},
	{ROLLING("DaemonSet", "updateStrategy",
		 "maxSurge: 101%, maxUnavailable: 0"),
		"maxSurge is at most 100%"},
	{ROLLING("StatefulSet", "updateStrategy", "maxUnavailable: 0"),
		"maxUnavailable may not be 0"},
	{WORKLOAD("StatefulSet", "podManagementPolicy: Paralel,", POD),
		"podManagementPolicy is OrderedReady or Parallel"},
	{WORKLOAD("StatefulSet", "updateStrategy: {type: Recreate},", POD),
		"type is RollingUpdate or OnDelete"},
	/* pods */
	{WORKLOAD("Deployment", "", POD ", restartPolicy: Never"),
		"restartPolicy of a Deployment's pods can only be Always"},
	{JOB(POD), "restartPolicy of a Job's pods is OnFailure or Never"},
	{JOB(POD ", restartPolicy: Always"), "is OnFailure or Never"},
	{JOB(POD ", restartPolicy: OnFailure"), NULL},
	{WORKLOAD("Deployment", "",
		 POD ", tolerations: [{key: a, operator: Exists, value: b}]"),
		"with 'operator: Exists' has no value"},
	{WORKLOAD("Deployment", "",
		 POD ", tolerations: [{key: a, operator: Exists, "
		     "effect: NoSchedule, tolerationSeconds: 3}]"),
		"tolerationSeconds needs 'effect: NoExecute'"},
	{WORKLOAD("Deployment", "",
		 POD ", topologySpreadConstraints: [{maxSkew: 1, "
		     "topologyKey: k}]"),
		"whenUnsatisfiable is missing"},
	{WORKLOAD("Deployment", "",
		 POD ", topologySpreadConstraints: [{maxSkew: 1, "
		     "topologyKey: k, whenUnsatisfiable: Never}]"),
		"whenUnsatisfiable is DoNotSchedule or ScheduleAnyway"},
	{WORKLOAD("Deployment", "",
		 POD ", topologySpreadConstraints: [{maxSkew: 1, minDomains: "
		     "2, topologyKey: k, whenUnsatisfiable: ScheduleAnyway}]"),
		"minDomains needs 'whenUnsatisfiable: DoNotSchedule'"},
	{WORKLOAD("Deployment", "", "containers: [{name: x}, {name: x}]"),
		"two containers have the name 'x'"},
	{WORKLOAD("Deployment", "",
		 "containers: [{name: x, ports: [{name: p, containerPort: 80}, "
		 "{name: p, containerPort: 81}]}]"),
		"two ports of a container have the name 'p'"},
	/* others */
	{"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
	 "spec: {ports: [{port: 80}], sessionAffinity: clientIP}\n",
		"sessionAffinity is None or ClientIP, not 'clientIP'"},
	{"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
	 "spec: {ports: [{port: 80}], externalTrafficPolicy: Local}\n",
		"externalTrafficPolicy needs type NodePort or LoadBalancer"},
	{"apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"
	 "metadata: {name: a}\nvalue: 1000000001\n",
		"1000000001 is not in"},
	{BLOCK("10.1.0.0/16"), NULL},
	{BLOCK("192.168.0.0/16"), "lies within `cidr`"},
	{BLOCK("10.0.0.0/8"), "lies within `cidr`"},
};

START_TEST(what_the_api_server_refuses)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct side s;
		int status;

		side_start(&s);
		side_file(&s, "a.yaml", cases[i].text);
		status = side_read(&s, "a.yaml");
		ck_assert_msg(status == (cases[i].said ? -1 : 0), "%s:\n%s",
			cases[i].text, tw_buf_text(&s.text));
		ck_assert_msg(!cases[i].said || side_said(&s, cases[i].said),
			"%s:\n%s", cases[i].said, tw_buf_text(&s.text));
		side_end(&s);
	}
}
END_TEST

TW_TESTS("manifests/refused", what_the_api_server_refuses)
