{{- define "llm-proxy.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end }}

{{- define "llm-proxy.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Other labels than the gateway's: its Service must not select this pod. */}}
{{- define "llm-proxy.valkeyLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-valkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "llm-proxy.labels" -}}
{{ include "llm-proxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The port that the metrics have to themselves; empty where they are on the main one. */}}
{{- define "llm-proxy.metricsPort" -}}
{{- $configured := dig "metrics" "port" "" .Values.config -}}
{{- with .Values.metricsPort | default $configured }}{{ int . }}{{ end -}}
{{- end }}

{{- define "llm-proxy.metricsPortName" -}}
{{ if include "llm-proxy.metricsPort" . }}metrics{{ else }}http{{ end }}
{{- end }}

{{/* A port of their own speaks HTTP always. */}}
{{- define "llm-proxy.metricsScheme" -}}
{{ if include "llm-proxy.metricsPort" . }}http{{ else }}{{ lower .Values.probes.scheme }}{{ end }}
{{- end }}

{{- define "llm-proxy.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "llm-proxy.name" .) }}
{{- end }}

{{- define "llm-proxy.configMap" -}}
{{ .Values.existingConfigMap | default (include "llm-proxy.name" .) }}
{{- end }}
