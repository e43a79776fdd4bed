import { type Command, quote } from '../command';
import { adminConf } from '../host-paths';
import { settingsDir } from './settings';
import { staticPods } from './static-pods';

const dir = settingsDir('control-plane');
const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=5s -n kube-system`;
const manifests = '/etc/kubernetes/manifests';

/** In the order in which they change: nothing runs without the one before it. */
const pods = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** All that decides how a control plane runs and that kubeadm writes from its configuration. */
export const controlPlaneFiles = pods.map((name) => `${manifests}/${name}.yaml`);

/** Keeps the cluster's ClusterConfiguration beside the files of this control plane. Once. */
export const keepClusterConfiguration: Command = {
  title: 'keep the ConfigMap kubeadm-config', changes: true,
  script: `set -eu
umask 077
cd ${dir}
[ ! -e cluster-configuration ] || exit 0
${kubectl} get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}' > cluster-configuration.new
mv cluster-configuration.new cluster-configuration`,
};

/** The ClusterConfiguration of before in the cluster again, where this control plane has kept one. */
export const bringBackClusterConfiguration: Command = {
  title: 'bring the ConfigMap kubeadm-config back', changes: true,
  script: `set -eu
[ -s ${dir}/cluster-configuration ] || exit 0
${kubectl} create configmap kubeadm-config --from-file=ClusterConfiguration=${dir}/cluster-configuration --dry-run=client -o yaml | ${kubectl} replace -f -`,
};

/**
 * Bash: `telling FOLDER` prints the line by which a person knows why the container that has its logs there ends, or why it
 * is not Ready. The kubelet keeps the logs of the container that runs and of the one before it; a container that has only just
 * started has written nothing, and the kubelet may have removed the log of the one before: such a one is waited for, at most
 * 15 s. Empty when it says nothing.
 */
export const telling = `telling() {
  local words second
  for second in {1..15}; do
    words=$(find "$1" -name '*.log' 2>/dev/null | sort -V | xargs -r cat 2>/dev/null | sed -E 's/^[^ ]+ (stdout|stderr) [FP] //' | grep -v '^ *$' | tail -n 50 | cut -c1-400)
    if grep -E '^Error: |^[EF][0-9]{4} |^panic: |unknown flag|invalid argument|"level":"(fatal|error)"' <<<"$words" | tail -n1 | grep .; then return; fi
    sleep 1
  done
  tail -n1 <<<"$words"
}`;

/** The static pods of a control plane, brought to what these documents say: see controlPlaneSettingsScript. */
export interface ControlPlaneChange {
  /** Name of the Node object. */
  readonly node: string;
  /** File with kubeadm's documents for this very host. */
  readonly configPath: string;
}

/**
 * Has kubeadm write the manifests into a folder aside, and puts those that differ in place, one after another. Each has to
 * run with them and be Ready before the next one: one that ends three times does not, and the last words of its log are the
 * reason. `kubeadm upgrade node` would do nearly the same, but it leaves etcd alone at the same version, and of an API
 * server that cannot start it hears only by five minutes of silence.
 *
 * An etcd that runs keeps the words by which it came to its members: it does not read them any more.
 */
export const controlPlaneSettingsScript = ({ node, configPath }: ControlPlaneChange): string => `set -u
shopt -s nullglob
umask 077
node=${quote(node)}
config=${quote(configPath)}
${staticPods}
new=${dir}/new
rm -rf $new && mkdir -p $new || exit 1
export KUBEADM_INIT_DRYRUN_DIR=$new
write() {
  if kubeadm init phase "$@" --config "$config" --dry-run >$new/said 2>&1; then return 0; fi
  grep -v -e '^To see the stack trace' -e '^$' $new/said | tail -n 20
  return 1
}
[ ! -e $manifests/etcd.yaml ] || write etcd local || exit 1
write control-plane all || exit 1
if [ -e $new/etcd.yaml ]; then
  kept=$(grep -E -- '^ *- --initial-cluster(-state)?=' $manifests/etcd.yaml)
  awk -v kept="$kept" '/^ *- --initial-cluster-state=/ { next } /^ *- --initial-cluster=/ { print kept; next } { print }' $new/etcd.yaml >$new/etcd.new && mv $new/etcd.new $new/etcd.yaml || exit 1
fi

