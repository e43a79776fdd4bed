import { type Command, quote } from '../command';
import { adminConf } from '../host-paths';

/** What the cluster gives for the join of one host: a token, the certificates of a control plane, the CA. All of it runs on a control plane. */

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s`;

/** The last line of an answer. Throws when it is not of the form: what it says would stand in a configuration. */
function lastLine(stdout: string, form: RegExp): string {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!form.test(line)) throw new Error('an answer of another form');
  return line;
}

const purposeOf = (host: string): string => `join of ${host} by keelson`;

/** A new join token for one host, valid for a quarter of an hour: it is spent at once and deleted. Runs on a control plane. */
export const createToken = (host: string): Command<string> => ({
  title: 'kubeadm token create',
  changes: true,
  answerIsSecret: true,
  script: `kubeadm --kubeconfig ${adminConf} token create --ttl 15m --description ${quote(purposeOf(host))}`,
  parse: ({ stdout }) => lastLine(stdout, /^[a-z0-9]{6}\.[a-z0-9]{16}$/),
});

/** Deletes the token of that id, and says no only where it may still be there: kubeadm calls one that is gone a failure, as it does an API that is away. */
const dropToken = (id: string): string => `${kubectl} -n kube-system delete secret bootstrap-token-${id} --ignore-not-found --wait=false >/dev/null`;

/** Deletes every token that was made for a host: also one whose maker was killed before it could. Only the id enters an argv. */
export const deleteTokensOf = (host: string): Command => ({
  title: 'delete the join tokens of the host',
  changes: true,
  script: `set -euo pipefail
purpose=${quote(purposeOf(host))}
kubeadm --kubeconfig ${adminConf} token list -o jsonpath='{.token} {.description}{"\\n"}' | while read -r token description; do
  [ "$description" != "$purpose" ] || ${dropToken('"${token%%.*}"')}
done`,
});

/** Deletes a token by its id: the part before the dot, which is no secret. */
export const deleteToken = (id: string): Command => ({
  title: 'delete the join token',
  changes: true,
  script: dropToken(quote(id)),
});

/**
 * Uploads the control plane's certificates, encrypted with a new key, and gives the key. kubeadm deletes them after two
 * hours, deleteCertificates sooner. The key comes on stdout alone, and never stands in an argv.
 */
export const uploadCertificates = (configPath: string): Command<string> => ({
  title: 'kubeadm init phase upload-certs',
  changes: true,
  answerIsSecret: true,
  script: `kubeadm init phase upload-certs --upload-certs --config ${quote(configPath)}`,
  parse: ({ stdout }) => lastLine(stdout, /^[0-9a-f]{64}$/),
});

/** Deletes the uploaded certificates, and the token without rights by which kubeadm keeps their time. */
export const deleteCertificates: Command = {
  title: 'delete the uploaded certificates',
  changes: true,
  script: `set -eu
token=$(${kubectl} -n kube-system get secret kubeadm-certs --ignore-not-found -o 'jsonpath={.metadata.ownerReferences[0].name}')
${kubectl} -n kube-system delete secret kubeadm-certs $token --ignore-not-found --wait=false >/dev/null`,
};

/** The cluster's CA certificate, base64 of PEM. */
export const readCa: Command<string> = {
  title: 'read the cluster CA',
  script: 'base64 -w0 /etc/kubernetes/pki/ca.crt',
  parse: ({ stdout }) => lastLine(stdout, /^[A-Za-z0-9+/=]+$/),
};
