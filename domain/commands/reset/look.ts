import { type Command, quote } from '../../command';
import { hostPaths } from '../../host-paths';
import type { FilesOf } from './files';
import { lookForRules } from './firewall';
import { foldersOf, interfaces, shared } from './parts';

/** Programs of a node, by the names that the kernel shows. */
const programs = ['kubelet', 'kube-apiserver', 'kube-controller', 'kube-scheduler', 'kube-proxy', 'flanneld'];

/** Looks again: what of the cluster is still on the host, one thing per line. Changes nothing. */
export const lookForLeftovers = ({ cluster, controlPlane, registryData }: FilesOf): Command<string[]> => ({
  title: 'look what is left',
  timeoutMs: 120_000,
  script: `${shared}
data=${quote(hostPaths(cluster).data)}
for folder in ${foldersOf(controlPlane).map(quote).join(' ')}; do
  [ -d "$folder" ] && [ ! -L "$folder" ] || continue
  new_files "$folder" -printf 'path %p\\n' -quit || echo "path $folder (could not be looked through)"
  new_folders "$folder" | tr '\\0' '\\n' | sed -n '1s/^/path /p'
done
[ ! -e "$data" ] || echo "path $data"
if [ -L ${quote(registryData)} ] && [[ $(readlink ${quote(registryData)}) == "$data"/* ]]; then echo path ${quote(registryData)}; fi
[ ! -e /var/lib/keelson-image ] || echo 'path /var/lib/keelson-image (what a clean script of the image has not taken back)'
! grep -qs ${quote(` # keelson ${cluster} `)} /etc/hosts || echo 'lines of this cluster in /etc/hosts'
pod_mounts | while IFS= read -r point; do echo "mount $(plain "$point")"; done
[ "$(self_mounts)" = 0 ] || echo 'mount /var/lib/kubelet onto itself'
for pid in $(pod_processes; shims); do read -r name 2>/dev/null <"/proc/$pid/comm" && echo "process $pid $name"; done
for file in /proc/[0-9]*/comm; do
  read -r name 2>/dev/null <"$file" || continue
  file=\${file#/proc/}
  case " ${programs.join(' ')} " in *" $name "*) echo "process \${file%/comm} $name" ;; esac
done
ip -o link show 2>/dev/null | while IFS=': ' read -r _ name _; do [[ ! \${name%%@*} =~ ^${interfaces}$ ]] || echo "interface \${name%%@*}"; done
${lookForRules(hostPaths(cluster).rootfs)}
exit 0`,
  parse: ({ stdout }) => [...new Set(stdout.split('\n').filter(Boolean))],
});
