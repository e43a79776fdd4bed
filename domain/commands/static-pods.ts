/**
 * Bash that finds the processes of the control plane's own static pods. Others may run an etcd or an API server in pods of
 * theirs: a name alone is not enough, so the pod's uid, which stands in the path of its logs, must be in the cgroup.
 */
export const staticPods = `
manifests=/etc/kubernetes/manifests
# pids NAME: the main processes of the static pod NAME, one a line.
pids() {
  local name=$1 folder uid stat pid comm
  for folder in /var/log/pods/kube-system_"$name"-*_*/; do
    [ -d "$folder" ] || continue
    uid=\${folder%/}; uid=\${uid##*_}
    for stat in /proc/[0-9]*/cgroup; do
      pid=\${stat#/proc/}; pid=\${pid%/cgroup}
      comm=; read -r comm 2>/dev/null <"/proc/$pid/comm" || continue
      [ "$comm" = "\${name:0:15}" ] || continue
      grep -q -e "$uid" -e "\${uid//-/_}" "$stat" 2>/dev/null && echo "$pid"
    done
  done
}
# stopped NAME...: waits until nothing of these pods runs; what does not go by itself is told to, and made to at last.
stopped() {
  local name pid second left
  for second in {1..120}; do
    left=
    for name in "$@"; do for pid in $(pids "$name"); do left+=" $pid"; done; done
    [ -n "$left" ] || return 0
    [ "$second" -ne 8 ] && [ "$second" -ne 20 ] || kill -TERM $left 2>/dev/null
    [ "$second" -lt 45 ] || kill -KILL $left 2>/dev/null
    sleep 1
  done
  echo "still there: $left" >&2
  return 1
}
# restarted NAME: ends the container's process, which the kubelet starts anew, and waits for another one. Of one that does not
# run the kubelet may wait for minutes before it tries again; started anew itself, it has forgotten that.
restarted() {
  local name=$1 before second now
  before=$(pids "$name" | sort | tr '\\n' ' ')
  if [ -n "$before" ]; then kill -TERM $before 2>/dev/null
  elif [ -z "\${kubelet_restarted:-}" ]; then systemctl restart kubelet; kubelet_restarted=yes; fi
  for second in {1..300}; do
    now=$(pids "$name" | sort | tr '\\n' ' ')
    [ -z "$now" ] || [ "$now" = "$before" ] || return 0
    [ "$second" -ne 60 ] || [ "$now" != "$before" ] || kill -KILL $before 2>/dev/null
    sleep 0.5
  done
  echo "$name did not start again" >&2
  return 1
}
`;
