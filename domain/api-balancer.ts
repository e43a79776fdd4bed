import { apiPort } from './host-paths';

export const balancerConfigPath = '/etc/kubernetes/keelson-haproxy.cfg';
export const balancerManifestPath = '/etc/kubernetes/manifests/keelson-api-balancer.yaml';

/**
 * haproxy on a worker: 127.0.0.1:6443 to every control plane, TCP, with the API's own health page as check. Sorted by
 * address, so that the order in which a Clusterfile names them starts no balancer anew.
 */
export function balancerConfig(controlPlanes: readonly string[]): string {
  const servers = [...controlPlanes].sort().map((address, at) => `  server cp${at + 1} ${address}:${apiPort} check check-ssl verify none inter 2s fall 2 rise 1`);
  return `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 3s
  timeout client 4h
  timeout server 4h
  timeout check 3s
  option redispatch
  retries 3
frontend api
  bind 127.0.0.1:${apiPort}
  default_backend control-planes
backend control-planes
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  default-server on-marked-down shutdown-sessions
${servers.join('\n')}
`;
}

/** The static pod. `digest` of the configuration is an annotation: another one makes the kubelet start the pod anew. */
export const balancerManifest = (image: string, digest: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: keelson-api-balancer
  namespace: kube-system
  labels: {app.kubernetes.io/name: keelson-api-balancer}
  annotations: {keelson.dev/config: "${digest.slice(0, 16)}"}
spec:
  hostNetwork: true
  priorityClassName: system-node-critical
  tolerations: [{operator: Exists}]
  containers:
  - name: haproxy
    image: ${image}
    imagePullPolicy: IfNotPresent
    args: ["-db", "-f", "/etc/haproxy/haproxy.cfg"]
    resources: {requests: {cpu: 10m, memory: 32Mi}}
    volumeMounts: [{name: config, mountPath: /etc/haproxy/haproxy.cfg, readOnly: true}]
  volumes: [{name: config, hostPath: {path: ${balancerConfigPath}, type: File}}]
`;
