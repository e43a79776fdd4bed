import { MockActivityEnvironment } from '@temporalio/testing';
import { backInService } from '../../activities/back-in-service';
import type { Deps } from '../../activities/deps';
import type { HostTarget } from '../../domain/cluster';
import type { Command } from '../../domain/command';
import { readCordon } from '../../domain/commands/drain';
import { readEtcd, readNodes } from '../../domain/commands/kubernetes';
import { readUpgrade } from '../../domain/commands/upgrade';
import { aTarget } from './ssh-server';

const leader: HostTarget = aTarget(22, { id: '10.0.0.1', address: '10.0.0.1' });
const host: HostTarget = aTarget(22, { id: '10.0.0.2', address: '10.0.0.2' });
const nodes = [{ name: 'cp', address: leader.address }, { name: 'one', address: host.address }];

interface Found {
  readonly cordon?: { readonly cordoned: boolean; readonly ours: boolean };
  readonly notes?: { readonly cordoned?: boolean; readonly drained?: boolean };
  readonly members?: readonly string[];
}
const ours = { cordoned: true, ours: true };
const aPersons = { cordoned: true, ours: false };

/** What it says, and what it has changed. */
async function after({ cordon = ours, notes = {}, members = [leader.address, host.address] }: Found, as: { readonly controlPlane?: boolean; readonly upgrading?: boolean } = {}) {
  const changes: string[] = [];
  const answers: Record<string, unknown> = {
    [readNodes.title]: nodes, [readEtcd('cp').title]: { members: members.map((address) => ({ id: '1', name: '', address, healthy: true })) },
    [readCordon('one').title]: cordon, [readUpgrade.title]: { cordoned: false, drained: false, ...notes },
  };
  const run = (command: Command<unknown>): Promise<unknown> => {
    if (command.changes) changes.push(command.title);
    else if (!(command.title in answers)) throw new Error(`nobody answers ${command.title}`);
    return Promise.resolve(answers[command.title] ?? '');
  };
  const deps = { remote: { to: () => Promise.resolve({ run }) }, log: () => undefined } as unknown as Deps;
  const done = await new MockActivityEnvironment().run(backInService(deps), {
    where: { cluster: 'demo', uid: 'uid-1', n: 1, operation: 'reconcile-1', stage: 'Upgrade' }, host, leader, controlPlane: false, upgrading: false, ...as,
  });
  return { done, changes };
}

const back = ['kubectl uncordon one', 'note that the node is in service', 'the host is as it was'];

test('a host that was to leave takes pods again where the cordon is ours; a person\'s stays', async () => {
  expect(await after({})).toEqual({ done: true, changes: ['kubectl uncordon one'] });
  expect(await after({ cordon: aPersons })).toEqual({ done: true, changes: [] });
});

test('a control plane that has left etcd is half gone, and stays out of service', async () => {
  expect(await after({ members: [leader.address] }, { controlPlane: true })).toEqual({ done: false, changes: [] });
  expect(await after({}, { controlPlane: true })).toEqual({ done: true, changes: ['kubectl uncordon one'] });
});

test('a host whose upgrade was begun and has not gone on is given back; the note of a former version counts as well', async () => {
  expect(await after({}, { upgrading: true })).toEqual({ done: true, changes: back });
  expect(await after({ cordon: aPersons, notes: { cordoned: true } }, { upgrading: true })).toEqual({ done: true, changes: back });
  expect(await after({ cordon: aPersons }, { upgrading: true })).toEqual({ done: true, changes: back.slice(1) });
});

test('one whose pods have left for its upgrade may be half upgraded, and stays out of service', async () => {
  expect(await after({ notes: { drained: true } }, { upgrading: true })).toEqual({ done: false, changes: [] });
});
