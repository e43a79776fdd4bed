# shellcheck shell=bash
# Sourced, not run. The programs that images are made of. Each part is built once per version and kept in the cache:
# "part NAME" builds it if need be and prints its folder.

# part_NAME_version and part_NAME FOLDER stand side by side below.
part() {
  local name=$1 version folder scratch
  version=$("part_${name}_version")
  folder=$KEELSON_CACHE/bin/$name/$version
  if [ ! -d "$folder" ]; then
    mkdir -p "$(dirname "$folder")"
    scratch=$(mktemp -d "$(dirname "$folder")/.build-XXXXXX")
    chmod 755 "$scratch"
    step "Building $name $version" "part_$name" "$scratch"
    # Renamed when complete: a folder with the version's name is a whole one.
    mv "$scratch" "$folder"
  fi
  echo "$folder"
}

part_kubernetes_version() { echo "$KUBE_VERSION"; }
part_kubernetes() {
  local package flags='' minor=${KUBE_VERSION#v1.}
  # Without these kubeadm does not know its own version. The date is fixed, for builds that can be repeated.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$KUBE_VERSION -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=0000000000000000000000000000000000000000"
    flags+=" -X $package.buildDate=2026-01-01T00:00:00Z"
  done
  GO_LDFLAGS=$flags go_build "k8s.io/kubernetes@$KUBE_VERSION" "$1" \
    k8s.io/kubernetes/cmd/{kubeadm,kubelet,kubectl,kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy}
}

part_etcd_version() { echo "$ETCD_VERSION"; }
part_etcd() {
  go_build "go.etcd.io/etcd/server/v3@$ETCD_VERSION" "$1" go.etcd.io/etcd/server/v3
  mv "$1/server" "$1/etcd"
  go_build "go.etcd.io/etcd/etcdctl/v3@$ETCD_VERSION" "$1" go.etcd.io/etcd/etcdctl/v3
}

# Restoring a snapshot is its business alone from etcd 3.6 on.
part_etcdutl_version() { echo "$ETCD_VERSION"; }
part_etcdutl() { go_build "go.etcd.io/etcd/etcdutl/v3@$ETCD_VERSION" "$1" go.etcd.io/etcd/etcdutl/v3; }

part_coredns_version() { echo "$COREDNS_VERSION"; }
part_coredns() { go_build "github.com/coredns/coredns@$COREDNS_VERSION" "$1" github.com/coredns/coredns; }

part_containerd_version() { echo "$CONTAINERD_VERSION"; }
part_containerd() {
  local version=github.com/containerd/containerd/v2/version
  GO_LDFLAGS="-X $version.Version=$CONTAINERD_VERSION" go_build "github.com/containerd/containerd/v2@$CONTAINERD_VERSION" "$1" \
    github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr}
}

part_runc_version() { echo "$RUNC_VERSION"; }
part_runc() {
  # Linked against nothing, so that it runs on hosts with any C library; seccomp profiles need libseccomp inside.
  CGO_ENABLED=1 GO_TAGS='seccomp netgo osusergo' GO_LDFLAGS="-X main.version=${RUNC_VERSION#v} -extldflags -static" \
    go_build "github.com/opencontainers/runc@$RUNC_VERSION" "$1" github.com/opencontainers/runc
}

part_cni_version() { echo "$CNI_PLUGINS_VERSION"; }
part_cni() {
  local plugins=github.com/containernetworking/plugins/plugins
  go_build "github.com/containernetworking/plugins@$CNI_PLUGINS_VERSION" "$1" \
    $plugins/main/{bridge,loopback} $plugins/ipam/host-local $plugins/meta/portmap
}

part_registry_version() { echo "$REGISTRY_VERSION"; }
part_registry() {
  go_build "github.com/distribution/distribution/v3@$REGISTRY_VERSION" "$1" github.com/distribution/distribution/v3/cmd/registry
}

part_helm_version() { echo "$HELM_VERSION"; }
part_helm() {
  GO_LDFLAGS="-X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" \
    go_build "helm.sh/helm/v3@$HELM_VERSION" "$1" helm.sh/helm/v3/cmd/helm
}

