/* Systems with claims: manifests and a model, a piece a macro. */
#ifndef TW_TESTS_TWIN_VOLUME_YAML_H
#define TW_TESTS_TWIN_VOLUME_YAML_H

#include "tests/unit/twin/control.h"

#define FRONT(name)                                                            \
	"apiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"          \
	"spec: {selector: {app: " name "}, ports: [{port: 80}]}\n---\n"
#define CLASS(provisioner, more)                                               \
	"apiVersion: storage.k8s.io/v1\nkind: StorageClass\n"                  \
	"metadata: {name: fast}\nprovisioner: " provisioner "\n" more "---\n"
#define WAITS "volumeBindingMode: WaitForFirstConsumer\n"
#define CLAIM(mode)                                                            \
	"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: "       \
	"files}\nspec: {accessModes: [" mode "], storageClassName: fast, "     \
	"resources: {requests: {storage: 1Gi}}}\n---\n"
/* `name` at most 1 Gi of node n-2. */
#define VOLUME(name, size, node)                                               \
	"apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: " name "}\n" \
	"spec: {capacity: {storage: " size "}, accessModes: "                  \
	"[ReadWriteOnce], storageClassName: fast, local: {path: /d}, "         \
	"nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: "    \
	"[{key: kubernetes.io/hostname, operator: In, values: [" node          \
	"]}]}]}}}\n---\n"
#define WEB(replicas, more)                                                    \
	FRONT("web")                                                           \
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"       \
	"spec:\n  replicas: " replicas more                                    \
	"\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: " \
	"{labels: {app: web}}\n    spec: {terminationGracePeriodSeconds: 5, "  \
	"containers: [{name: c, image: 'web:1', resources: {requests: {cpu: "  \
	"3}}, readinessProbe: {httpGet: {path: /, port: 80}, "                 \
	"periodSeconds: 5}}], volumes: [{name: f, persistentVolumeClaim: "     \
	"{claimName: files}}]}\n"
#define SET(replicas) SET_OF(replicas, "3", "fast")
#define SET_OF(replicas, cpu, class)                                           \
	FRONT("web")                                                           \
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n"      \
	"spec:\n  replicas: " replicas                                         \
	"\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: " \
	"{labels: {app: web}}\n    spec: {terminationGracePeriodSeconds: 5, "  \
	"containers: [{name: c, image: 'web:1', resources: {requests: "        \
	"{cpu: " cpu                                                           \
	"}}}]}\n  volumeClaimTemplates:\n    - metadata: {name: data}\n"       \
	"      spec: {accessModes: [ReadWriteOnce], storageClassName: " class  \
		", "                                                           \
		"resources: {requests: {storage: 1Gi}}}\n"
#define MODEL(nodes, more)                                                     \
	"version: 1\nkubernetes: \"1.30\"\nservices:\n  web:\n"                \
	"    startup: 3s\n    endpoints:\n      GET /: [{cpu: 1ms}]\n"         \
	"nodes: " nodes "\nentry: [{service: web}]\n" more
#define ZONES                                                                  \
	"[{name: a, count: 2, cpu: 4, zone: a}, {name: b, count: 2, cpu: 4, "  \
	"zone: b}]"

/* The node of a replica when the run begins. */
static inline const char *node_of(const struct control *it, uint32_t replica)
{
	uint32_t node = it->model->node_of[replica];

	return node == TW_NONE ? "" : it->model->nodes[node].name;
}

#endif
