#!/usr/bin/env bash
# Lab hosts: Debian machines with systemd and sshd, as podman containers on a network of their own.
#
#   hosts.sh up GROUP N [OCTET]     N hosts keelson-GROUP-1..N at 10.77.OCTET.11 and on; prints their addresses
#   hosts.sh down GROUP             removes the hosts of that group, their data and their network
#   hosts.sh restart GROUP I        reboots host I and waits until it is back
#   hosts.sh list [GROUP]           name, address and state of each host
#   hosts.sh key                    path of the private key that root and the other users of a host accept
#
# KEELSON_LAB_ARGS holds further arguments of "podman run", split at blanks, such as "--tmpfs /data:size=64m".
# Users of a host: root (keelson-lab), ops (ops-lab-pass, sudo asks for it), free (sudo without), plain (no sudo).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/cache.sh"

# A host that is not up after this many seconds never will be.
BOOT_SECONDS=180

check_group() {
  [[ ${1:-} =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] || die "a group is named by small letters, digits and dashes: '${1:-}'"
}

check_number() {
  [[ ${2:-} =~ ^[0-9]{1,3}$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || die "$1 must be a number from $3 to $4: '${2:-}'"
}

# Names of the hosts of a group, by label: "keelson-a" and "keelson-a-b" are different groups with similar names.
host_names() {
  podman ps --all --filter "label=keelson-lab-group=$1" --format '{{.Names}}' | sort -V
}

network_octet() {
  podman network inspect "keelson-$1" --format '{{range .Subnets}}{{.Subnet}}{{end}}' | cut -d. -f3
}

# The first 10.77.X.0/24 from 20 on that neither a podman network nor a route of this machine uses.
free_octet() {
  local taken octet
  taken=$(podman network ls --quiet | xargs -r podman network inspect --format '{{range .Subnets}}{{.Subnet}} {{end}}'
    ip -4 route show)
  for octet in $(seq 20 250); do
    grep -qF "10.77.$octet." <<<"$taken" || { echo "$octet"; return; }
  done
  die 'no subnet 10.77.20.0/24 to 10.77.250.0/24 is free: remove groups that are no longer needed'
}

# The lock covers looking and creating: two groups that start at once would else take the same subnet.
ensure_network() (
  group=$1 octet=${2:-}
  lock network
  if podman network exists "keelson-$group"; then
    [ -z "$octet" ] || [ "$octet" = "$(network_octet "$group")" ] ||
      die "the network of group $group is 10.77.$(network_octet "$group").0/24 already: 'hosts.sh down $group' removes it"
    return
  fi
  octet=${octet:-$(free_octet)}
  podman network create --disable-dns --subnet "10.77.$octet.0/24" "keelson-$group" >/dev/null
)

# Each flag is there because leaving it out failed:
#   --runtime runc, --cgroupns=private  container runtimes inside the host find their own cgroup paths
#   --ulimit        programs in the host cannot raise limits beyond those of a machine without CAP_SYS_RESOURCE
#   --log-driver    the journal of this machine may not be there
#   --no-hosts      /etc/hosts belongs to the host, and survives its reboot
#   --volume        overlay on overlay is refused by containerd and the kubelet, so data folders are volumes
start_host() {
  local group=$1 name=$2 address=$3 image=$4 extra=()
  read -ra extra <<<"${KEELSON_LAB_ARGS:-}"
  if podman container exists "$name"; then
    podman start "$name" >/dev/null
    return
  fi
  podman --runtime /usr/sbin/runc run --detach --name "$name" --hostname "$name" --label "keelson-lab-group=$group" \
    --privileged --cgroupns=private --systemd=always --ulimit nofile=20000:20000 --ulimit nproc=30000:30000 \
    --log-driver k8s-file --no-hosts --network "keelson-$group" --ip "$address" --mac-address "$(mac_of "$address")" \
    --volume /var/lib/containerd --volume /var/lib/kubelet --volume /var/lib/etcd --volume /var/lib/sealos \
    "${extra[@]}" "$image" >/dev/null
}

# A machine keeps its MAC address when it goes off and on. With another one the neighbours would look for it in the wrong place
# for as long as they remember the former.
mac_of() {
  local -a octets
  IFS=. read -ra octets <<<"$1"
  printf '02:4b:%02x:%02x:%02x:%02x' "${octets[@]}"
}

# By the pid of the host's first process. Not by podman exec, which costs a good part of a second of CPU time: this is asked
# many times while other hosts boot.
systemd_is_up() {
  case "$(nsenter --target "$1" --mount --uts --ipc --net --pid --cgroup env -i PATH=/usr/bin:/bin systemctl is-system-running 2>/dev/null)" in
    running | degraded) true ;;
    *) false ;;
  esac
}

# sshd speaks first, so its greeting proves that it serves and not only that the port is open.
sshd_greets() {
  local greeting
  greeting=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/22" && head -n 1 <&3' "$1" 2>/dev/null | tr -d '\0') || return 1
  [[ $greeting == SSH-2.0-* ]]
}

await_host() {
  local name=$1 address=$2 deadline=$((SECONDS + BOOT_SECONDS)) pid
  pid=$(podman inspect "$name" --format '{{.State.Pid}}')
  until systemd_is_up "$pid" && sshd_greets "$address"; do
    [ "$SECONDS" -lt "$deadline" ] || die "$name is not up after $BOOT_SECONDS s: look at 'podman logs $name' and 'podman exec $name systemctl --failed'"
    sleep 0.1
  done
}

address_of() { podman inspect "$1" --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'; }

# All hosts of this machine share one count of inotify watchers, and a kubelet without one ends at once. Debian's default
# of 128 is meant for one host; it is only ever raised.
raise_inotify() {
  local name want
  for name in max_user_instances:8192 max_user_watches:1048576; do
    want=${name#*:} name=fs.inotify.${name%:*}
    [ "$(sysctl -n "$name")" -ge "$want" ] || sysctl -qw "$name=$want"
  done
}

up() {
  raise_inotify
  local group=$1 count=$2 image octet i
  image=$("$here/host-image.sh")
  ensure_network "$group" "${3:-}"
  octet=$(network_octet "$group")
  for i in $(seq "$count"); do start_host "$group" "keelson-$group-$i" "10.77.$octet.$((10 + i))" "$image"; done
  for i in $(seq "$count"); do
    await_host "keelson-$group-$i" "10.77.$octet.$((10 + i))"
    echo "10.77.$octet.$((10 + i))"
  done
}

# Forced and with their volumes: the data folders of a host are of no use without it. A host whose last processes wait for
# the disk outlives podman's patience, and is gone a little later.
remove_hosts() {
  local try names
  for try in 1 2 3 4 5; do
    mapfile -t names < <(host_names "$1")
    [ "${#names[@]}" != 0 ] || return 0
    if podman rm --force --volumes --time 0 "${names[@]}" >/dev/null; then return; fi
    [ "$try" = 5 ] || sleep 5
  done
  return 1
}

down() {
  remove_hosts "$1"
  podman network exists "keelson-$1" && podman network rm --force "keelson-$1" >/dev/null || true
}

restart() {
  local name="keelson-$1-$2"
  podman container exists "$name" || die "there is no host $name"
  podman restart --time 20 "$name" >/dev/null
  await_host "$name" "$(address_of "$name")"
}

list() {
  local name
  podman ps --all --filter "label=keelson-lab-group${1:+=$1}" --format '{{.Names}} {{.State}}' | sort -V |
    while read -r name state; do printf '%s\t%s\t%s\n' "$name" "$(address_of "$name")" "$state"; done
}

case "${1:-}" in
  up)
    check_group "${2:-}"
    check_number N "${3:-}" 1 200
    [ -z "${4:-}" ] || check_number OCTET "$4" 0 255
    up "$2" "$3" "${4:-}"
    ;;
  down) check_group "${2:-}" && down "$2" ;;
  restart) check_group "${2:-}" && check_number I "${3:-}" 1 200 && restart "$2" "$3" ;;
  list) [ -z "${2:-}" ] || check_group "$2"; list "${2:-}" ;;
  key) "$here/host-image.sh" >/dev/null && echo "$LAB_CACHE/id_ed25519" ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
