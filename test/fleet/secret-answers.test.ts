import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { toFailure } from '../../activities/failure';
import type { Command } from '../../domain/command';
import { createToken, uploadCertificates } from '../../domain/commands/join-credentials';
import { readAdminConf } from '../../domain/commands/kubernetes';
import { readRegistryPassword } from '../../domain/commands/state-copy';
import { hostPaths } from '../../domain/host-paths';
import { type Fault, fleetSessions, type FleetSessions } from '../../testing';
import { clusterSecrets } from '../../testing/kubernetes';
import { sourceFiles, walk } from '../source-files';
import { withTemporal } from '../temporal/env';
import { readable } from '../temporal/history';
import { type Made, Stand } from './stand';

jest.setTimeout(240_000);

const password = 'passw0rd-of-the-registry';
const secretsIn = (text: string): string[] => [...Object.values(clusterSecrets), password].filter((secret) => text.includes(secret));
/** Every command whose answer is a secret, by the name of its simulation. */
const commands: Readonly<Record<string, (cluster: string) => Command<unknown>>> = {
  'kubeadm token create': () => createToken('10.0.0.9'),
  'upload the certificates': () => uploadCertificates('/etc/kubeadm.yaml'),
  'read the admin kubeconfig': () => readAdminConf,
  'read the registry password': readRegistryPassword,
};

test('every command that says that its answer is a secret is among those that are tried here', () => {
  let said = 0;
  for (const { path, syntax } of sourceFiles()) {
    if (path !== 'domain/command.ts') walk(syntax, (node) => { if (ts.isPropertyAssignment(node) && node.name.getText() === 'answerIsSecret') said += 1; });
  }
  expect(said).toBe(Object.keys(commands).length);
});

withTemporal('an answer that is a secret', () => {
  const before = { ...process.env };
  let stand: Stand;
  let sessions: FleetSessions;
  /** Has little time for a command: for those that never end. */
  let hasty: FleetSessions;
  let made: Made;

  beforeAll(async () => {
    stand = await Stand.start({ patienceMs: 3_000 });
    process.env.KEELSON_HOME = stand.dir;
    const patient = stand.work(stand.server.address, Infinity);
    sessions = fleetSessions(stand.fleet);
    hasty = fleetSessions(stand.fleet, { patienceMs: 1_000 });
    made = await stand.cluster(1, 0);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    patient.kill('SIGKILL');
    stand.work();
    const { host } = made.hosts[0]!;
    host.files.write(`${hostPaths(made.cluster.name).rootfs}/etc/registry.yml`, `user: admin\npassword: ${password}\n`, 0o600);
  });
  afterEach(() => { stand.fleet.plans.splice(0); });
  afterAll(async () => {
    await sessions.close();
    await hasty.close();
    await stand.close();
    process.env = before;
  });

  const endings: readonly (readonly [string, Fault, string])[] = [
    ['does not end after it', { kind: 'hang', when: 'after' }, 'CommandTimedOut'],
    ['fails after it', { kind: 'exit', code: 1, when: 'after', words: 'no more memory' }, 'CommandFailed'],
  ];
  test.each(Object.keys(commands).flatMap((name) => endings.map(([how, fault, type]) => [name, how, fault, type] as const)))('of "%s" stands in no error and no log when the command %s', async (name, _how, fault, type) => {
    const logged: string[] = [];
    const session = (from: FleetSessions) => from.to(made.hosts[0]!, { log: (line) => logged.push(line) });
    const command = commands[name]!(made.cluster.name);
    // That is where the secret is.
    expect(secretsIn(await (await session(sessions)).run(command) as string)).toHaveLength(1);
    stand.fleet.plans.push((moment) => (moment.name === name ? fault : undefined));
    const error = toFailure(await (await session(fault.kind === 'hang' ? hasty : sessions)).run(command).then(() => { throw new Error('it ended well'); }, (failed: unknown) => failed));
    expect(error).toMatchObject({ type, details: [{ host: expect.any(String) as string }] });
    expect(secretsIn(`${error.message} ${JSON.stringify(error)} ${logged.join('\n')}`)).toEqual([]);
  });

  test('stands in no history, no status and no file when a join ends by it', async () => {
    const names = ['kubeadm token create', 'upload the certificates', 'read the admin kubeconfig'];
    await Promise.all(names.map(async (name) => {
      const one = await stand.cluster(2, 1);
      const ours = new Set(one.hosts.map(({ host }) => host.address));
      stand.fleet.plans.push((moment) => (moment.name === name && ours.has(moment.host) ? { kind: 'hang', when: 'after' } : undefined));
      const { operation } = await one.cluster.apply({ ...one.spec, policy: { ...one.spec.policy, noWait: true } });
      const end = await one.cluster.end(operation);
      expect({ name, ...end }).toMatchObject({ outcome: 'Failed', message: expect.stringContaining('did not end within') as string });
      const history = await one.cluster.operation(operation).fetchHistory();
      expect(secretsIn(`${readable(history)} ${JSON.stringify(await one.cluster.status(operation))} ${JSON.stringify(end)}`)).toEqual([]);
    }));
    const files = ['logs', 'journal'].flatMap((folder) => readdirSync(join(stand.dir, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(stand.dir, folder, path))).filter((path) => statSync(path).isFile());
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((path) => secretsIn(readFileSync(path, 'utf8')).length > 0)).toEqual([]);
  });
});
