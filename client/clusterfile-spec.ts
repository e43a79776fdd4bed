import type { ClusterSpec, EnvEntry } from '../domain/cluster';
import { type ClusterDocuments, loginOf, type SshSettings } from '../domain/clusterfile';
import { parseEnv } from './env-flags';
import { askedLogin, type LoginFlags, portOf, readLogin, type ReadLogin } from './login-flags';
import type { Login } from './logins';
import { thisMachine } from './own-addresses';
import { completeSpec, type SpecSources } from './spec';
import type { SpecFlags } from './spec-flags';
import type { Wanted, WantedHost } from './wanted';

/** How flags and environment say to log in: a flag counts before the file, a variable of the environment after it. */
export interface LoginsAround {
  readonly flags: Login;
  readonly environment: Login;
}

/** Both at once, before anybody is asked for a password. */
export function readLogins(flags: LoginFlags): { logins: LoginsAround; said: ReadLogin } {
  const said = readLogin(flags, {});
  return { logins: { flags: said.login, environment: readLogin({}).login }, said };
}

/** The same, whole: asks for a password where a flag says so. */
export const askedLogins = async ({ logins, said }: ReturnType<typeof readLogins>): Promise<LoginsAround> => ({ ...logins, flags: await askedLogin(said) });

/** The spec of a Clusterfile, flags over it. Throws as completeSpec() does, and for what `--env` says wrongly. */
export function clusterfileSpec(documents: ClusterDocuments, input: { flags: SpecFlags; logins: LoginsAround; sources: SpecSources; saved: ClusterSpec | undefined }): ClusterSpec {
  const { flags, sources, saved } = input;
  return completeSpec(clusterfileWanted(documents, { ...input, env: parseEnv(flags.env) }), sources, saved?.credentials);
}

/** What a Clusterfile asks for, flags over it. Without hosts this machine is the one control plane, as in sealos. */
export function clusterfileWanted(documents: ClusterDocuments, { flags, logins, env }: { flags: SpecFlags; logins: LoginsAround; env: readonly EnvEntry[] }): Wanted {
  const { ssh, ...rest } = documents;
  const hosts = documents.hosts.map((host): WantedHost => {
    const port = portOf(flags).port ?? host.port ?? ssh.port;
    return { ...host, login: around(logins, loginOf(ssh, host.ssh)), ...(port === undefined ? {} : { port }) };
  });
  return {
    ...rest,
    hosts: hosts.length > 0 ? hosts : [{ ...thisMachine(), login: around(logins, ssh) }],
    login: {},
    env: [...documents.env, ...env],
    command: flags.cmd.length > 0 ? flags.cmd : documents.command,
    policy: { ...documents.policy, ...(flags.wait === false ? { noWait: true } : {}), ...(flags.strictHostKeys ? { strictHostKeys: true } : {}) },
    force: flags.force ?? false,
  };
}

function around({ flags, environment }: LoginsAround, ssh: SshSettings): Login {
  const { keyText, ...file } = toLogin(ssh);
  // A key named on the command line replaces the file's, in whichever form it stands there.
  return { ...environment, ...file, ...(keyText !== undefined && flags.keyFile === undefined ? { keyText } : {}), ...flags };
}

const toLogin = ({ user, passwd, pk, pkData, pkPasswd }: SshSettings): Login => ({
  ...(user === undefined ? {} : { user }),
  ...(passwd === undefined ? {} : { password: passwd }),
  ...(pk === undefined ? {} : { keyFile: pk }),
  ...(pkData === undefined ? {} : { keyText: pkData }),
  ...(pkPasswd === undefined ? {} : { passphrase: pkPasswd }),
});
