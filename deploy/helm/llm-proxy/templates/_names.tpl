{{- define "llm-proxy.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end -}}
{{- end }}

{{- define "llm-proxy.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "llm-proxy.labels" -}}
{{ include "llm-proxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "llm-proxy.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "llm-proxy.name" .) }}
{{- end }}

{{- define "llm-proxy.configMap" -}}
{{ .Values.existingConfigMap | default (include "llm-proxy.name" .) }}
{{- end }}
