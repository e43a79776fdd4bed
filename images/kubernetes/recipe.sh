# shellcheck shell=bash
# Sourced by build.sh. What goes into the image kubernetes besides the files of this folder.
PARTS=(kubernetes etcd etcdutl coredns containerd runc cni registry nettools haproxy)

# program_image REGISTRY REPOSITORY:TAG ROOT PROGRAM...: an image whose entry point is the first program. ROOT holds what it
# needs beside it, as a layer of its own that other images may share; empty when the programs stand alone.
program_image() {
  local registry=$1 reference=$2 base=$3 scratch
  shift 3
  scratch=$(mktemp -d)
  install -D -m 755 -t "$scratch/usr/local/bin" "$@"
  put_image "$registry" "$reference" "\"Entrypoint\":[\"/usr/local/bin/$(basename "$1")\"]" ${base:+"$base"} "$scratch"
  rm -rf "$scratch"
}

build_pause() {
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$PAUSE_TAG" -o "$2" "$1/pause/main.go"
}

# The images that kubeadm asks for, by its names without the domain, and the balancer of the API on workers.
fill_registry() {
  local registry=$1 kubernetes=$2 pause=$3 component
  for component in kube-apiserver kube-controller-manager kube-scheduler; do
    program_image "$registry" "$component:$KUBE_VERSION" '' "$kubernetes/$component"
  done
  program_image "$registry" "kube-proxy:$KUBE_VERSION" "$(part nettools)/root" "$kubernetes/kube-proxy"
  program_image "$registry" "etcd:$ETCD_TAG" '' "$(part etcd)"/{etcd,etcdctl} "$(part etcdutl)/etcdutl"
  program_image "$registry" "coredns/coredns:$COREDNS_TAG" '' "$(part coredns)/coredns"
  program_image "$registry" "pause:$PAUSE_TAG" '' "$pause"
  put_image "$registry" "keelson/haproxy:$HAPROXY_TAG" \
    '"Entrypoint":["/usr/sbin/haproxy"],"Cmd":["-W","-db","-f","/usr/local/etc/haproxy/haproxy.cfg"]' "$(part haproxy)"
}

# fill_context FOLDER: the build context, with this folder's own files in it already.
fill_context() {
  local context=$1 kubernetes nettools name
  kubernetes=$(part kubernetes)
  nettools=$(part nettools)
  install -D -m 755 -t "$context/bin" "$kubernetes"/{kubeadm,kubelet,kubectl}
  install -D -m 755 -t "$context/cri" "$(part containerd)"/* "$(part runc)/runc" "$(part registry)/registry"
  install -D -m 755 -t "$context/cri/cni" "$(part cni)"/*
  mkdir -p "$context/opt"
  cp -R "$nettools/host" "$context/opt/net"
  for name in nft conntrack; do install -m 755 "$context/bundled.sh" "$context/opt/$name"; done
  build_pause "$context" "$context/pause.bin"
  mv "$context/pause.bin" "$context/pause/pause"
  fill_registry "$context/registry" "$kubernetes" "$context/pause/pause"
}
