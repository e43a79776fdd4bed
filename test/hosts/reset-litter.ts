/**
 * What a bare host may have of its own, much of it like what a cluster brings. None of it is ours to touch.
 */
export const belongings = (peer: string): string => `
set -e
mkdir -p /etc/cni/net.d /opt/cni/bin /srv/www
echo '{"name":"podman"}' >/etc/cni/net.d/87-podman.conflist
echo own-plugin >/opt/cni/bin/own-plugin
printf '10.9.9.9 sealos.hub\\n10.1.1.1 mine' >>/etc/hosts
ip link add br-own type bridge && ip addr add 172.30.0.1/24 dev br-own && ip link set br-own up
ip link add veth-own type veth peer name veth-own-in && ip link set veth-own master br-own
ip route add 192.168.77.0/24 via ${peer}
iptables-nft -N OWN && iptables-nft -A OWN -p tcp --dport 81 -j DROP && iptables-nft -A INPUT -m comment --comment 'mine: "quoted" and KUBE-like' -j OWN
iptables-nft -A FORWARD -j ACCEPT; iptables-nft -t nat -A PREROUTING -j ACCEPT
iptables-nft -t nat -A POSTROUTING -s 172.30.0.0/24 -j MASQUERADE
iptables-legacy -t filter -A FORWARD -s 172.30.0.0/24 -j ACCEPT 2>/dev/null || true
ip netns add own
mkdir -p /srv/mnt && mount -t tmpfs own /srv/mnt
cat >/etc/systemd/system/own-shim.service <<'UNIT'
[Service]
ExecStart=/bin/bash -c 'exec -a containerd-shim-runc-v2 /bin/sleep 99999'
UNIT
systemctl daemon-reload
systemctl start own-shim.service
`;

/** A program that the host lacks, from this machine, so that rules of nft itself can be made and taken away there. */
export const nftFiles = `
dir=$1; mkdir -p "$dir/lib"; cp /usr/sbin/nft "$dir/nft.bin"
ldd /usr/sbin/nft | awk '$3 ~ /^\\// { print $3 } $1 ~ /ld-linux/ { print $1 }' | xargs -I{} cp -L {} "$dir/lib/"
printf '%s\\n' '#!/bin/sh' 'd=$(dirname "$(readlink -f "$0")")' 'exec "$d/lib/ld-linux-x86-64.so.2" --library-path "$d/lib" "$d/nft.bin" "$@"' >"$dir/nft"
chmod 755 "$dir/nft"; tar -C "$dir" -cf - .
`;

