/**
 * What a skilled person has at hand before the first host is there: the images unpacked, their templates rendered, the
 * configuration files written. Rendering is Keelson's own, so that both halves bring exactly the same files and the same
 * kubeadm configuration to the hosts.
 */
const { execFileSync } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..');

/**
 * @typedef {object} Prepared
 * @property {string} dir what by-hand.sh takes
 * @property {Record<string, string>} env variables of the image
 * @property {string} version of Kubernetes, with the `v`
 */

/** References and OCI layouts of the images, built if they are not. @returns {Record<string, string>} layout by name */
function layouts() {
  const out = execFileSync(join(root, 'images', 'build.sh'), ['kubernetes', 'flannel'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return Object.fromEntries(out.trim().split('\n').map((line) => line.split(' ')).map(([ref, layout]) => [ref.replace(/^.*\/|:.*$/g, ''), layout]));
}

/**
 * Unpacks an image and gives its configuration. Layers are plain tar archives and hold no deletions: they are ours.
 * @param {string} layout @param {string} dir
 * @returns {{ Env: string[], Labels: Record<string, string>, version: string }}
 */
function unpack(layout, dir) {
  const blob = (/** @type {string} */ digest) => join(layout, 'blobs', 'sha256', digest.replace('sha256:', ''));
  const read = (/** @type {string} */ path) => JSON.parse(readFileSync(path, 'utf8'));
  const [first] = read(join(layout, 'index.json')).manifests;
  const manifest = read(blob(first.digest));
  mkdirSync(dir, { recursive: true });
  for (const { digest } of manifest.layers) execFileSync('tar', ['-C', dir, '-xf', blob(digest)]);
  return { ...read(blob(manifest.config.digest)).config, version: first.annotations['org.opencontainers.image.ref.name'] };
}

/** @param {string[]} list @returns {Record<string, string>} */
const asMap = (list) => Object.fromEntries(list.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]));

/** @param {string} text */
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Unpacks and renders everything that does not depend on the hosts. @param {string} dir @returns {Prepared} */
function prepareImages(dir) {
  const { renderTemplate } = require(join(root, 'dist', 'domain', 'template', 'render.js'));
  const images = layouts();
  const rootfs = join(dir, 'rootfs');
  const { Env, Labels, version } = unpack(images.kubernetes, rootfs);
  unpack(images.flannel, join(dir, 'network'));
  const { PATH: _path, ...env } = asMap(Env);

  execFileSync('mv', [join(rootfs, 'registry'), join(dir, 'registry')]);
  execFileSync('cp', ['-a', `${join(dir, 'network', 'registry')}/.`, join(dir, 'registry')]);
  rmSync(join(dir, 'network', 'registry'), { recursive: true });
  for (const name of readdirSync(join(rootfs, 'etc')).filter((one) => one.endsWith('.tmpl'))) {
    const file = join(rootfs, 'etc', name);
    writeFileSync(file.replace(/\.tmpl$/, ''), renderTemplate(readFileSync(file, 'utf8'), { ...env, Env: env }, { file: name }));
  }
  writeFileSync(join(rootfs, 'etc', 'registry_htpasswd'), execFileSync('htpasswd', ['-niB', env.registryUsername ?? ''], { input: env.registryPassword ?? '' }));

  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`).join('');
  // The runtime and the kubelet's files have nothing to do with each other: by hand they are set up at the same time.
  const [cri, kubelet] = Labels.init.split(' && bash ');
  for (const [name, label] of Object.entries({ check: Labels.check, 'init-registry': Labels['init-registry'], 'init-cri': cri, init: kubelet })) {
    writeFileSync(join(dir, `${name}.sh`), `${exports}cd /var/lib/sealos/data/default/rootfs/scripts && bash ${label}\n`);
  }
  writeFileSync(join(dir, 'pull-leader'), imagesOf(dir, version, env, /./));
  writeFileSync(join(dir, 'pull-worker'), imagesOf(dir, version, env, /kube-proxy|pause/));
  warm(dir);
  return { dir, env, version };
}

/** What a host pulls ahead: of kubeadm's list what fits, the sandbox as the runtime names it, and the pod network's. */
function imagesOf(/** @type {string} */ dir, /** @type {string} */ version, /** @type {Record<string, string>} */ env, /** @type {RegExp} */ wanted) {
  const listed = execFileSync(join(dir, 'rootfs', 'bin', 'kubeadm'), ['config', 'images', 'list', '--kubernetes-version', version], { encoding: 'utf8' });
  const manifests = readFileSync(join(dir, 'network', 'manifests', 'flannel.yaml'), 'utf8');
  const all = [
    ...listed.trim().split('\n').filter((image) => wanted.test(image) && !image.includes('coredns')),
    `${env.registryDomain}:${env.registryPort}/${env.sandboxImage}`,
    ...[...manifests.matchAll(/image: *(\S+)/g)].map(([, image]) => image),
  ];
  return `${[...new Set(all)].join('\n')}\n`;
}

/** Reads every file once: all later rounds find them in memory, the first one should too. @param {string} dir */
const warm = (dir) => execFileSync('bash', ['-c', `tar -C ${quote(dir)} -c . | cat >/dev/null`]);

/**
 * Writes what names hosts: kubeadm's documents, with a token that is made beforehand.
 * @param {Prepared} prepared @param {{ address: string, name: string }[]} hosts the leader first
 */
function prepareHosts({ dir, env, version }, hosts) {
  const { initDocuments, joinDocuments, discoveryKubeconfig } = require(join(root, 'dist', 'domain', 'kubeadm'));
  const [leader, ...workers] = hosts.map(({ address, name }) => ({ id: address, address, name }));
  const cluster = { kubeadm: {}, controlPlanes: [leader], workers };
  const image = { version, env, defaults: readFileSync(join(dir, 'rootfs', 'etc', 'kubeadm.yml'), 'utf8'), vip: env.defaultVIP };
  const host = ({ address, name }) => ({ criSocket: `unix://${env.SEALOS_SYS_CRI_ENDPOINT}`, cgroupDriver: 'systemd', nodeName: name, address });
  const token = `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`;
  const init = initDocuments({ cluster, image, host: host(leader) })
    .replace(/^kind: InitConfiguration$/m, `kind: InitConfiguration\nbootstrapTokens: [{token: ${token}, ttl: 15m}]`);
  writeFileSync(join(dir, 'init.yaml'), init, { mode: 0o600 });
  for (const worker of workers) {
    const discovery = { file: '/root/discovery.conf', token };
    writeFileSync(join(dir, `join-${worker.address}.yaml`), joinDocuments({ cluster, image, host: host(worker), role: 'worker', discovery }), { mode: 0o600 });
  }
  writeFileSync(join(dir, 'discovery.conf'), discoveryKubeconfig({ server: `https://${leader.address}:6443`, caData: '@CA@' }));
}

module.exports = { layouts, prepareImages, prepareHosts };
