#!/bin/sh
# Registers the namespace and our search attributes; running it again changes nothing.
set -eu

until temporal operator cluster health; do sleep 2; done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h

# The server sees a new namespace some seconds after it was made.
until known="$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")"; do sleep 2; done
for name in EnvironmentId OperationKind ActorId; do
  case "$known" in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword ;;
  esac
done
