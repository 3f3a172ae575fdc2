{{/* The name of all objects. */}}
{{- define "ociregistry.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that never change, for selectors. The argument is a list of the context and the component. */}}
{{- define "ociregistry.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "ociregistry.labels" -}}
{{- $root := index . 0 -}}
{{ include "ociregistry.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels of pods, without versions: a new version of the chart alone restarts nothing. */}}
{{- define "ociregistry.podLabels" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.podLabels }}
{{- toYaml . }}
{{ end -}}
{{ include "ociregistry.selector" . }}
{{- end -}}

{{- define "ociregistry.image" -}}
{{- $message := "image.repository is empty, and there is no public image: build one with conf/Dockerfile, push it to a registry of yours, and set --set image.repository=REGISTRY/ociregistry" -}}
{{- $repository := required $message .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The image and the pull policy of a container. */}}
{{- define "ociregistry.containerImage" -}}
image: {{ include "ociregistry.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{- define "ociregistry.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The security context of every container. */}}
{{- define "ociregistry.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The security context of pods with the user of the image. */}}
{{- define "ociregistry.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
# A cache has many files: their owner is changed only if that of the directory is wrong.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The scheme of the port for clients. */}}
{{- define "ociregistry.scheme" -}}
{{- if (.Values.config.serverTlsConfig).cert }}https{{ else }}http{{ end -}}
{{- end -}}
