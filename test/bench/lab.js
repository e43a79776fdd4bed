/** Fresh lab hosts, and an observer that both halves are measured by. */
const { execFileSync, spawn } = require('node:child_process');
const { join } = require('node:path');

const script = join(__dirname, '..', 'lab', 'hosts.sh');
const hostsSh = (/** @type {string[]} */ ...args) => execFileSync(script, args, { encoding: 'utf8' }).trim();

/** Private key that the hosts accept. */
const key = () => hostsSh('key');

/**
 * New hosts, with nothing of an earlier round still on its way to the disk.
 * @param {string} group @param {number} count @returns {{ address: string, name: string }[]}
 */
function freshHosts(group, count) {
  hostsSh('down', group);
  const hosts = hostsSh('up', group, String(count)).split('\n').map((address, at) => ({ address, name: `keelson-${group}-${at + 1}` }));
  execFileSync('sync');
  return hosts;
}

/** @param {string} group */
const removeHosts = (group) => hostsSh('down', group);

/** A round that takes longer has gone wrong. */
const deadlineSeconds = 240;

/**
 * Prints the time when `$1` nodes are Ready; nothing when they are not after `$2` seconds. It asks nothing of anybody before the API's port is open, and then watches: a
 * loop of kubectl calls would take a good part of a core from what it measures.
 */
const observer = `
export KUBECONFIG=/etc/kubernetes/admin.conf
declare -A ready
while [ "$SECONDS" -lt "$2" ]; do
  until [ "$SECONDS" -ge "$2" ] || [ -s "$KUBECONFIG" ] && (exec 3<>/dev/tcp/127.0.0.1/6443) 2>/dev/null; do sleep 0.2; done
  while read -r name status; do
    if [ "$status" = True ]; then ready[$name]=1; else unset "ready[$name]"; fi
    [ "\${#ready[@]}" -lt "$1" ] || { echo "$EPOCHREALTIME"; exit; }
  done < <(timeout "$2" kubectl get nodes --watch --no-headers -o 'custom-columns=N:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status' 2>/dev/null)
  sleep 0.2
done`;

/**
 * Watches, on the leader and from now on, until all nodes are Ready.
 * @param {string} name of the leader's container @param {number} count
 * @returns {{ ready: Promise<number>, stop(): void }} seconds since the epoch; the hosts' clock is this machine's
 */
function watchNodes(name, count) {
  const child = spawn('podman', ['exec', name, 'bash', '-c', observer, 'observer', String(count), String(deadlineSeconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => { out += String(chunk); });
  const ready = new Promise((resolve, reject) => {
    child.on('close', () => (out.trim() ? resolve(Number(out.trim())) : reject(new Error(`the observer on ${name} saw no ${count} Ready nodes within ${deadlineSeconds} s`))));
  });
  return { ready, stop: () => { child.kill(); } };
}

module.exports = { freshHosts, key, removeHosts, watchNodes };
