#!/usr/bin/env bash
# The demo: three lab hosts, one command, a cluster with a pod network and a small web application.
# usage: demo.sh up | down
set -euo pipefail
cd "$(dirname "$0")/../.."

group=demo
keelson() { node dist/client/main.js "$@"; }

up() {
  mapfile -t hosts < <(test/lab/hosts.sh up $group 3)
  printf '\nThree hosts are up: %s\n\n' "${hosts[*]}"
  keelson run localhost/keelson/kubernetes:latest localhost/keelson/helm:latest localhost/keelson/flannel:latest localhost/keelson/web:latest \
    --cluster demo --masters "${hosts[0]}" --nodes "${hosts[1]},${hosts[2]}" --pk "$(test/lab/hosts.sh key)" --yes
  printf '\n$ kubectl get nodes\n'
  on "${hosts[0]}" kubectl get nodes -o wide
  printf '\nThe application, asked on every host over its Service:\n'
  local service
  service=$(on "${hosts[0]}" kubectl -n web get service web -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}')
  for host in "${hosts[@]}"; do
    printf '%s: ' "$host"
    on "$host" curl -fs --retry 30 --retry-delay 1 --retry-all-errors --max-time 5 "http://$service/"
  done
  printf '\n'
  keelson local status
  printf '\n`make demo-down` takes it all away again.\n'
}

on() { local host=$1; shift; ssh -i "$(test/lab/hosts.sh key)" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "root@$host" "$@"; }

down() {
  if [ -d "${KEELSON_HOME:-$HOME/.keelson}" ]; then
    keelson reset --cluster demo --yes || echo 'the cluster was not reset; its hosts go anyway'
    keelson forget demo --force || true
    keelson local stop || true
  fi
  test/lab/hosts.sh down $group
}

"$@"
