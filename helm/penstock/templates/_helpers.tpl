{{- define "penstock.name" -}}
{{- default "penstock" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "penstock.fullname" -}}
{{- $name := include "penstock.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "penstock.selector" -}}
app.kubernetes.io/name: {{ include "penstock.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "penstock.labels" -}}
{{ include "penstock.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "penstock.metadata" -}}
name: {{ include "penstock.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "penstock.labels" . | nindent 2 }}
{{- end -}}

{{- define "penstock.serviceAccount" -}}
{{- default (ternary (include "penstock.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "penstock.hasService" -}}
{{- if and (ne .Values.kind "Sidecar") (or .Values.service.enabled .Values.serviceMonitor.enabled (eq .Values.kind "StatefulSet")) -}}yes{{- end -}}
{{- end -}}

{{- /* Host names that requests may have: those of the values, and those by which other pods reach the Service. */ -}}
{{- define "penstock.hosts" -}}
{{- $hosts := .Values.admin.hosts -}}
{{- if include "penstock.hasService" . -}}
{{- $name := include "penstock.fullname" . -}}
{{- $space := printf "%s.%s" $name .Release.Namespace -}}
{{- $hosts = concat $hosts (list $name $space (printf "%s.svc" $space) (printf "%s.svc.cluster.local" $space)) -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end -}}

{{- define "penstock.admin" -}}
{{- with .Values.admin -}}
admin = { listen = "{{ .address }}:{{ .port }}"; hosts = {{ include "penstock.hosts" $ }}; startup = "{{ .startup }}"; open = "{{ .open }}";
          token = "{{ if .tokenSecret.name }}${file:/run/secrets/penstock-admin/token}{{ end }}"; socket = "{{ if .socket }}/run/penstock/admin.sock{{ end }}"; };
{{- end -}}
{{- end -}}

{{- /* The file that penstock reads: what the chart knows, and what the user wrote. */ -}}
{{- define "penstock.conf" -}}
version = 1;
memory = {{ .Values.memory | quote }};
watch = {{ .Values.reload.watch }};
{{ include "penstock.admin" . }}
log = { level = "{{ .Values.log.level }}"; format = "{{ .Values.log.format }}"; };
@include "bridge.conf"
{{- end -}}

{{- define "penstock.configMap" -}}
{{- default (include "penstock.fullname" .) .Values.existingConfigMap -}}
{{- end -}}

{{- /* Of what penstock does not take while it runs. */ -}}
{{- define "penstock.checksum" -}}
{{- if .Values.reload.watch -}}
{{- printf "%s%s" (include "penstock.admin" .) .Values.log.format | sha256sum -}}
{{- else -}}
{{- printf "%s%s" (include "penstock.conf" .) .Values.config | sha256sum -}}
{{- end -}}
{{- end -}}

{{- define "penstock.image" -}}
{{- .Values.image.repository -}}
{{- with .Values.image.digest }}@{{ . }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end -}}
{{- end -}}

{{- /* What every container with penstock has. */ -}}
{{- define "penstock.container" -}}
image: {{ include "penstock.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  {{- if eq .Values.kind "StatefulSet" }}
  - name: INSTANCE_ID
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  {{- with .Values.runAsUser }}
  runAsUser: {{ . | int64 }}
  runAsGroup: {{ . | int64 }}
  {{- end }}
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - name: penstock-config
    mountPath: /etc/penstock
    readOnly: true
  {{- if .Values.existingSecret }}
  - name: penstock-secret
    mountPath: /run/secrets/penstock
    readOnly: true
  {{- end }}
  {{- if .Values.admin.tokenSecret.name }}
  - name: penstock-token
    mountPath: /run/secrets/penstock-admin
    readOnly: true
  {{- end }}
  {{- if .Values.admin.socket }}
  - name: penstock-run
    mountPath: /run/penstock
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* What a container that runs the bridge has beside that. */ -}}
{{- define "penstock.bridge" -}}
name: penstock
args: [run]
{{ include "penstock.container" . }}
ports:
  - name: penstock-admin
    containerPort: {{ .Values.admin.port }}
livenessProbe:
  httpGet:
    path: /livez
    port: penstock-admin
  {{- toYaml .Values.probes.liveness | nindent 2 }}
{{- end -}}

{{- define "penstock.startupProbe" -}}
startupProbe:
  httpGet:
    path: /startupz
    port: penstock-admin
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div .Values.probes.startupSeconds 2 | max 1 }}
{{- end -}}

{{- define "penstock.volumes" -}}
- name: penstock-config
  configMap:
    name: {{ include "penstock.configMap" . }}
{{- with .Values.existingSecret }}
- name: penstock-secret
  secret:
    secretName: {{ . }}
    defaultMode: 0444 # of this pod alone, whatever user it runs as
{{- end }}
{{- with .Values.admin.tokenSecret }}
{{- if .name }}
- name: penstock-token
  secret:
    secretName: {{ .name }}
    defaultMode: 0444
    items:
      - key: {{ .key }}
        path: token
{{- end }}
{{- end }}
{{- if .Values.admin.socket }}
- name: penstock-run
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The number of seconds of the longest drain_timeout that the configuration names. */ -}}
{{- define "penstock.drainSeconds" -}}
{{- $longest := 30 -}}
{{- $ms := dict "ms" 1 "s" 1000 "m" 60000 -}}
{{- range regexFindAll "drain_timeout\\s*[=:]\\s*\"[0-9]+(ms|s|m)\"" .Values.config -1 -}}
{{- $unit := regexFind "[a-z]+\"$" . | trimSuffix "\"" -}}
{{- $longest = max $longest (div (add 999 (mul (regexFind "[0-9]+" . | int64) (get $ms $unit))) 1000) -}}
{{- end -}}
{{- $longest -}}
{{- end -}}

{{- /* A size of penstock or of Kubernetes as MiB: "48MiB", "128Mi", "1.5G", 134217728; 0 for what is written in another way. */ -}}
{{- define "penstock.mebibytes" -}}
{{- $size := kindIs "string" . | ternary (toString .) (printf "%.0f" (float64 .)) -}}
{{- $units := dict "" 1.0 "k" 1e3 "K" 1e3 "M" 1e6 "G" 1e9 "ki" 1024.0 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 -}}
{{- $unit := regexFind "[A-Za-z]*$" $size | trimSuffix "B" -}}
{{- if hasKey $units $unit -}}
{{- divf (mulf (regexFind "^[0-9.]+" $size | float64) (get $units $unit)) 1048576.0 | int64 -}}
{{- else -}}
0
{{- end -}}
{{- end -}}

{{- define "penstock.check" -}}
{{- if and (not .Values.existingConfigMap) (not .Values.config) -}}
{{- fail "penstock: set config (sources, sinks and routes), or existingConfigMap" -}}
{{- end -}}
{{- with regexFind "(?m)^(version|memory|watch|admin|log)\\s*=" .Values.config -}}
{{- fail (printf "penstock: the chart writes '%s' itself: use its values instead" (regexFind "\\w+" .)) -}}
{{- end -}}
{{- if and .Values.existingConfigMap .Values.reload.watch -}}
{{- fail "penstock: reload.watch is for config: write watch = true; into existingConfigMap" -}}
{{- end -}}
{{- if regexMatch "^(127\\.|localhost$|\\[::1\\])" .Values.admin.address -}}
{{- fail (printf "penstock: kubelet reaches no probe at admin.address %s" .Values.admin.address) -}}
{{- end -}}
{{- if and (eq .Values.admin.open "probes") (not .Values.admin.tokenSecret.name) (or .Values.podMonitor.enabled .Values.serviceMonitor.enabled) -}}
{{- fail "penstock: admin.open is probes and there is no admin.tokenSecret: Prometheus may not read the metrics" -}}
{{- end -}}
{{- $drain := include "penstock.drainSeconds" . | int -}}
{{- if le (int .Values.terminationGracePeriodSeconds) $drain -}}
{{- fail (printf "penstock: terminationGracePeriodSeconds must be above drain_timeout, %d s" $drain) -}}
{{- end -}}
{{- $limit := include "penstock.mebibytes" (dig "limits" "memory" "" .Values.resources) | int -}}
{{- if and $limit (lt $limit (add 23 (include "penstock.mebibytes" .Values.memory | int))) -}}
{{- fail (printf "penstock: resources.limits.memory must be 24 MB above memory, %s" .Values.memory) -}}
{{- end -}}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled -}}
{{- fail "penstock: podMonitor and serviceMonitor together would scrape each pod twice" -}}
{{- end -}}
{{- end -}}
