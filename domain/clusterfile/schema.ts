import { z } from 'zod';
import { durationPattern } from './duration';

/** The forms of a Clusterfile's documents. The descriptions are the reference in docs/clusterfile.md. */

/** What to say of a value of another type. Values are never said: they may be secrets. */
const say = (message: string) => ({ error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? 'is missing' : message) });

const text = (what: string) => z.string(say(`${what} must be a text; write numbers and yes or no in quotes`));
const names = (what: string) => z.array(text(`an item of ${what}`), say(`${what} must be a list`));
const duration = z.string(say('a duration is a text such as 30s')).regex(durationPattern, { error: 'a duration is written as 30s, 5m or 1h30m' });
const flag = z.boolean(say('must be true or false'));
const count = (least: number) => z.int(say('must be a whole number')).min(least, { error: `must be at least ${least}` });
const map = say('must be a map (key: value)');

const metadata = z.looseObject({
  name: text('metadata.name').min(1, { error: 'the name is empty' }).describe('Name of the document.'),
}, say('must be a map with a name'));

export const sshSchema = z.object({
  user: text('user').optional().describe('User to log in as; `root` where nothing else is said. Another user needs sudo; where it asks for a password, that of the login is given.'),
  passwd: text('passwd').optional().describe('Password.'),
  pk: text('pk').optional().describe('Path of a private key on the machine that reads the file.'),
  pkData: text('pkData').optional().describe('The private key itself; counts before `pk`.'),
  pkName: text('pkName').optional().describe('Read and ignored: sealos names the file of `pkData` by it.'),
  pkPasswd: text('pkPasswd').optional().describe('Passphrase of the private key.'),
  port: z.int(say('port must be a number')).min(1, { error: 'port must be 1 to 65535' }).max(65_535, { error: 'port must be 1 to 65535' })
    .optional().describe('SSH port of hosts without a port of their own; 22 where nothing else is said.'),
}, map);

export const hostsSchema = z.object({
  ips: names('ips').describe('Hosts of the group, each `ip` or `ip:port`.'),
  roles: names('roles').describe('`master` or `node` first of all; also `registry`, an architecture, free words.'),
  env: names('env').optional().describe('Variables of these hosts as `NAME=VALUE`, over `spec.env`.'),
  hostKeys: names('hostKeys').optional().describe('Host keys of which these hosts have to show one: `ssh-ed25519 AAAA...`, a line of ssh-keyscan, or `SHA256:...`. Only these count then, and `known_hosts` does not.'),
  ssh: sshSchema.optional().describe('What is different from `spec.ssh` for these hosts, field by field.'),
}, map);

export const clusterSpecSchema = z.object({
  image: names('image').optional().describe('Cluster images in the order in which they are laid over each other; the first one is Kubernetes itself.'),
  hosts: z.array(hostsSchema, say('hosts must be a list of groups')).optional().describe('Groups of hosts.'),
  ssh: sshSchema.optional().describe('How to log in to all hosts.'),
  env: names('env').optional().describe('Variables for images, scripts and templates as `NAME=VALUE`; the value is all that follows the first `=`.'),
  command: names('command').optional().describe('Replaces the CMD of the first image.'),
}, map);

const apiVersion = (version: string) => z.literal(version, say(`apiVersion must be ${version}`));

export const clusterSchema = z.looseObject({
  apiVersion: apiVersion('apps.sealos.io/v1beta1'), kind: z.literal('Cluster'), metadata, spec: clusterSpecSchema,
  status: z.unknown().optional().describe('Read and ignored.'),
}, map);

export const configSpecSchema = z.object({
  path: text('path').min(1, { error: 'path is empty' }).describe("The file, relative to an image's root."),
  match: text('match').optional().describe('Exact image reference from `spec.image`; left out: every image.'),
  strategy: z.enum(['merge', 'override', 'insert', 'append', ''], say('strategy must be merge, override, insert or append'))
    .optional().describe('`override` (the default) replaces the file, `insert` puts the data before it, `append` behind it, `merge` merges maps.'),
  data: z.string(say('must be a text: write it below `data: |`')).describe('The content. For `merge` one YAML map.'),
}, map);

export const configSchema = z.looseObject({ apiVersion: apiVersion('apps.sealos.io/v1beta1'), kind: z.literal('Config'), metadata, spec: configSpecSchema }, map);

