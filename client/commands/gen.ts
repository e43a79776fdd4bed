import { writeFileSync } from 'node:fs';
import { type ClusterDocuments, type SshSettings, withNodes, writeClusterfile } from '../../domain/clusterfile';
import { isSecretName } from '../../domain/env';
import { ClusterError } from '../../domain/errors';
import { errorsOf, formatProblems } from '../../domain/problem';
import { specProblems } from '../../domain/spec-rules';
import { defaultPolicy } from '../../domain/cluster';
import { credentialField, envField, isSealed, seal } from '../../home/seal';
import { parseEnv } from '../env-flags';
import { exitCodes } from '../exit-codes';
import { hostsFrom } from '../host-flags';
import { loginFrom } from '../login-flags';
import { thisMachine } from '../own-addresses';
import { readDocuments, warnOfStrangers } from '../read-documents';
import { clusterOf } from '../session';
import type { SpecFlags } from '../spec-flags';

/**
 * `keelson gen IMAGE...`: the Clusterfile of a new cluster that `run` would make with the same flags. Reaches nothing: no
 * host, no Temporal server. What the environment says of logging in stays there; secrets of flags are sealed.
 */
export async function gen(images: readonly string[], flags: SpecFlags & { output?: string }): Promise<number> {
  const documents = await documentsOf(images, flags);
  const problems = errorsOf(specProblems(asSpec(documents)));
  if (problems.length > 0) throw new ClusterError('InvalidSpec', formatProblems(problems), { todo: 'nothing was written' });
  const text = writeClusterfile(documents);
  if (flags.output === undefined || flags.output === '-') process.stdout.write(text);
  else writeNew(flags.output, text);
  return exitCodes.done;
}

/** The documents that the flags stand for. A secret is sealed for the place where `apply` will look for it. */
export async function documentsOf(images: readonly string[], flags: SpecFlags): Promise<ClusterDocuments> {
  const name = clusterOf(undefined, flags);
  const named = hostsFrom(flags);
  const hosts = named.length > 0 ? named : [thisMachine()];
  const { nodes, ...beside } = readDocuments(flags);
  warnOfStrangers({ nodes }, hosts);
  return {
    ...beside, name, images,
    hosts: withNodes(hosts, nodes).map(({ login: _login, credential: _credential, ...host }) => ({ ...host, ssh: {} })),
    ssh: await sshOf(name, flags),
    env: parseEnv(flags.env).map(({ name: variable, value }) => ({
      name: variable, value: isSecretName(variable) && value !== '' && !isSealed(value) ? seal(value, { cluster: name, field: envField(variable) }) : value,
    })),
    command: flags.cmd,
    policy: { ...beside.policy, ...(flags.strictHostKeys ? { strictHostKeys: true } : {}), ...(flags.wait === false ? { noWait: true } : {}) },
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
}

async function sshOf(cluster: string, flags: SpecFlags): Promise<SshSettings> {
  const { user, password, keyFile, passphrase } = await loginFrom(flags, {});
  // All hosts share one login, and the first login of a cluster is called `ssh` (client/logins.ts).
  const sealed = (value: string, part: 'password' | 'passphrase'): string =>
    (isSealed(value) ? value : seal(value, { cluster, field: credentialField('ssh', part) }));
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { passwd: sealed(password, 'password') }),
    ...(keyFile === undefined ? {} : { pk: keyFile }),
    ...(passphrase === undefined ? {} : { pkPasswd: sealed(passphrase, 'passphrase') }),
    ...(flags.port === undefined ? {} : { port: flags.port }),
  };
}

/** As much of a spec as its rules look at: how to log in is no business of `gen`. */
const asSpec = ({ policy, hosts, ssh, ...rest }: ClusterDocuments) => ({
  ...rest,
  hosts: hosts.map(({ ssh: _login, port, ...host }) => ({ ...host, id: host.address, port: port ?? ssh.port ?? 22, credential: 'ssh' })),
  credentials: { ssh: { user: 'root' } },
  policy: { ...defaultPolicy, ...policy },
  force: false,
});

/** A file of this name may hold somebody's work: it is never replaced. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new ClusterError('InvalidSpec', code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written (${code})`, {
      todo: 'give another name with --output, or remove the file first',
    }, { cause });
  }
  process.stderr.write(`written to ${file}; \`keelson apply -f ${file}\` makes the cluster\n`);
}
