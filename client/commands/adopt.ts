import { randomUUID } from 'node:crypto';
import type { ClusterSpec, EnvEntry } from '../../domain/cluster';
import { digestOf } from '../../domain/digest';
import { type Desired, type EntityState, newEntity } from '../../domain/entity';
import { ClusterError } from '../../domain/errors';
import { errorsOf, formatProblems } from '../../domain/problem';
import { behindAll, newestCopy, stateFromCopy } from '../../domain/state-copy';
import type { AdoptAnswer } from '../../workflows/messages';
import { ensureKeys } from '../../home/key';
import { defaultActor } from '../actor';
import { askYes } from '../ask';
import { type CheckedClusterfile, checkedClusterfile } from '../checked-clusterfile';
import { clusterfileSpec } from '../clusterfile-spec';
import { readEnv } from '../env-flags';
import { exitCodes } from '../exit-codes';
import { readHosts } from '../host-flags';
import { keepClusterfile } from '../keep-clusterfile';
import type { KeelsonClient } from '../keelson-client';
import { askedLogin, readLogin, saysLogin } from '../login-flags';
import type { Login } from '../logins';
import { mistake, refuse } from '../one-report';
import { withNewSecrets } from '../renew-secrets';
import { isEmbedded, withClient } from '../session';
import { renderPlan } from '../show-plan';
import { readSources } from '../sources';
import { completeSpec } from '../spec';
import type { SpecFlags } from '../spec-flags';
import type { WantedHost } from '../wanted';
import { sealFile } from '../written-back';

export type AdoptFlags = SpecFlags & { readonly clusterfile?: string };

/** A cluster that is there, and what its entity would begin with. */
interface Candidate {
  readonly spec: ClusterSpec;
  readonly before?: ClusterSpec;
  readonly ours: boolean;
  readonly uid: string;
  readonly hostKeys: Readonly<Record<string, string>>;
  state(answer: AdoptAnswer, by: string, now: string): EntityState;
}

/**
 * `keelson adopt`: takes a cluster over that nobody looks after: from the copy of its state that lies on a control plane
 * (the Temporal server was lost), or with `--clusterfile` one that sealos made. Shows what it found, and writes claim and
 * marks only after a yes.
 */
export async function adopt(name: string | undefined, flags: AdoptFlags): Promise<number> {
  const wanted = name ?? (flags.cluster === 'default' ? undefined : flags.cluster);
  const file = flags.clusterfile === undefined ? undefined : await checkedClusterfile(flags.clusterfile, flags, flags.masters === undefined ? [] : [twoPlaces]);
  const copy = file ? undefined : await readPlace(flags);
  // What is found is sealed where it is found, with the key that a client makes.
  ensureKeys();
  return withClient(flags, async (client) => {
    const candidate = copy ? await fromCopy(client, copy, wanted, flags) : await fromFile(client, file as CheckedClusterfile, flags);
    const { spec } = candidate;
    if (wanted !== undefined && wanted !== spec.name) throw new ClusterError('InvalidSpec', `that is cluster ${spec.name}, not ${wanted}`, { todo: `keelson adopt ${spec.name} ...` });
    if (await client.desired(spec.name)) throw new ClusterError('ClusterBusy', `cluster ${spec.name} is looked after here already`, { todo: `\`keelson status ${spec.name}\` shows it` });
    return decide(client, candidate, flags);
  });
}

const twoPlaces = mistake('--clusterfile and --masters exclude each other', '--masters for a cluster that Keelson made, --clusterfile for another one');
const noPlace = mistake('nobody says where the cluster is', 'give --masters with one of its control planes, or --clusterfile for a cluster that sealos made');

/** Where a copy of the state lies, and how to get there. */
interface Place {
  readonly masters: readonly WantedHost[];
  readonly login: Login;
  readonly env: readonly EnvEntry[];
}

/** Throws InvalidSpec with all that is wrong with the flags; only then asks for a password. */
async function readPlace(flags: AdoptFlags): Promise<Place> {
  const { hosts, problems } = readHosts(flags.masters === undefined ? {} : { masters: flags.masters });
  const { env, problems: ofEnv } = readEnv(flags.env);
  const said = readLogin(flags);
  refuse([...(hosts.length + problems.length === 0 ? [noPlace] : []), ...problems, ...ofEnv, ...said.problems]);
  return { masters: hosts, env, login: await askedLogin(said) };
}

