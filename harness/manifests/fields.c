/*
 * Fields that Kubernetes does not have: `kubectl apply` refuses them, others
 * (clients without strict validation) drop them without a word, and the reader
 * thinks that they are in force. Each object of a known kind is walked through
 * the table of its types; what the table leaves open is not looked at.
 *
 * Source: Kubernetes 1.36, staging/src/k8s.io/api/{core,apps,batch,policy,
 * networking,autoscaling,storage,scheduling}/…/types.go; KEDA 2.17,
 * ScaledObject specification. Field names, and nothing else.
 */
#include "harness/manifests/reader.h"

#include "twins/base/text.h"

/* A type, and its fields: "name" is anything, "name:Type" (or a list of such)
 * is of another type of the table. */
struct type {
	const char *name, *fields;
};

#define OBJECT "apiVersion kind metadata:ObjectMeta status "
#define TERMS  "requiredDuringSchedulingIgnoredDuringExecution:"
#define WISHES "preferredDuringSchedulingIgnoredDuringExecution:"

static const struct type types[] = {
	{"ObjectMeta",
		"name generateName namespace labels annotations finalizers "
		"ownerReferences uid resourceVersion generation selfLink "
		"creationTimestamp deletionTimestamp "
		"deletionGracePeriodSeconds managedFields"},
	{"LabelSelector", "matchLabels matchExpressions:Requirement"},
	{"Requirement", "key operator values"},

	/* apps/v1 */
	{"Deployment", OBJECT "spec:DeploymentSpec"},
	{"DeploymentSpec",
		"replicas selector:LabelSelector template:PodTemplate "
		"strategy:RollingStrategy minReadySeconds "
		"revisionHistoryLimit paused progressDeadlineSeconds "
		"podReplacementPolicy"},
	{"RollingStrategy", "type rollingUpdate:RollingUpdate"},
	{"RollingUpdate", "maxSurge maxUnavailable"},
	{"StatefulSet", OBJECT "spec:StatefulSetSpec"},
	{"StatefulSetSpec",
		"replicas selector:LabelSelector template:PodTemplate "
		"volumeClaimTemplates:PersistentVolumeClaim serviceName "
		"podManagementPolicy "
		"updateStrategy:OrderedStrategy revisionHistoryLimit "
		"minReadySeconds "
		"persistentVolumeClaimRetentionPolicy:Retention "
		"ordinals:Ordinals"},
	{"OrderedStrategy", "type rollingUpdate:OrderedUpdate"},
	{"OrderedUpdate", "partition maxUnavailable"},
	{"Retention", "whenDeleted whenScaled"},
	{"Ordinals", "start"},
	{"DaemonSet", OBJECT "spec:DaemonSetSpec"},
	{"DaemonSetSpec", "selector:LabelSelector template:PodTemplate "
			  "updateStrategy:RollingStrategy minReadySeconds "
			  "revisionHistoryLimit"},
	{"ReplicaSet", OBJECT "spec:ReplicaSetSpec"},
	{"ReplicaSetSpec", "replicas minReadySeconds selector:LabelSelector "
			   "template:PodTemplate"},

	/* batch/v1 */
	{"Job", OBJECT "spec:JobSpec"},
	{"JobSpec",
		"parallelism completions activeDeadlineSeconds "
		"podFailurePolicy:FailurePolicy successPolicy:SuccessPolicy "
		"backoffLimit backoffLimitPerIndex maxFailedIndexes "
		"selector:LabelSelector manualSelector template:PodTemplate "
		"ttlSecondsAfterFinished completionMode suspend "
		"podReplacementPolicy managedBy scheduling"},
	{"FailurePolicy", "rules:FailureRule"},
	{"FailureRule",
		"action onExitCodes:OnExitCodes onPodConditions:OnCondition"},
	{"OnExitCodes", "containerName operator values"},
	{"OnCondition", "type status"},
	{"SuccessPolicy", "rules:SuccessRule"},
	{"SuccessRule", "succeededIndexes succeededCount"},
	{"CronJob", OBJECT "spec:CronJobSpec"},
	{"CronJobSpec",
		"schedule timeZone startingDeadlineSeconds concurrencyPolicy "
		"suspend jobTemplate:JobTemplate successfulJobsHistoryLimit "
		"failedJobsHistoryLimit"},
	{"JobTemplate", "metadata:ObjectMeta spec:JobSpec"},

	/* core/v1: pods */
	{"Pod", OBJECT "spec:PodSpec"},
	{"PodTemplate", "metadata:ObjectMeta spec:PodSpec"},
	{"PodSpec",
		"volumes:Volume initContainers:Container containers:Container "
		"ephemeralContainers restartPolicy "
		"terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy "
		"nodeSelector serviceAccountName serviceAccount "
		"automountServiceAccountToken nodeName hostNetwork hostPID "
		"hostIPC shareProcessNamespace securityContext "
		"imagePullSecrets hostname subdomain affinity:Affinity "
		"schedulerName tolerations:Toleration hostAliases "
		"priorityClassName priority dnsConfig:DnsConfig readinessGates "
		"runtimeClassName enableServiceLinks preemptionPolicy overhead "
		"topologySpreadConstraints:Spread setHostnameAsFQDN os "
		"hostUsers schedulingGates resourceClaims resources:Resources "
		"hostnameOverride workloadRef schedulingGroup"},
	{"Container",
		"name image command args workingDir ports:ContainerPort "
		"envFrom:EnvFrom env:EnvVar resources:Resources resizePolicy "
		"restartPolicy restartPolicyRules volumeMounts:VolumeMount "
		"volumeDevices livenessProbe:Probe readinessProbe:Probe "
		"startupProbe:Probe lifecycle:Lifecycle terminationMessagePath "
		"terminationMessagePolicy imagePullPolicy securityContext "
		"stdin stdinOnce tty"},
	{"ContainerPort", "name hostPort containerPort protocol hostIP"},
	{"EnvFrom", "prefix configMapRef secretRef"},
	{"EnvVar", "name value valueFrom:EnvSource"},
	{"EnvSource", "fieldRef resourceFieldRef configMapKeyRef secretKeyRef "
		      "fileKeyRef"},
	{"Resources", "limits requests claims"},
	{"VolumeMount", "name readOnly recursiveReadOnly mountPath subPath "
			"mountPropagation subPathExpr"},
	{"Probe", "exec:Exec httpGet:HttpGet tcpSocket:TcpSocket grpc:Grpc "
		  "initialDelaySeconds timeoutSeconds periodSeconds "
		  "successThreshold failureThreshold "
		  "terminationGracePeriodSeconds"},
	{"Exec", "command"},
	{"HttpGet", "path port host scheme httpHeaders"},
	{"TcpSocket", "port host"},
	{"Grpc", "port service"},
	{"Lifecycle", "postStart:Hook preStop:Hook stopSignal"},
	{"Hook", "exec:Exec httpGet:HttpGet tcpSocket:TcpSocket sleep:Sleep"},
	{"Sleep", "seconds"},
	{"DnsConfig", "nameservers searches options"},
	{"Toleration", "key operator value effect tolerationSeconds"},
	{"Spread", "maxSkew topologyKey whenUnsatisfiable "
		   "labelSelector:LabelSelector minDomains nodeAffinityPolicy "
		   "nodeTaintsPolicy matchLabelKeys"},
	{"Affinity", "nodeAffinity:NodeAffinity podAffinity:PodAffinity "
		     "podAntiAffinity:PodAffinity"},
	{"NodeAffinity", TERMS "NodeTerms " WISHES "NodeWish"},
	{"NodeTerms", "nodeSelectorTerms:NodeTerm"},
	{"NodeTerm", "matchExpressions:Requirement matchFields:Requirement"},
	{"NodeWish", "weight preference:NodeTerm"},
	{"PodAffinity", TERMS "PodTerm " WISHES "PodWish"},
	{"PodTerm", "labelSelector:LabelSelector namespaces topologyKey "
		    "namespaceSelector:LabelSelector matchLabelKeys "
		    "mismatchLabelKeys"},
	{"PodWish", "weight podAffinityTerm:PodTerm"},
	{"Volume", "name hostPath emptyDir:EmptyDir gcePersistentDisk "
		   "awsElasticBlockStore gitRepo secret nfs iscsi glusterfs "
		   "persistentVolumeClaim:ClaimSource rbd flexVolume cinder "
		   "cephfs flocker downwardAPI fc azureFile configMap "
		   "vsphereVolume quobyte azureDisk photonPersistentDisk "
		   "projected portworxVolume scaleIO storageos csi ephemeral "
		   "image"},
	{"EmptyDir", "medium sizeLimit"},
	{"ClaimSource", "claimName readOnly"},

	/* core/v1: others */
	{"Service", OBJECT "spec:ServiceSpec"},
	{"ServiceSpec",
		"ports:ServicePort selector clusterIP clusterIPs type "
		"externalIPs sessionAffinity loadBalancerIP "
		"loadBalancerSourceRanges externalName externalTrafficPolicy "
		"healthCheckNodePort publishNotReadyAddresses "
		"sessionAffinityConfig:AffinityConfig ipFamilies "
		"ipFamilyPolicy allocateLoadBalancerNodePorts "
		"loadBalancerClass internalTrafficPolicy trafficDistribution"},
	{"ServicePort", "name protocol appProtocol port targetPort nodePort"},
	{"AffinityConfig", "clientIP:ClientIp"},
	{"ClientIp", "timeoutSeconds"},
	{"PersistentVolumeClaim", OBJECT "spec:ClaimSpec"},
	{"ClaimSpec", "accessModes selector:LabelSelector resources:Resources "
		      "volumeName storageClassName volumeMode dataSource "
		      "dataSourceRef volumeAttributesClassName"},

	/* policy/v1, networking.k8s.io/v1, scheduling and storage */
	{"PodDisruptionBudget", OBJECT "spec:BudgetSpec"},
	{"BudgetSpec", "minAvailable maxUnavailable selector:LabelSelector "
		       "unhealthyPodEvictionPolicy"},
	{"NetworkPolicy", OBJECT "spec:PolicySpec"},
	{"PolicySpec",
		"podSelector:LabelSelector policyTypes ingress:IngressRule "
		"egress:EgressRule"},
	{"IngressRule", "from:Peer ports:PolicyPort"},
	{"EgressRule", "to:Peer ports:PolicyPort"},
	{"Peer", "podSelector:LabelSelector namespaceSelector:LabelSelector "
		 "ipBlock:IpBlock"},
	{"IpBlock", "cidr except"},
	{"PolicyPort", "protocol port endPort"},
	{"Ingress", OBJECT "spec:IngressSpec"},
	{"IngressSpec", "ingressClassName defaultBackend:Backend tls:Tls "
			"rules:HostRule"},
	{"Tls", "hosts secretName"},
	{"HostRule", "host http:HttpRule"},
	{"HttpRule", "paths:HttpPath"},
	{"HttpPath", "path pathType backend:Backend"},
	{"Backend", "service:BackendService resource"},
	{"BackendService", "name port:BackendPort"},
	{"BackendPort", "name number"},
	{"PriorityClass",
		OBJECT "value globalDefault description preemptionPolicy"},
	{"StorageClass", OBJECT
		"provisioner parameters reclaimPolicy mountOptions "
		"allowVolumeExpansion volumeBindingMode allowedTopologies"},

	/* autoscaling/v2, keda.sh/v1alpha1 */
	{"HorizontalPodAutoscaler", OBJECT "spec:ScalerSpec"},
	{"ScalerSpec", "scaleTargetRef:ScaleTarget minReplicas maxReplicas "
		       "metrics:Metric behavior:Behavior"},
	{"ScaleTarget", "apiVersion kind name"},
	{"Metric", "type resource:ResourceMetric "
		   "containerResource:ContainerMetric pods:PodsMetric "
		   "object:ObjectMetric external:PodsMetric"},
	{"ResourceMetric", "name target:MetricTarget"},
	{"ContainerMetric", "name container target:MetricTarget"},
	{"PodsMetric", "metric:MetricName target:MetricTarget"},
	{"ObjectMetric", "describedObject:ScaleTarget metric:MetricName "
			 "target:MetricTarget"},
	{"MetricName", "name selector:LabelSelector"},
	{"MetricTarget", "type value averageValue averageUtilization"},
	{"Behavior", "scaleUp:ScalingRules scaleDown:ScalingRules"},
	{"ScalingRules", "stabilizationWindowSeconds selectPolicy "
			 "policies:ScalingPolicy tolerance"},
	{"ScalingPolicy", "type value periodSeconds"},
	{"ScaledObject", OBJECT "spec:ScaledSpec"},
	{"ScaledSpec", "scaleTargetRef:ScaledTarget pollingInterval "
		       "initialCooldownPeriod cooldownPeriod idleReplicaCount "
		       "minReplicaCount maxReplicaCount advanced:Advanced "
		       "triggers:Trigger fallback:Fallback"},
	{"ScaledTarget", "apiVersion kind name envSourceContainerName"},
	{"Advanced", "horizontalPodAutoscalerConfig:ScalerConfig "
		     "restoreToOriginalReplicaCount scalingModifiers"},
	{"ScalerConfig", "name behavior:Behavior"},
	{"Trigger", "type name metadata authenticationRef metricType "
		    "useCachedMetrics"},
	{"Fallback", "failureThreshold replicas behavior"},
};

