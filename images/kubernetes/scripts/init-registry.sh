#!/bin/bash
# init-registry.sh DATA CONFIG: the registry of the cluster's container images, as a service that serves when this returns.
set -euo pipefail
cd "$(dirname "$0")"
source ./ledger.sh
data=$1 config=$2 port=${registryPort:-5000}

begin_ledger registry
remember_unit registry.service
own_folder "$config"
place 755 ../cri/registry /usr/bin/registry
place 644 ../etc/registry.service /etc/systemd/system/registry.service
place 644 ../etc/registry_config.yml "$config/registry_config.yml"
# Without a user there is no file, and the registry asks for no name.
[ ! -e ../etc/registry_htpasswd ] || place 600 ../etc/registry_htpasswd "$config/registry_htpasswd"
[ -e "$data" ] || echo "init-registry: $data is not there yet; the registry is empty until it is" >&2
systemctl daemon-reload
run_unit registry.service

# The port answers some hundredths of a second after the start.
for _ in $(seq 200); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then exit 0; fi
  sleep 0.05
done
echo "init-registry: nothing answers at port $port:" >&2
journalctl --unit registry.service --lines 20 --no-pager >&2
exit 1