async function decide(client: KeelsonClient, candidate: Candidate, flags: AdoptFlags): Promise<number> {
  const { spec, before, ours, uid, hostKeys } = candidate;
  const input = { spec, ours, uid, hostKeys, ...(before ? { before } : {}) };
  const seen = await client.lookAtAdoption(input);
  const { adoption, plan } = seen;
  const errors = errorsOf(adoption.problems);
  if (flags.json) console.log(JSON.stringify({ cluster: spec.name, adoption, plan }, undefined, 2));
  else for (const line of describe(spec, seen)) console.log(line);
  if (errors.length > 0) return errors.some(({ type }) => type === 'InvalidSpec') ? exitCodes.badInput : exitCodes.refused;
  if (flags.dryRun) return exitCodes.done;
  if (!flags.yes && !(await askYes(`Take cluster ${spec.name} over?`, '--yes'))) {
    console.error('nothing was done');
    return exitCodes.refused;
  }
  const answer = await client.lookAtAdoption({ ...input, uid: adoption.uid, confirm: adoption.hash });
  if (!answer.adopted) throw new ClusterError('UnsafePlan', 'the hosts have changed since the look: nothing was written', { todo: 'ask again' });
  const by = flags.by ?? defaultActor();
  await client.adopt(candidate.state(answer, by, new Date().toISOString()));
  await keepClusterfile(client, spec.name);
  if (!flags.json) console.log(`cluster ${spec.name} is looked after from here; \`keelson status ${spec.name}\``);
  return exitCodes.done;
}

async function fromCopy(client: KeelsonClient, { masters, login, env }: Place, wanted: string | undefined, flags: AdoptFlags): Promise<Candidate> {
  const sources = await readSources({ embedded: isEmbedded(flags) });
  const common = { images: [], command: [], env: [], configs: [], kubeadm: {}, force: false, policy: {}, ...(flags.port ? { port: flags.port } : {}) };
  // Secrets are bound to the name of their cluster, which the copy tells: to ask for it takes a login of another name.
  const asked = completeSpec({ ...common, name: wanted ?? 'adopt', hosts: masters, login }, sources);
  const { hosts } = await client.readCopies(asked);
  const copy = newestCopy(hosts.flatMap(({ host, copy: one }) => (one ? [{ host, copy: one }] : [])));
  if (!copy) {
    throw new ClusterError('InvalidSpec', `there is no copy of a cluster's state: ${hosts.map(({ host, problem }) => `${host}: ${problem ?? 'nothing there'}`).join('; ')}`, {
      todo: 'name control planes of the cluster; for one that sealos made, or without any copy, give --clusterfile',
    });
  }
  const found = hosts.find(({ registryPassword }) => registryPassword !== undefined)?.registryPassword;
  const renewed = withNewSecrets(copy.desired.spec, { login, env, sources, ...(saysLogin(login) ? { said: true } : {}), ...(found ? { registryPassword: found } : {}), ...(copy.current.members ? { members: copy.current.members } : {}) });
  const spec = renewed?.spec ?? copy.desired.spec;
  return {
    spec, ours: true, uid: copy.uid, hostKeys: copy.current.hostKeys, ...(renewed ? { before: copy.desired.spec } : {}),
    state: (_answer, by, now) => {
      const state = stateFromCopy(copy, by, now);
      if (!renewed) return state;
      // What the lost key sealed cannot be read any more, and that is the file as well.
      const { file: _lost, ...desired } = copy.desired;
      const { members } = renewed;
      return { ...state, desired: { ...desired, spec, digest: digestOf(spec) }, current: { ...state.current, ...(members ? { members } : {}) } };
    },
  };
}

async function fromFile(client: KeelsonClient, { documents, text, logins, sources }: CheckedClusterfile, flags: AdoptFlags): Promise<Candidate> {
  const said = clusterfileSpec(documents, { flags, logins, sources, saved: undefined });
  const { hosts } = await client.readCopies(said);
  // A running registry keeps the password it has.
  const password = said.env.some(({ name }) => name === 'registryPassword') ? undefined : hosts.find(({ registryPassword }) => registryPassword !== undefined)?.registryPassword;
  const spec: ClusterSpec = password === undefined ? said : { ...said, registryPassword: password };
  const file = sealFile(text, spec.name);
  const uid = randomUUID();
  return {
    spec, ours: false, uid, hostKeys: {},
    state: ({ adoption, record }, by, now) => {
      const desired: Desired = { spec, digest: digestOf(spec), by, at: now, generation: 1, ...(file === undefined ? {} : { file }) };
      const line = { operation: 'adopt', by, startedAt: now, endedAt: now, outcome: 'Success' as const, message: 'taken over as it was found, by its Clusterfile' };
      // Hosts that bear a claim have seen operations under it, and nobody knows how many.
      return { ...newEntity(spec.name), uid: adoption.uid, n: adoption.uid === uid ? 0 : behindAll(0), desired, current: record, log: [line] };
    },
  };
}

function describe({ name }: ClusterSpec, { adoption, plan }: AdoptAnswer): string[] {
  const { hosts, found, problems } = adoption;
  const written = hosts.map(({ host, claim, marks }) => `  ${host}: ${[...(claim ? ['our claim'] : []), ...(marks.length > 0 ? [`marks ${marks.join(', ')}`] : [])].join(', ')}`);
  const text = formatProblems(problems);
  return [
    `${name}: found`, ...found.map((line) => `  ${line}`),
    ...(text === '' ? [] : [text]),
    ...(errorsOf(problems).length > 0 ? ['it cannot be taken over so; nothing was changed'] : [
      ...(written.length > 0 ? ['to be written, and nothing else', ...written] : ['nothing has to be written on the hosts']),
      'an apply afterwards would do:', ...renderPlan(plan).slice(1).map((line) => `  ${line}`),
    ]),
  ];
}