/* The versions whose fields these are; of others nothing is said. */
static const struct {
	const char *group, *version;
} versions[] = {
	{"", "v1"},
	{"apps", "v1"},
	{"batch", "v1"},
	{"policy", "v1"},
	{"networking.k8s.io", "v1"},
	{"scheduling.k8s.io", "v1"},
	{"storage.k8s.io", "v1"},
	{"autoscaling", "v2"},
	{"autoscaling", "v2beta2"},
	{"keda.sh", "v1alpha1"},
};

static const struct type *type_of(struct tw_str name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (tw_str_equal(name, types[i].name))
			return &types[i];
	return NULL;
}

/* The next word of a type's fields; false: there is none. */
static bool next_field(
	const char **at, struct tw_str *name, struct tw_str *type)
{
	size_t n = strcspn(*at, " "), colon;

	if (!n)
		return false;
	colon = strcspn(*at, ": ");
	*name = (struct tw_str){*at, colon};
	*type = (struct tw_str){*at + colon + 1, colon < n ? n - colon - 1 : 0};
	*at += n + ((*at)[n] == ' ');
	return true;
}

/* Of a field of the type; *known says whether it has it. NULL: of no type
 * of the table. */
static const struct type *field_of(
	const struct type *type, const char *key, bool *known)
{
	const char *at = type->fields;
	struct tw_str name, of;

	*known = true;
	while (next_field(&at, &name, &of))
		if (tw_str_equal(name, key))
			return of.n ? type_of(of) : NULL;
	*known = false;
	return NULL;
}

