import { type Command, quote } from '../command';
import { adminConf } from '../host-paths';
import { putBack } from './put-back';
import { settingsDir } from './settings';
import { kubeletConfigPhase } from './upgrade';

const dir = settingsDir('kubelet');
const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=10s -n kube-system`;
const configMap = 'kubelet-config';
/** On the ConfigMap: the mark of the document that it was made from, and the digest of what kubeadm made of it. */
const annotation = 'keelson.dev/settings';
/** Bash: `digest` is that of the configuration as it stands there, to its last newline; a refusal of the API is no configuration. */
const readDigest = `seen=$(${kubectl} get configmap ${configMap} -o 'jsonpath={.data.kubelet}' && echo .) || exit 1
digest=$(printf %s "\${seen%.}" | sha256sum | cut -c1-16)`;

/** All that decides how a kubelet runs and that kubeadm writes. */
export const kubeletFiles = ['/var/lib/kubelet/config.yaml', '/var/lib/kubelet/instance-config.yaml', '/var/lib/kubelet/kubeadm-flags.env'];

/** The mark of the document that the cluster's kubelets are configured by; empty when nobody has noted it, or somebody has changed it since. */
export const configuredKubelet: Command = {
  title: 'read what the kubelets are configured by',
  script: `noted=$(${kubectl} get configmap ${configMap} -o 'jsonpath={.metadata.annotations.${annotation.replaceAll('.', '\\.')}}') || exit 1\n${readDigest}\necho "$noted $digest"`,
  parse: ({ stdout }) => {
    const [, mark = '', noted, seen] = /^(\S*?)(?:\.(\w+))? (\w+)$/.exec(stdout.trim()) ?? [];
    return noted === seen ? mark : '';
  },
};

/** Keeps the cluster's configuration of kubelets beside the files of this control plane. Once. */
export const keepKubeletConfigMap: Command = {
  title: 'keep the ConfigMap kubelet-config', changes: true,
  script: `set -eu\numask 077\ncd ${dir}\n[ ! -e kubelet-config ] || exit 0\n${kubectl} get configmap ${configMap} -o 'jsonpath={.data.kubelet}' > kubelet-config.new\nmv kubelet-config.new kubelet-config`,
};

/**
 * Brings the cluster's configuration of kubelets to what kubeadm makes of these documents: all of it, so that what they say no
 * more has its default again.
 */
export const uploadKubeletConfig = (documents: string, mark: string): Command => ({
  title: 'kubeadm init phase upload-config kubelet', changes: true, stdin: documents, timeoutMs: 2 * 60_000,
  script: `set -eu
umask 077
export KUBECONFIG=${adminConf}
config=$(mktemp /run/keelson-settings.XXXXXX)
trap 'rm -f "$config"' EXIT
# No /dev/stdin: where it is a socket nobody can open it again.
cat > "$config"
kubeadm init phase upload-config kubelet --config "$config"
${readDigest}
${kubectl} annotate configmap ${configMap} --overwrite ${annotation}=${quote(mark)}."$digest"`,
});

/**
 * The cluster's configuration on the host, and the kubelet started anew with it. Where it is what the kubelet runs with
 * already, the kubelet is left alone.
 */
export const kubeletSettingsScript = (node: string): string => `set -eu
${kubeletConfigPhase('kubeadm', node)}
same=yes
for file in ${kubeletFiles.join(' ')}; do
  { [ ! -e "$file" ] && [ ! -e ${dir}/before"$file" ]; } || cmp -s "$file" ${dir}/before"$file" || same=
done
if [ -n "$same" ] && [ ! -e ${dir}/started ]; then echo 'the kubelet runs with these settings already'; exit 0; fi
: > ${dir}/started
systemctl restart kubelet
`;

/** The files of before, the kubelet started with them if it had been given others, and on the leader the cluster's configuration. */
export const kubeletSettingsBackScript = `set -u
${putBack(`${dir}/before`)}
[ ! -e ${dir}/before/var/lib/kubelet/config.yaml ] || [ -e ${dir}/before/var/lib/kubelet/instance-config.yaml ] || rm -f /var/lib/kubelet/instance-config.yaml
if [ -s ${dir}/kubelet-config ]; then
  ${kubectl} create configmap ${configMap} --from-file=kubelet=${dir}/kubelet-config --dry-run=client -o yaml | ${kubectl} replace -f - || echo 'the ConfigMap ${configMap} stays as it is: the next apply sees to it'
fi
[ -e ${dir}/started ] || exit 0
systemctl reset-failed kubelet 2>/dev/null
systemctl restart kubelet
`;
