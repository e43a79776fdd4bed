import { type ClusterSpec, type Credential, defaultPolicy, type Policy } from '../cluster';
import { canonicalJson } from '../digest';
import { nodeSettingsOf } from '../node-settings';
import type { ClusterDocuments, SshSettings } from './documents';

/**
 * The documents that a spec stands for, secrets sealed as the spec has them: what `writeClusterfile` prints for a cluster
 * that was made by flags. Where all hosts share one login it stands at the cluster, otherwise at each group of hosts.
 */
export function documentsOfSpec(spec: ClusterSpec): ClusterDocuments {
  const { name, images, env, command, configs, kubeadm, controlPlaneEndpoint, hosts } = spec;
  const shared = new Set(hosts.map(({ credential }) => credential)).size === 1 ? hosts[0]?.credential : undefined;
  return {
    name, images, env, command, configs, kubeadm,
    ssh: shared === undefined ? {} : sshOf(spec.credentials[shared]),
    hosts: hosts.map((host) => ({
      address: host.address, port: host.port, roles: host.roles, env: host.env,
      ssh: shared === undefined ? sshOf(spec.credentials[host.credential]) : {},
      ...(host.hostKeys === undefined ? {} : { hostKeys: host.hostKeys }),
      ...nodeSettingsOf(host),
    })),
    policy: beyondDefaults(spec.policy),
    ...(controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint }),
  };
}

/** A credential as a Clusterfile says it. An agent's socket belongs to one machine and is found again there. */
export const sshOf = (access: Credential | undefined): SshSettings => ({
  ...(access === undefined ? {} : { user: access.user }),
  ...(access?.password === undefined ? {} : { passwd: access.password }),
  ...(access?.privateKey === undefined ? {} : { pkData: access.privateKey }),
  ...(access?.passphrase === undefined ? {} : { pkPasswd: access.passphrase }),
});

/** Not to wait is said of one operation, and not of a cluster. */
const { noWait: _oneOperation, ...defaults } = defaultPolicy;

/** The settings that differ from `other`, as a Policy document has to say them. */
export const policyBeyond = (policy: Policy, other: Policy): Partial<Policy> => {
  const differ = (Object.keys(defaults) as (keyof typeof defaults)[]).filter((key) => canonicalJson(policy[key]) !== canonicalJson(other[key]));
  return Object.fromEntries(differ.map((key) => [key, policy[key]]));
};

const beyondDefaults = (policy: Policy): Partial<Policy> => policyBeyond(policy, defaultPolicy);