/** What an install leaves on a control plane, made by hand: the claim first, as the install does. nft comes on stdin. */
export const litter = (options: { peer: string; uid: string; cluster: string }): string => `
set -e
data=/var/lib/sealos/data/${options.cluster}
# The host became ours a minute after all that was there before, as far as the slack for clocks is concerned.
moment=$EPOCHSECONDS; until [ "$EPOCHSECONDS" -gt "$moment" ]; do :; done
mkdir -p -m 700 /var/lib/keelson/done /var/lib/keelson/jobs/x-1 /var/lib/keelson/fence
echo '{"cluster":"${options.cluster}","uid":"${options.uid}"}' >/var/lib/keelson/claim.json
touch -d "@$((EPOCHSECONDS + 60))" /var/lib/keelson/claim.json
touch /var/lib/keelson/done/bootstrap; cat /proc/sys/kernel/random/uuid >/run/keelson-boot
mkdir -p $data/rootfs/{scripts,opt,registry} $data/etc $data/.keelson
tar -C $data/rootfs/opt -xf -
nft=$data/rootfs/opt/nft
echo 'podSubnet: 10.244.0.0/16' >$data/etc/kubeadm-init.yaml
ln -s $data/rootfs/registry /var/lib/registry
cat >$data/rootfs/scripts/clean.sh <<'SCRIPT'
[ "$criData" = "/var/lib/containerd" ] && [ -n "$SEALOS_SYS_SEALOS_VERSION" ] || { echo "no variables"; exit 3; }
[ ! -e /srv/fail-clean ] || { echo "it does not want to"; exit 7; }
rm -f /usr/bin/kubelet /etc/systemd/system/kubelet.service; systemctl daemon-reload; rm -rf /var/lib/keelson-image
SCRIPT
echo 'rm -rf "$1"/io.containerd.content.v1.content; rm -rf /run/containerd' >$data/rootfs/scripts/clean-cri.sh
echo 'systemctl stop fake-registry.service || true' >$data/rootfs/scripts/clean-registry.sh
mkdir -p /var/lib/containerd/io.containerd.content.v1.content /var/lib/keelson-image/kube
systemd-run --quiet --collect --unit=fake-registry sleep 99999

sed -i '1i # keelson ${options.cluster} begin\\n10.0.0.1 apiserver.cluster.local # keelson ${options.cluster} api\\n# keelson ${options.cluster} end' /etc/hosts

mkdir -p /etc/kubernetes/{manifests,pki} /var/lib/kubelet/pods/p1/volumes/token /var/lib/etcd/member /var/log/pods/a_b_c /var/log/containers /var/log/kubernetes/audit \\
  /usr/libexec/kubernetes/kubelet-plugins/volume/exec /var/lib/cni/networks/cbr0 /run/flannel /root/.kube/cache
echo authority >/etc/kubernetes/pki/ca.crt
echo manifest >/etc/kubernetes/manifests/kube-apiserver.yaml
echo member >/var/lib/etcd/member/snap
echo log >/var/log/pods/a_b_c/0.log; ln -s /var/log/pods/a_b_c/0.log /var/log/containers/c.log
echo x >/var/lib/cni/networks/cbr0/10.244.0.2; echo '{}' >/etc/cni/net.d/10-flannel.conflist; echo elf >/opt/cni/bin/flannel
printf 'clusters:\\n- cluster:\\n    certificate-authority-data: %s\\n' "$(base64 -w0 /etc/kubernetes/pki/ca.crt)" >/root/.kube/config
echo x >/root/.kube/cache/x
mount -t tmpfs token /var/lib/kubelet/pods/p1/volumes/token
mkdir -p '/var/lib/kubelet/pods/p1/volumes/with blank' && mount -t tmpfs token '/var/lib/kubelet/pods/p1/volumes/with blank'
mount --bind /var/lib/kubelet /var/lib/kubelet
mkdir -p /run/containerd/io.containerd.runtime.v2.task/k8s.io/c1/rootfs && mount -t tmpfs rootfs /run/containerd/io.containerd.runtime.v2.task/k8s.io/c1/rootfs

cp /bin/sleep /usr/bin/kubelet
printf '[Service]\\nExecStart=/usr/bin/kubelet 99999\\nRestart=always\\n' >/etc/systemd/system/kubelet.service
systemctl daemon-reload; systemctl start kubelet.service
systemd-run --quiet --collect --slice=kubepods.slice --unit=fake-pod bash -c 'trap "" TERM; read <> <(:)'
systemd-run --quiet --collect --unit=fake-shim bash -c 'exec -a /usr/bin/containerd-shim-runc-v2 bash -c "read <> <(:)" x -namespace k8s.io -id c1'
systemd-run --quiet --collect --unit=keelson-${options.uid.slice(0, 8)}-1-init-1 sleep 99999

ip link add cni0 type bridge && ip addr add 10.244.0.1/24 dev cni0 && ip link set cni0 up
ip link add flannel.1 type vxlan id 1 dev eth0 dstport 8472 && ip addr add 10.244.0.0/32 dev flannel.1 && ip link set flannel.1 up
ip netns add cni-1111 && ip link add veth1111 type veth peer name eth0 netns cni-1111 && ip link set veth1111 master cni0
ip netns add cni-2222 && ip link add veth2222 type veth peer name eth0 netns cni-2222
ip route add 10.244.1.0/24 via ${options.peer}

for table in 'ip kube-proxy' 'ip6 kube-proxy' 'ip flannel-ipv4' 'inet cni_plugins_masquerade'; do $nft add table $table && $nft add chain $table any && $nft add rule $table any counter; done
for each in iptables-nft ip6tables-nft iptables-legacy; do
  # A kernel without the legacy tables has nothing to clean there.
  $each -t nat -N KUBE-SERVICES 2>/dev/null || { [ $each = iptables-legacy ] && continue; exit 1; }
  $each -t nat -N KUBE-SVC-1; $each -t nat -A KUBE-SERVICES -j KUBE-SVC-1; $each -t nat -A PREROUTING -m comment --comment 'kubernetes service portals' -j KUBE-SERVICES
  $each -t filter -N KUBE-FIREWALL; $each -t filter -I INPUT -j KUBE-FIREWALL; $each -t filter -A KUBE-FIREWALL -j DROP -m comment --comment 'a "quoted" one' -p tcp --dport 1
  $each -t mangle -N KUBE-KUBELET-CANARY
  $each -t nat -N CNI-abc; $each -t nat -A POSTROUTING -m comment --comment 'name: "cbr0" id: "1"' -j CNI-abc
  $each -t filter -N FLANNEL-FWD; $each -t filter -A FORWARD -m comment --comment 'flanneld forward' -j FLANNEL-FWD
done
`;
