{{- /*
For other charts: penstock as a native sidecar, an init container that stays. Their own containers start when its startup
probe is content, and it is stopped after them. It has no readiness probe: one would take every pod of the application out of its
Service while Kafka is away. They depend on this chart with kind: Sidecar, and write

    metadata:
      labels:          {{- include "penstock.sidecar.labels" .Subcharts.penstock | nindent 8 }}
      annotations:     {{- include "penstock.sidecar.annotations" .Subcharts.penstock | nindent 8 }}
    spec:
      terminationGracePeriodSeconds: 45
      initContainers:  {{- include "penstock.sidecar" .Subcharts.penstock | nindent 8 }}
      volumes:         {{- include "penstock.volumes" .Subcharts.penstock | nindent 8 }}
*/ -}}
{{- define "penstock.sidecar" -}}
- restartPolicy: Always
  {{- include "penstock.bridge" . | nindent 2 }}
  {{- include "penstock.startupProbe" . | nindent 2 }}
{{- end -}}

{{- define "penstock.sidecar.labels" -}}
penstock/sidecar: {{ include "penstock.fullname" . }}
{{- end -}}

{{- define "penstock.sidecar.annotations" -}}
checksum/penstock: {{ include "penstock.checksum" . }}
{{- end -}}

{{- /* The pods that penstock runs in, whoever made them. */ -}}
{{- define "penstock.pods" -}}
{{- if eq .Values.kind "Sidecar" -}}
{{ include "penstock.sidecar.labels" . }}
{{- else -}}
{{ include "penstock.selector" . }}
{{- end -}}
{{- end -}}
