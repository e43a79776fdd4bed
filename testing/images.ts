import { createHash } from 'node:crypto';
import type { ImageTree, Images, TreeEntry } from '../activities/ports';
import { ClusterError } from '../domain/errors';
import { factsOf, type Labels } from '../domain/image-labels';
import type { ImageConfig } from '../domain/images';
import { servedNames } from '../domain/registry-layout';

interface Made {
  readonly config: ImageConfig;
  readonly files: Readonly<Record<string, string>>;
}

const link = (name: string): [string, string] => {
  const [repository = '', tag = ''] = name.split(':');
  const digest = createHash('sha256').update(name).digest('hex');
  return [`registry/docker/registry/v2/repositories/${repository}/_manifests/tags/${tag}/current/link`, `sha256:${digest}`];
};

const image = (labels: Labels, files: Readonly<Record<string, string>>, more: { env?: Readonly<Record<string, string>>; cmd?: readonly string[] } = {}): Made =>
  ({ config: { labels, env: more.env ?? {}, entrypoint: [], cmd: more.cmd ?? [] }, files });

/** Kubernetes as a simulated host takes it: scripts by name, one template, a registry with two names. */
const kubernetes = (version: string): Made => image(
  {
    'sealos.io.type': 'rootfs', 'sealos.io.version': 'v1beta1', version, vip: '10.103.97.2', check: 'check.sh $registryData', init: 'init.sh',
    clean: 'clean.sh', 'init-registry': 'init-registry.sh $registryData $registryConfig', 'clean-registry': 'clean-registry.sh $registryData $registryConfig',
    'keelson.dev/api-balancer': 'docker.io/keelson/haproxy:2.8',
  },
  {
    ...Object.fromEntries(['check', 'init', 'init-registry', 'clean', 'clean-registry'].map((name) => [`scripts/${name}.sh`, `# ${name} of ${version}\n`])),
    'etc/registry.yml.tmpl': 'storage: {{ .registryData }}\nuser: {{ .registryUsername }}\n',
    'bin/kubelet': `kubelet ${version}`, 'bin/kubeadm': `kubeadm ${version}`,
    ...Object.fromEntries([link(`kube-apiserver:${version}`), link('keelson/haproxy:2.8')]),
  },
  { env: { registryData: '/var/lib/registry', registryConfig: '/etc/registry', registryDomain: 'sealos.hub', registryPort: '5000', registryUsername: 'admin', registryPassword: 'simulated', defaultVIP: '10.103.97.2' } },
);

/** A pod network: its command makes Nodes Ready. */
const network: Made = image({ 'sealos.io.type': 'application', 'keelson.dev/run-at': 'api-up' }, { 'apply.sh': '# network\n', 'manifests/network.yaml': 'image: docker.io/keelson/network:1\n', ...Object.fromEntries([link('keelson/network:1')]) }, { cmd: ['bash apply.sh network'] });

/** An application with two commands. */
const app: Made = image({ 'sealos.io.type': 'application' }, { 'apply.sh': '# app\n' }, { cmd: ['bash apply.sh first', 'bash apply.sh second'] });

/**
 * The fleet's images, made in memory: `fleet/kubernetes:vX.Y.Z` of any version, `fleet/network:1`, `fleet/app:N`. They
 * stand in for the content store, and have all that the stages ask for.
 */
export function fleetImages(): Images {
  const find = (ref: string): Made => {
    const [name, tag = ''] = ref.split(/:(?=[^:/]*$)/);
    if (name === 'fleet/kubernetes' && /^v\d+\.\d+\.\d+$/.test(tag)) return kubernetes(tag);
    if (name === 'fleet/network') return network;
    if (name === 'fleet/app') return app;
    throw new ClusterError('ImageNotFound', `there is no image ${ref}`, { todo: 'the fleet has fleet/kubernetes:vX.Y.Z, fleet/network:1 and fleet/app:N' });
  };
  return {
    resolve: (ref) => {
      const made = find(ref);
      const digest = digestOf(ref);
      const unpackedBytes = Object.values(made.files).reduce((sum, text) => sum + text.length, 0);
      return Promise.resolve(factsOf({ ref, digest, config: made.config, unpackedBytes, architecture: 'amd64' }));
    },
    tree: (digest) => {
      const ref = refOf(digest);
      if (digestOf(ref) !== digest) return Promise.reject(new ClusterError('ImageNotFound', `there is no image ${digest}`));
      return Promise.resolve(treeOf(digest, find(ref)));
    },
  };
}

/**
 * A digest that tells its name, so that any process finds the image again, as in a store on disk: 16 digits by which people
 * and marks tell images apart, then the name's letters. Names of more than 24 bytes after `fleet/` have none.
 */
function digestOf(ref: string): string {
  const name = Buffer.from(ref.replace('fleet/', ''));
  return `sha256:${createHash('sha256').update(ref).digest('hex').slice(0, 16)}${Buffer.concat([name, Buffer.alloc(24)]).subarray(0, 24).toString('hex')}`;
}

const refOf = (digest: string): string => `fleet/${Buffer.from(digest.slice('sha256:'.length + 16), 'hex').toString('utf8').replace(/\0+$/, '')}`;

function treeOf(digest: string, { config, files }: Made): ImageTree {
  const entries = Object.entries(files).map(([path, text]): TreeEntry => {
    const bytes = Buffer.from(text);
    return { path, kind: 'file', mode: 0o755, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), bytes };
  });
  return {
    digest, root: '/fleet', config,
    entries: entries.filter(({ path }) => !path.startsWith('registry/')),
    registry: entries.filter(({ path }) => path.startsWith('registry/')),
    served: servedNames(Object.keys(files)),
  };
}