const policySpecSchema = z.strictObject({
  parallel: count(1).optional().describe('How many hosts a stage works on at once; 20.'),
  strictHostKeys: flag.optional().describe('Refuse hosts whose key is not in known_hosts; false.'),
  noWait: flag.optional().describe('A failed stage ends the operation that this file is applied by, instead of waiting for a person; false. Later operations wait.'),
  parkRetry: z.strictObject({
    times: count(0).optional().describe('How often; 5.'),
    first: duration.optional().describe('After how long for the first time; 10s.'),
    factor: z.number(say('must be a number')).min(1, { error: 'must be at least 1' }).optional().describe('The next time after so many times as long; 2.'),
  }, map).optional().describe('An operation that waits tries again by itself.'),
  maxClockSkew: duration.optional().describe("The largest difference between a host's clock and ours; 5s."),
  clockSkew: z.enum(['refuse', 'warn'], say('must be refuse or warn')).optional().describe('`warn` instead of refusing a clock that is off by at most 30 s; refuse.'),
  drain: z.strictObject({
    grace: duration.optional().describe("Grace period of all pods; left out: each pod's own."),
    timeout: duration.optional().describe('After how long a drain that a PodDisruptionBudget blocks asks a person, 45m at most; 5m.'),
    force: flag.optional().describe('Also delete pods without a controller and data in emptyDir volumes; true.'),
  }, map).optional().describe('How pods leave a host that is upgraded or removed.'),
  upgrade: z.strictObject({
    maxUnavailable: z.union([count(1), z.string().regex(/^[1-9][0-9]?%$|^100%$|^[1-9][0-9]*$/)], say('must be a number from 1 on, or a part such as 25%'))
      .optional().describe('How many workers may be away at once, a number or a part of all such as `25%`; 1.'),
  }, map).optional().describe('How workers are upgraded.'),
  approve: z.strictObject({
    removeControlPlane: flag.optional().describe('Removing a control plane; true.'),
    upgrade: flag.optional().describe('Another Kubernetes version; true.'),
    override: flag.optional().describe('Installing an application again; true.'),
  }, map).optional().describe('Which plans wait for the approval of a person.'),
  snapshots: z.strictObject({
    beforeUpgrade: flag.optional().describe('Before every upgrade; true.'),
    keep: count(1).optional().describe('How many are kept on each control plane: so many of the schedule, so many of all others; 5.'),
    every: duration.optional().describe('How often the schedule takes one; left out: never.'),
  }, map).optional().describe('Snapshots of etcd.'),
  drift: z.strictObject({
    every: duration.optional().describe('How often; left out: never.'),
    converge: flag.optional().describe('Mend what was found, as `apply` would; false.'),
  }, map).optional().describe('A look at all hosts now and then that reports what differs.'),
  controlPlaneEndpoint: text('controlPlaneEndpoint').optional().describe('`host:port` of a load balancer or virtual IP of your own in front of the API.'),
  nodeNames: z.record(z.string(), text('a node name'), say('nodeNames must be a map (ip: name)')).optional().describe('Names of Nodes by the address of the host; left out: the host name.'),
  nodeLabels: z.record(z.string(), z.record(z.string(), text('a label'), say('the labels of a node must be a map (name: value)')), say('nodeLabels must be a map (ip: labels)'))
    .optional().describe('Labels of Nodes by the address of the host, each a map.'),
  nodeTaints: z.record(z.string(), names('the taints of a node'), say('nodeTaints must be a map (ip: taints)'))
    .optional().describe('Taints of Nodes by the address of the host, each a list of `key=value:Effect`, beside that of a control plane.'),
}, map);

export const policySchema = z.looseObject({
  apiVersion: apiVersion('keelson.dev/v1alpha1'), kind: z.literal('Policy'), metadata: metadata.optional(), spec: policySpecSchema,
}, map);

const group = (name: string, versions: readonly string[]) =>
  z.enum(versions.map((version) => `${name}/${version}`), say(`apiVersion must be ${name}/${versions.join(', ')}`));
const kubeadmGroup = group('kubeadm.k8s.io', ['v1beta1', 'v1beta2', 'v1beta3', 'v1beta4']);
const partial = (kind: string, versions: typeof kubeadmGroup) => z.looseObject({ apiVersion: versions, kind: z.literal(kind) }, map);

/** Kubernetes' own documents: they may be partial, and what is in them is kubeadm's affair. */
export const kubeadmSchemas = {
  init: partial('InitConfiguration', kubeadmGroup),
  cluster: partial('ClusterConfiguration', kubeadmGroup),
  join: partial('JoinConfiguration', kubeadmGroup),
  kubelet: partial('KubeletConfiguration', group('kubelet.config.k8s.io', ['v1beta1'])),
  kubeProxy: partial('KubeProxyConfiguration', group('kubeproxy.config.k8s.io', ['v1alpha1'])),
};