/* ---- where it belongs ------------------------------------------------ */

/* From the object down to a mapping. */
struct place {
	const struct place *above;
	const struct type *type;
	const char *key; /* NULL: of the object itself */
};

static void write_path(const struct place *at, struct tw_buf *to)
{
	if (!at || !at->key)
		return;
	write_path(at->above, to);
	tw_buf_printf(to, "%s%s", to->n ? "." : "", at->key);
}

#define DEEPEST 3

/* The way down to the first type that has the field; `to` gets "template." and
 * so on. */
static bool find_below(
	const struct type *type, const char *key, int depth, struct tw_buf *to)
{
	const char *at = type->fields;
	size_t n = to->n;
	struct tw_str name, of;
	bool known;

	field_of(type, key, &known);
	if (known || !depth)
		return known;
	while (next_field(&at, &name, &of)) {
		const struct type *below = of.n ? type_of(of) : NULL;

		if (!below)
			continue;
		tw_buf_printf(to, "%s%.*s", n ? "." : "", (int)name.n, name.p);
		if (find_below(below, key, depth - 1, to))
			return true;
		tw_buf_cut(to, n);
	}
	return false;
}

/* Nearly the name of a field here; else one of what stands above or below,
 * as where the indentation is wrong. */
static void hint(struct tw_manifest_reader *r, struct tw_diag *diag,
	const struct place *at, const char *key)
{
	TW_VEC(const char *) names = {0};
	const char *fields = at->type->fields;
	struct tw_buf text = {0};
	struct tw_str name, of;
	bool known = false;

	while (next_field(&fields, &name, &of))
		tw_vec_push(&names,
			tw_arena_strndup(&r->diags->arena, name.p, name.n));
	tw_diag_nearest(r->diags, diag, key, names.v, names.n);
	tw_vec_release(&names);
	for (const struct place *up = at->above; !diag->hint && up;
		up = up->above) {
		field_of(up->type, key, &known);
		if (!known)
			continue;
		write_path(up, &text);
		tw_diag_hint(r->diags, diag, "it is a field of %s",
			text.n ? tw_buf_text(&text) : "the object itself");
	}
	if (!diag->hint) {
		write_path(at, &text);
		if (find_below(at->type, key, DEEPEST, &text))
			tw_diag_hint(r->diags, diag, "it is a field of %s",
				tw_buf_text(&text));
	}
	tw_buf_release(&text);
}

