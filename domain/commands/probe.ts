import { type Command, quote } from '../command';
import { hostPaths, stateDir } from '../host-paths';
import { type Places, usualPlaces } from '../places';
import { hashTools, neededTools } from '../tools';

/** TCP ports of kubelet, control plane, etcd and kube-proxy; also that of the API balancer on workers. The registry's is where the spec puts it. */
const probedPorts = [2379, 2380, 6443, 10248, 10249, 10250, 10256, 10257, 10259] as const;

/** First and last line of the answer: without them it is not whole. */
export const probeBegin = 'keelson-probe 1';
export const probeEnd = 'keelson-probe end';

/**
 * One look at a host, read-only: everything of HostFacts in `key=value` lines, keys of lists repeated. Reads files of the
 * kernel rather than starting programs, so that it takes some hundredths of a second. `places`: what the spec puts
 * elsewhere on this host. parseProbe reads the answer.
 */
export const probe = (cluster: string, { criData, registryPort }: Places = usualPlaces): Command => ({
  title: 'look at the host',
  timeoutMs: 30_000,
  script: `
export LC_ALL=C
shopt -s nullglob
say() { local value=\${2//[$'\\n\\r']/ }; printf '%s=%s\\n' "$1" "$value"; }
has() { command -v "$1" >/dev/null 2>&1; }
echo ${quote(probeBegin)}
say clock "$(date +%s%N)"

# What takes longest goes on beside the rest, and only on hosts that have joined.
if [ -e /etc/kubernetes/kubelet.conf ]; then
  say joined yes
  if has openssl; then
    exec {certificates}< <(
      pki=/etc/kubernetes/pki
      for file in $pki/*.crt $pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem; do
        value=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) && echo "\${file##*/} \${value#notAfter=}"
      done
      for file in admin super-admin controller-manager scheduler; do
        value=$(sed -n 's/^ *client-certificate-data: *//p' /etc/kubernetes/$file.conf 2>/dev/null | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) && echo "$file.conf \${value#notAfter=}"
      done
    )
  fi
  if has kubelet; then exec {kubelet}< <(timeout 5 kubelet --version 2>/dev/null); fi
  exec {active}< <(systemctl is-active kubelet 2>/dev/null)
  if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
    exec {ready}< <(
      url=https://127.0.0.1:6443
      if has curl && [ "$(curl -sk --noproxy '*' --max-time 3 $url/readyz 2>/dev/null)" = ok ]; then echo ok
      elif has kubectl; then timeout 5 kubectl --kubeconfig /etc/kubernetes/admin.conf --server $url --tls-server-name kubernetes --request-timeout=3s get --raw=/readyz 2>/dev/null; fi
    )
  fi
fi
if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
  say controlPlane yes
  while read -r name value; do
    if [[ $name = image: && $value =~ :(v[0-9][0-9A-Za-z.+-]*) ]]; then say controlPlaneVersion "\${BASH_REMATCH[1]}"; break; fi
  done </etc/kubernetes/manifests/kube-apiserver.yaml
fi

read -r value </proc/sys/kernel/hostname; say hostname "$value"
value=; [ ! -r /etc/machine-id ] || read -r value </etc/machine-id || true
[ -z "$value" ] || say machineId "$value"
read -r value </proc/sys/kernel/osrelease; say kernel "$value"
say arch "$(uname -m)"
say cpus "$(nproc)"
while read -r name value _; do [ "$name" != MemTotal: ] || { say memoryMiB $((value / 1024)); break; }; done </proc/meminfo
[ ! -d /run/systemd/system ] || say systemd yes
for file in /etc/os-release /usr/lib/os-release; do
  [ -r "$file" ] || continue
  while IFS='=' read -r name value; do
    value=\${value#[\\"\\']}; value=\${value%[\\"\\']}
    case $name in ID) say osId "$value" ;; VERSION_ID) say osVersion "$value" ;; esac
  done <"$file"
  break
done

for tool in ${Object.keys(neededTools).join(' ')}; do has "$tool" || say missing "$tool"; done
${hashTools.map((tool) => `has ${tool}`).join(' || ')} || say missing sha256sum

# Where something will lie: the folder, or the one that it will be made in.
folders=()
for folder in /var/lib/sealos /var/lib/kubelet /var/lib/etcd ${quote(criData)}; do
  while [ ! -d "$folder" ]; do folder=\${folder%/*}; folder=\${folder:-/}; done
  [[ " \${folders[*]} " == *" $folder "* ]] || folders+=("$folder")
done
df -B1 --output=avail,file -- "\${folders[@]}" 2>/dev/null | while read -r value name; do
  case $value in *[!0-9]*) ;; *) say free "$value $name" ;; esac
done
stat -L -c '%d %n' -- "\${folders[@]}" 2>/dev/null | while read -r value name; do say fileSystem "$value $name"; done

if has ip; then
  ip -o addr show 2>/dev/null | while read -r _ name family value _; do
    case $name in lo) ;; *) case $family in inet | inet6) say address "\${value%/*}" ;; esac ;; esac
  done
  { ip -4 -o route show table main; ip -6 -o route show table main; } 2>/dev/null | while read -r value rest; do
    case $value in default | fe80:* | ff00:* | multicast) ;; *) say route "$value $rest" ;; esac
  done
fi

# Local address and state of a line of /proc/net/tcp: 0100007F:192B and 0A for LISTEN.
declare -A busy=()
wanted=' ${probedPorts.join(' ')} ${registryPort} '
while read -r _ value _; do
  port=$((16#\${value##*:}))
  [[ $wanted != *" $port "* ]] || busy[$port]=
done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep ' 0A ')
if [ "\${#busy[@]}" -gt 0 ] && has ss; then
  while read -r _ _ _ value _ name; do
    port=\${value##*:}
    [[ -v busy[$port] && $name =~ \\(\\(\\"([^\\"]*)\\" ]] && busy[$port]=\${BASH_REMATCH[1]}
  done < <(ss -Hltnp 2>/dev/null)
fi
for port in "\${!busy[@]}"; do say port "$port \${busy[$port]}"; done

claimed=
if [ -s ${stateDir}/claim.json ]; then claimed=yes; say claim "$(<${stateDir}/claim.json)"; fi
for file in ${stateDir}/done/*; do say done "\${file##*/}"; done
for file in ${quote(`${hostPaths(cluster).data}/.keelson`)}/*.json; do
  IFS= read -r -N 120 value <"$file"
  name=\${file##*/}
  [[ $value =~ \\"digest\\":\\ *\\"([^\\"]+)\\" ]] && say tree "\${name%.json} \${BASH_REMATCH[1]}"
done

# What others have installed. Of no interest on a host that is ours.
if [ -z "$claimed" ]; then
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/manifests/kube-apiserver.yaml; do
    [ ! -e "$file" ] || say foreign "$file without Keelson's mark"
  done
  for file in /var/lib/sealos/data/*/; do file=\${file%/}; say foreign "sealos data of cluster \${file##*/}"; done
  for name in k3s rke2; do [ ! -e /etc/rancher/$name ] && [ ! -e /var/lib/rancher/$name ] || say foreign "$name"; done
  [ ! -e /var/lib/k0s ] || say foreign k0s
  [ ! -e /var/snap/microk8s ] || say foreign microk8s
  for name in dockerd containerd crio; do has $name && say runtime "$name"; done
fi

if [ -n "\${kubelet:-}" ]; then read -r -u "$kubelet" _ value && say kubeletVersion "$value"; fi
if [ -n "\${active:-}" ]; then value=; read -r -u "$active" value; say kubeletActive "$value"; fi
if [ -n "\${certificates:-}" ]; then while read -r -u "$certificates" value; do say certificate "$value"; done; fi
if [ -n "\${ready:-}" ]; then value=; read -r -u "$ready" value; say apiReady "\${value:-no}"; fi
echo ${quote(probeEnd)}
`,
});
