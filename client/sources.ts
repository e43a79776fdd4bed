import { knownHosts, readKnownHosts } from './known-hosts';
import { ownAddresses } from './own-addresses';
import type { SpecSources } from './spec';
import { readUserSshConfig, userSshConfig } from './user-ssh-config';

/** What this machine knows of hosts: ~/.ssh, the agent, its own addresses. The last two count with the embedded server only. */
export async function readSources({ embedded }: { embedded: boolean }, env: NodeJS.ProcessEnv = process.env): Promise<SpecSources> {
  const agent = embedded ? env['SSH_AUTH_SOCK'] : undefined;
  return {
    settings: await userSshConfig(readUserSshConfig()),
    knownKeys: knownHosts(readKnownHosts()),
    own: embedded ? ownAddresses() : [],
    ...(agent ? { agentSocket: agent } : {}),
  };
}