# uid PID: the uid of the pod that the process runs in, by the folders of its logs.
uid() {
  local folder
  for folder in /var/log/pods/kube-system_"$name-$node"_*/; do
    folder=\${folder%/}; folder=\${folder##*_}
    if grep -q -e "$folder" -e "\${folder//-/_}" "/proc/$1/cgroup" 2>/dev/null; then echo "$folder"; return; fi
  done
}
# running: the uid of the pod that runs now.
running() { local pid; for pid in $(pids "$name"); do uid "$pid"; return; done; }
# newest: for each pod but the one before its uid and the number of its newest log, which is how often it was started before.
newest() {
  local folder number
  for folder in /var/log/pods/kube-system_"$name-$node"_*/; do
    number=$(ls "$folder$name" 2>/dev/null | sed -n 's/^\\([0-9][0-9]*\\)\\.log$/\\1/p' | sort -n | tail -n1)
    folder=\${folder%/}; folder=\${folder##*_}
    [ -z "$number" ] || [ "$folder" = "$before" ] || echo "$folder $number"
  done
}
# count: starts and logs' folder of the pod with the most starts since the manifest was put there.
count() {
  local pod number known
  newest | while read -r pod number; do
    known=$(sed -n "s/^$pod //p" $new/known)
    echo "$((number - \${known:--1})) /var/log/pods/kube-system_$name-\${node}_$pod/$name"
  done | sort -n | tail -n1 | grep . || echo '0 /nowhere'
}
${telling}
state() { ${kubectl} get pod "$name-$node" -o 'jsonpath={.metadata.annotations.kubernetes\\.io/config\\.hash} {.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null; }

for name in ${pods.join(' ')}; do
  [ -e $new/$name.yaml ] || continue
  if cmp -s $new/$name.yaml $manifests/$name.yaml && [ ! -e ${dir}/put-$name ]; then continue; fi
  before=
  if ! cmp -s $new/$name.yaml $manifests/$name.yaml; then before=$(running); [ -n "$before" ] || read -r before _ < <(state; echo); echo "$before" >${dir}/put-$name; else read -r before <${dir}/put-$name; fi
  echo "$name gets its new settings"
  newest >$new/known
  # Hidden until it is whole: the kubelet reads every file there is.
  cp $new/$name.yaml $manifests/.$name.keelson && mv -f $manifests/.$name.keelson $manifests/$name.yaml || exit 1
  ready=
  for second in {1..300}; do
    sleep 1
    now=$(running)
    read -r shown is < <(state; echo)
    if [ "$is" = True ] && [ -n "$shown" ] && [ "$shown" = "$now" ]; then
      # The kubelet knows a pod by what its manifest means: one that means the same stays as it is.
      if [ "$shown" != "$before" ] || [ "$second" -ge 60 ]; then ready=yes; break; fi
    fi
    read -r starts logs < <(count)
    if [ "$starts" -ge 3 ] && { [ -z "$now" ] || [ "$now" = "$before" ]; } || [ "$starts" -ge 5 ]; then
      echo "$name does not run with its new settings, it ends again and again: $(telling "$logs" | grep . || echo 'it says nothing')"
      exit 1
    fi
  done
  if [ -z "$ready" ]; then echo "$name is not Ready with its new settings within five minutes: $(telling "$logs" | grep . || echo 'it says nothing')"; exit 1; fi
  rm -f ${dir}/put-$name
  echo "$name runs with its new settings"
done
rm -rf $new
exit 0
`;

/** The manifests of before, where they differ. That they run is for the caller to see: the API may need minutes for it. */
export const controlPlaneSettingsBackScript = `set -u
shopt -s nullglob
cd ${dir}/before${manifests} || exit 1
for file in *.yaml; do
  if cmp -s "$file" "${manifests}/$file"; then continue; fi
  cp -p "$file" "${manifests}/.$file.keelson" && mv -f "${manifests}/.$file.keelson" "${manifests}/$file" || exit 1
  echo "\${file%.yaml} has its former settings again"
done
rm -rf ${dir}/new ${dir}/put-*
exit 0
`;

/** The static pods of a node that the API does not show Ready, in words. */
export const unreadyPods = (node: string): Command<string> => ({
  title: `kubectl get the static pods of ${node}`,
  script: `for name in ${pods.join(' ')}; do
  [ -e ${manifests}/$name.yaml ] || continue
  ready=$(${kubectl} get pod "$name"-${quote(node)} --ignore-not-found -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') || exit 1
  echo "$name $ready"
done`,
  parse: ({ stdout }) => stdout.split('\n').filter((line) => line !== '' && !line.endsWith(' True')).map((line) => `${line.split(' ')[0] ?? ''} is not Ready`).join(', '),
});
