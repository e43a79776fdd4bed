import type { Command } from '../command';
import { adminConf } from '../host-paths';
import { staticPods } from './static-pods';

const pki = '/etc/kubernetes/pki';

/**
 * The ClusterConfiguration that kubeadm keeps in the cluster, as YAML; empty when the API does not answer, as when its
 * certificates have expired.
 */
export const readClusterConfiguration: Command = {
  title: 'read the ClusterConfiguration',
  script: `kubectl --kubeconfig ${adminConf} --request-timeout=10s -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' 2>/dev/null || true`,
};

/** Puts a ClusterConfiguration in the place of the one that the cluster keeps. The configuration is on stdin. */
export const uploadClusterConfiguration = (configuration: string): Command => ({
  title: 'kubeadm init phase upload-config kubeadm',
  changes: true,
  stdin: configuration,
  timeoutMs: 120_000,
  script: `umask 077
file=$(mktemp /run/keelson-config.XXXXXX) || exit 1
trap 'rm -f "$file"' EXIT
cat >"$file"
kubeadm init phase upload-config kubeadm --kubeconfig ${adminConf} --config "$file" >/dev/null`,
});

/** What a certificate says of itself. */
export interface SeenCertificate {
  /** SHA-256 fingerprint. */
  readonly fingerprint: string;
  readonly names: readonly string[];
}

/** The API server's certificate as its file has it, and as the server that listens here shows it. */
export const readApiCertificate: Command<{ file?: SeenCertificate; served?: SeenCertificate }> = {
  title: 'look at the certificate of the API server',
  script: `show() { openssl x509 -noout -fingerprint -sha256 -ext subjectAltName 2>/dev/null; }
echo file; show <${pki}/apiserver.crt
echo served; timeout 10 openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | show
true`,
  parse: ({ stdout }) => {
    const between = stdout.indexOf('\nserved\n');
    if (!stdout.startsWith('file\n') || between < 0) return {};
    const [file, served] = [readCertificate(stdout.slice(0, between)), readCertificate(stdout.slice(between))];
    return { ...(file ? { file } : {}), ...(served ? { served } : {}) };
  },
};

/** Reads `openssl x509 -fingerprint -ext subjectAltName`; addresses in one form, whatever openssl prints. */
export function readCertificate(text: string): SeenCertificate | undefined {
  const fingerprint = /Fingerprint=([0-9A-F:]+)/i.exec(text)?.[1];
  if (!fingerprint) return undefined;
  const names = [...text.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = '']) => name);
  return { fingerprint, names };
}

/** Where the certificate of the API server is made before it takes the place of the old one: the `certificatesDir` of that configuration. */
export const besidePki = `${pki}/.keelson-new`;

/**
 * Makes this host's certificate of the API server anew, with the names of the configuration, whose certificatesDir has to be
 * besidePki. The old pair lies in its place until the new one is whole and on the disk: whatever cuts this off, the API server
 * finds one. The key goes first: cut off between the two, the certificate still lacks the names, and the next try makes both anew.
 */
export const renewApiCertificate = (configuration: string): Command => ({
  title: 'kubeadm init phase certs apiserver',
  changes: true,
  stdin: configuration,
  timeoutMs: 120_000,
  script: `umask 077
new=${besidePki}
rm -rf "$new"
mkdir "$new" && cat >"$new/config.yaml" && ln -s ${pki}/ca.crt ${pki}/ca.key "$new/" || exit 1
if ! kubeadm init phase certs apiserver --config "$new/config.yaml" || [ ! -s "$new/apiserver.crt" ] || [ ! -s "$new/apiserver.key" ]; then
  rm -rf "$new"
  exit 1
fi
sync "$new/apiserver.key" "$new/apiserver.crt" || exit 1
mv -f "$new/apiserver.key" ${pki}/ && mv -f "$new/apiserver.crt" ${pki}/ || exit 1
rm -rf ${pki}/.keelson-*`,
});

/** Ends the API server's process on this host; the kubelet starts it anew. */
export const restartApiServer: Command = {
  title: 'restart the API server',
  changes: true,
  timeoutMs: 180_000,
  script: `${staticPods}\nrestarted kube-apiserver`,
};

/**
 * Renews every certificate and kubeconfig that kubeadm made on this control plane; names and holders stay. Works without an
 * API server, and with certificates that have expired. The kubelet's own kubeconfig, which kubeadm leaves out, is made anew
 * where its certificate has expired: a kubelet that cannot log in renews nothing by itself.
 */
export const renewCertificates = (configuration: string): Command => ({
  title: 'kubeadm certs renew all',
  changes: true,
  stdin: configuration,
  timeoutMs: 180_000,
  script: `umask 077
file=$(mktemp /run/keelson-config.XXXXXX) || exit 1
trap 'rm -f "$file"' EXIT
cat >"$file"
kubeadm certs renew all --config "$file" || exit 1
current=/var/lib/kubelet/pki/kubelet-client-current.pem
if [ -e "$current" ] && ! openssl x509 -checkend 3600 -noout -in "$current" >/dev/null 2>&1; then
  mv -f /etc/kubernetes/kubelet.conf /etc/kubernetes/kubelet.conf.keelson-old
  if ! kubeadm init phase kubeconfig kubelet --config "$file"; then mv -f /etc/kubernetes/kubelet.conf.keelson-old /etc/kubernetes/kubelet.conf; exit 1; fi
  rm -f /etc/kubernetes/kubelet.conf.keelson-old "$current"
  systemctl restart kubelet
fi`,
});

/** Has every part of the control plane on this host read its new certificates. */
export const restartStaticPods: Command = {
  title: 'restart the control plane',
  changes: true,
  timeoutMs: 10 * 60_000,
  script: `${staticPods}
for name in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  [ ! -e "$manifests/$name.yaml" ] || restarted "$name" || exit 1
done`,
};