static void unknown(struct tw_manifest_reader *r, const struct place *at,
	const struct tw_yaml *key)
{
	struct tw_buf text = {0};
	struct tw_diag *diag;

	write_path(at, &text);
	diag = tw_diag(r->diags, TW_WARNING, key->pos,
		"a %s has no field %s%s%s", r->object->kind,
		text.n ? tw_buf_text(&text) : "", text.n ? "." : "",
		tw_yaml_text(key));
	diag->rule = "unknown-field";
	diag->why = "kubectl refuses it, and where it is let pass it does "
		    "nothing";
	hint(r, diag, at, tw_yaml_text(key));
	tw_buf_release(&text);
}

static void walk(struct tw_manifest_reader *r, const struct place *at,
	const struct tw_yaml *node)
{
	if (tw_yaml_is(node, TW_YAML_SEQUENCE))
		for (size_t i = 0; i < tw_yaml_count(node); i++)
			walk(r, at, tw_yaml_item(node, i));
	if (!tw_yaml_is(node, TW_YAML_MAPPING))
		return;
	for (size_t i = 0; i < node->pairs.n; i++) {
		const struct tw_yaml *key = node->pairs.v[i].key;
		struct place below = {at, NULL, tw_yaml_text(key)};
		bool known = true;

		if (below.key)
			below.type = field_of(at->type, below.key, &known);
		if (!known)
			unknown(r, at, key);
		else if (below.type)
			walk(r, &below, node->pairs.v[i].value);
	}
}

void tw_manifest_fields(struct tw_manifest_reader *r)
{
	struct place top = {.type = type_of(tw_str_of(r->object->kind))};
	size_t i = 0, n = sizeof versions / sizeof *versions;

	while (i < n &&
		(strcmp(r->object->group, versions[i].group) != 0 ||
			strcmp(r->object->version, versions[i].version) != 0))
		i++;
	if (top.type && i < n)
		walk(r, &top, r->object->doc);
}
