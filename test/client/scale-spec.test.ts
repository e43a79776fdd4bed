import { exitCodeOf } from '../../client/exit-codes';
import { readHosts } from '../../client/host-flags';
import type { Login } from '../../client/logins';
import { addSpec, deleteSpec } from '../../client/scale-spec';
import type { SpecSources } from '../../client/spec';
import type { SpecFlags } from '../../client/spec-flags';
import type { ClusterSpec } from '../../domain/cluster';
import { aCluster, aHost } from '../fixtures';

const quiet: SpecSources = { settings: () => ({}), knownKeys: () => [], own: [] };
const noFlags: SpecFlags = { env: [], cmd: [], configFile: [], values: [], set: [] };
const saved = aCluster(1, 2, { name: 'prod' });

const add = (named: Partial<SpecFlags>, { login = {}, to = saved }: { login?: Login; to?: ClusterSpec | undefined } = {}): ClusterSpec =>
  addSpec({ cluster: 'prod', hosts: readHosts(named).hosts, flags: { ...noFlags, ...named }, login }, quiet, to);
const remove = (named: { masters?: string; nodes?: string }, from: ClusterSpec | undefined = saved): ClusterSpec => deleteSpec('prod', readHosts(named).hosts, from);
const idsOf = ({ hosts }: ClusterSpec): string[] => hosts.map(({ id, roles }) => `${id} ${roles[0] ?? ''}`);

/** Type, words and exit code of what is refused. */
function refused(act: () => unknown): { type: string; message: string; code: number } {
  try {
    act();
  } catch (error) {
    const { type, message } = error as { type: string; message: string };
    return { type, message, code: exitCodeOf(error) };
  }
  throw new Error('it was not refused');
}

describe('add', () => {
  test('brings hosts of both roles, with the login and the port of the first host; all else stays', () => {
    const first = { ...saved, hosts: saved.hosts.map((host) => ({ ...host, port: 2222 })) };
    const after = add({ masters: '10.0.0.11', nodes: '10.0.0.12,10.0.0.13:22' }, { to: first });
    expect(idsOf(after)).toEqual([...idsOf(saved), '10.0.0.11 master', '10.0.0.12 node', '10.0.0.13 node']);
    expect(after.hosts.slice(3).map(({ port, credential }) => [port, credential])).toEqual([[2222, 'default'], [2222, 'default'], [22, 'default']]);
    expect({ ...after, hosts: first.hosts }).toEqual(first);
  });

  test('with a login of its own leaves that of the others as it is', () => {
    const after = add({ nodes: '10.0.0.12' }, { login: { user: 'ops', password: 'Geheim-4711' } });
    const added = after.hosts.find(({ id }) => id === '10.0.0.12');
    expect(after.credentials[added?.credential ?? '']).toMatchObject({ user: 'ops' });
    expect(after.hosts.slice(0, 3)).toEqual(saved.hosts);
    expect(after.credentials['default']).toEqual(saved.credentials['default']);
    expect(JSON.stringify(after)).not.toContain('Geheim-4711');
  });

  test.each([
    ['a host that has joined', { nodes: '10.0.0.9,10.0.0.2' }, '10.0.0.2 is part of cluster prod already, as worker'],
    ['a host that has joined in the other role', { masters: '10.0.0.2' }, '10.0.0.2 is part of cluster prod already, as worker'],
    ['the control plane', { nodes: '10.0.0.1' }, '10.0.0.1 is part of cluster prod already, as control plane'],
    ['nobody', {}, 'no host is named'],
  ])('of %s is refused', (_what, named, message) => {
    expect(refused(() => add(named))).toEqual({ type: 'InvalidSpec', message, code: 2 });
  });

  test('to a cluster that nobody knows is refused', () => {
    expect(refused(() => addSpec({ cluster: 'prod', hosts: readHosts({ nodes: '10.0.0.9' }).hosts, flags: noFlags, login: {} }, quiet, undefined)))
      .toEqual({ type: 'InvalidSpec', message: 'there is no cluster prod', code: 2 });
  });
});

describe('delete', () => {
  test('leaves the others in their order, forces nothing, and forgets logins that nobody uses any more', () => {
    const before = aCluster(3, 1, {
      name: 'prod', force: true, credentials: { default: { user: 'root' }, own: { user: 'ops' } },
      hosts: [...aCluster(3, 1).hosts, aHost('10.0.0.5', 'node', { credential: 'own' })],
    });
    const after = remove({ masters: '10.0.0.1', nodes: '10.0.0.5' }, before);
    expect(idsOf(after)).toEqual(['10.0.0.2 master', '10.0.0.3 master', '10.0.0.4 node']);
    expect(after).toMatchObject({ force: false, images: before.images });
    expect(after.credentials).toEqual({ default: { user: 'root' } });
  });

  test.each([
    ['a host that is not there', { nodes: '10.0.0.9,10.0.0.2' }, 'InvalidSpec', '10.0.0.9 is no part of cluster prod', 2],
    ['a host in the other role', { masters: '10.0.0.2' }, 'InvalidSpec', '10.0.0.2 is a worker, not a control plane', 2],
    ['a control plane named as a worker', { nodes: '10.0.0.1' }, 'InvalidSpec', '10.0.0.1 is a control plane, not a worker', 2],
    ['nobody', {}, 'InvalidSpec', 'no host is named', 2],
    ['the last control plane', { masters: '10.0.0.1' }, 'UnsafePlan', 'no control plane would be left: 10.0.0.1', 4],
  ])('of %s is refused', (_what, named, type, message, code) => {
    expect(refused(() => remove(named))).toEqual({ type, message, code });
  });

  test('of a host that has begun to leave goes on: the spec is as it was', () => {
    const leaving = [aHost('10.0.0.8')];
    expect(deleteSpec('prod', readHosts({ nodes: '10.0.0.8' }).hosts, saved, leaving)).toEqual(saved);
    expect(idsOf(deleteSpec('prod', readHosts({ nodes: '10.0.0.8,10.0.0.3' }).hosts, saved, leaving))).toEqual(['10.0.0.1 master', '10.0.0.2 node']);
    expect(refused(() => deleteSpec('prod', readHosts({ masters: '10.0.0.8' }).hosts, saved, leaving)).message).toBe('10.0.0.8 is a worker, not a control plane');
  });

  test('from a cluster that nobody knows is refused', () => {
    expect(refused(() => deleteSpec('prod', readHosts({ nodes: '10.0.0.2' }).hosts, undefined))).toEqual({ type: 'InvalidSpec', message: 'there is no cluster prod', code: 2 });
  });

  test('finds a host by another notation of its address', () => {
    const before = { ...saved, hosts: [...saved.hosts, aHost('fd00::5')] };
    expect(idsOf(remove({ nodes: 'FD00:0::5' }, before))).toEqual(idsOf(saved));
    expect(refused(() => add({ nodes: 'FD00:0::5' }, { to: before })).message).toBe('fd00::5 is part of cluster prod already, as worker');
  });
});