part_flannel_version() { echo "$FLANNEL_VERSION"; }
part_flannel() {
  local source scratch
  source=$(module_folder "github.com/flannel-io/flannel@$FLANNEL_VERSION")
  scratch=$(mktemp -d)
  cp -R "$source/." "$scratch"
  chmod -R u+w "$scratch"
  # One backend, for one cloud, needs a module that the proxy does not serve. Only that one goes.
  find "$scratch/pkg/backend/tencentvpc" -name '*.go' -delete
  echo 'package tencentvpc' >"$scratch/pkg/backend/tencentvpc/tencentvpc.go"
  (
    cd "$scratch"
    CGO_ENABLED=1 GOFLAGS=-mod=mod go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X github.com/flannel-io/flannel/pkg/version.Version=$FLANNEL_VERSION -extldflags -static" \
      -o "$1/flanneld" .
  )
  rm -rf "$scratch"
}

# Packet filter tools with their libraries: a root file system (root/) for the images that program the host's network,
# and a folder (host/) of tools that bring their own loader, for hosts that lack them.
part_nettools_version() { echo "$DEBIAN_SUITE-2"; }
part_nettools() {
  local tree library multi=/usr/sbin/xtables-nft-multi name
  tree=$(mktemp -d)
  unpack_debian "$tree" nftables libnftables1 libnftnl11 libmnl0 libxtables12 libjansson4 libedit2 libtinfo6 libbsd0 libmd0 \
    libgmp10 libc6 conntrack libnetfilter-conntrack3 libnfnetlink0 iptables libip4tc2 libip6tc2
  copy_program "$tree" "$1/root" /usr/sbin/nft /usr/sbin/conntrack $multi
  for name in iptables ip6tables; do
    ln -s "$(basename $multi)" "$1/root/usr/sbin/$name"
    ln -s "$(basename $multi)" "$1/root/usr/sbin/$name-save"
    ln -s "$(basename $multi)" "$1/root/usr/sbin/$name-restore"
  done
  # iptables loads its matches from here, and nft needs none of them.
  library=/usr/lib/$(uname -m)-linux-gnu/xtables
  mkdir -p "$1/root$(dirname "$library")"
  cp -R "$tree$library" "$1/root$library"
  mkdir -p "$1/root"/{run,tmp,etc} "$1/host/lib"
  # Without names nft lists protocols as numbers, and a kube-proxy that starts over its own rules drops every Service.
  printf '%s\t%s\n' ip 0 icmp 1 tcp 6 udp 17 ipv6 41 ipv6-icmp 58 sctp 132 udplite 136 >"$1/root/etc/protocols"
  install -m 755 "$tree/usr/sbin/nft" "$tree/usr/sbin/conntrack" "$1/host/"
  install -m 755 "$(loader_of "$tree")" "$1/host/loader"
  for name in nft conntrack; do
    for library in $(libraries_of "$tree" "$tree/usr/sbin/$name"); do
      install -m 644 "$(readlink -f "$library")" "$1/host/lib/$(basename "$library")"
    done
  done
  rm -rf "$tree"
}

part_haproxy_version() { echo "$DEBIAN_SUITE-$HAPROXY_TAG"; }
part_haproxy() {
  local tree
  tree=$(mktemp -d)
  unpack_debian "$tree" haproxy libc6 libcrypt1 liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 libpcre2-8-0 libssl3 \
    libsystemd0 libcap2 libgcrypt20 libgpg-error0 liblz4-1 liblzma5 libzstd1 libstdc++6 libgcc-s1
  copy_program "$tree" "$1" /usr/sbin/haproxy
  mkdir -p "$1"/{run,tmp,etc}
  printf 'root:x:0:0:root:/root:/sbin/nologin\nhaproxy:x:99:99:haproxy:/:/sbin/nologin\n' >"$1/etc/passwd"
  printf 'root:x:0:\nhaproxy:x:99:\n' >"$1/etc/group"
  "$(loader_of "$tree")" --library-path "$(library_path "$tree")" "$1/usr/sbin/haproxy" -v | grep -F "$HAPROXY_TAG"
  rm -rf "$tree"
}
