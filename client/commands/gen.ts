import { existsSync, writeFileSync } from 'node:fs';
import { type ClusterDocuments, type SshSettings, withNodes, writeClusterfile } from '../../domain/clusterfile';
import { isSecretName } from '../../domain/env';
import { errorsOf, type Problem } from '../../domain/problem';
import { additionProblems, specProblems } from '../../domain/spec-rules';
import { defaultPolicy } from '../../domain/cluster';
import { credentialField, envField, isSealed, seal } from '../../home/seal';
import { readEnv } from '../env-flags';
import { exitCodes } from '../exit-codes';
import { readHosts } from '../host-flags';
import { askedLogin, readLogin } from '../login-flags';
import type { Login } from '../logins';
import { mistake, noted, refusal, refuse } from '../one-report';
import { thisMachine } from '../own-addresses';
import { readDocuments, warn, warnOfStrangers } from '../read-documents';
import { placed } from '../run-spec';
import { clusterOf } from '../session';
import type { SpecFlags } from '../spec-flags';

/**
 * `keelson gen IMAGE...`: the Clusterfile of a new cluster that `run` would make with the same flags. Reaches nothing: no
 * host, no Temporal server. What the environment says of logging in stays there; secrets of flags are sealed.
 */
export async function gen(images: readonly string[], flags: SpecFlags & { output?: string }): Promise<number> {
  const { output } = flags;
  const text = writeClusterfile(await documentsOf(images, flags, output !== undefined && output !== '-' && existsSync(output) ? [isThere(output)] : []));
  if (flags.output === undefined || flags.output === '-') process.stdout.write(text);
  else writeNew(flags.output, text);
  return exitCodes.done;
}

/**
 * The documents that the flags stand for. A secret is sealed for the place where `apply` will look for it. Throws InvalidSpec
 * with all that is wrong with the flags and the files they name, `more` as well; only then asks for a password and seals.
 */
export async function documentsOf(images: readonly string[], flags: SpecFlags, more: readonly Problem[] = []): Promise<ClusterDocuments> {
  const name = clusterOf(undefined, flags);
  const problems: Problem[] = [...more];
  const { hosts: named, problems: ofHosts, unread } = readHosts(flags);
  const { env, problems: ofEnv } = readEnv(flags.env);
  const { documents: { nodes, ...beside }, problems: ofDocuments, locate } = readDocuments(flags);
  const said = readLogin(flags, {});
  problems.push(...ofHosts, ...ofEnv, ...ofDocuments, ...said.problems);
  const hosts = named.length > 0 || unread ? named : noted(problems, [], () => [thisMachine()]);
  const documents = {
    ...beside, name, images, env, ssh: {},
    hosts: withNodes(hosts, nodes).map(({ login: _login, credential: _credential, ...host }) => ({ ...host, ssh: {} })),
    command: flags.cmd,
    policy: { ...beside.policy, ...(flags.strictHostKeys ? { strictHostKeys: true } : {}), ...(flags.wait === false ? { noWait: true } : {}) },
    ...(flags.controlPlaneEndpoint ? { controlPlaneEndpoint: flags.controlPlaneEndpoint } : {}),
  };
  const spec = asSpec(documents);
  problems.push(...errorsOf(unread ? additionProblems(spec) : specProblems(spec)).map((one) => placed(one, flags, locate)));
  warn(refuse(problems, 'nothing was written'));
  warnOfStrangers({ nodes }, hosts);
  return {
    ...documents, ssh: sshOf(name, await askedLogin(said), flags),
    env: env.map(({ name: variable, value }) => ({
      name: variable, value: isSecretName(variable) && value !== '' && !isSealed(value) ? seal(value, { cluster: name, field: envField(variable) }) : value,
    })),
  };
}

function sshOf(cluster: string, { user, password, keyFile, passphrase }: Login, flags: SpecFlags): SshSettings {
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

const isThere = (file: string): Problem => mistake(`${file} is there already`, 'give another name with --output, or remove the file first');

/** A file of this name may hold somebody's work: it is never replaced. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw refusal([code === 'EEXIST' ? isThere(file) : mistake(`${file} cannot be written (${code})`, 'give another name with --output')]);
  }
  process.stderr.write(`written to ${file}; \`keelson apply -f ${file}\` makes the cluster\n`);
}
