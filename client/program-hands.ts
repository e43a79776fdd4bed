import type { Command } from 'commander';
import { collect, type ProgramParts } from './program-parts';

/** The commands by which people guide an operation. docs/hands.md tells when to use which. */
export function addHands({ command, withCluster, withLogin, done }: ProgramParts): void {
  const follows = (one: Command): Command => withCluster(one).option('--wait', 'without a terminal: stay when it waits for a person');

  follows(command('retry [name]', 'tell a parked operation to try again, and follow it'))
    .option('--host <id>', 'only what failed on this host')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/retry.js')).retry(name, flags)));

  follows(command('skip [name]', 'leave out what failed and nothing else depends on, and follow the rest'))
    .option('--host <id>', 'the worker that is left out, or the host of the image\'s command')
    .option('--image <ref>', 'the image whose commands are left out')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/skip.js')).skip(name, flags)));

  follows(command('approve [name]', 'approve the plan that waits, and follow it'))
    .option('--plan-hash <hash>', 'the plan you have read; on a terminal it is shown and asked')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/approve.js')).approve(name, flags)));

  withCluster(command('pause [name]', 'hold a cluster still: what runs ends, and nothing is begun'))
    .option('--reason <text>', 'for the record')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/pause.js')).pause(name, flags)));

  withCluster(command('resume [name]', 'end a pause'))
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/pause.js')).resume(name, flags)));

  withLogin(follows(command('amend [name]', 'correct a login, a host key, an address or an image of what waits; or the logins of a healthy cluster')))
    .option('--host <id>', 'only this host; all of them if left out')
    .option('--address <ip>', 'the new address of --host, as long as it has not joined')
    .option('--host-key <key>', 'the new host key of --host: [TYPE ]SHA256:…, or a line of ssh-keyscan')
    .option('--image <old=new>', 'another image in the place of one; repeatable', collect, [])
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/amend.js')).amend(name, flags)));

  const policy = command('policy', 'show the policy of a cluster, or change it while it works');
  withCluster(policy.command('show [name]').description('print what can be set, and how it is'))
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/policy.js')).showPolicy(name, flags)));
  withCluster(policy.command('set <setting> <value>').description('e.g. upgrade.maxUnavailable 2; counts for the operation that runs as well'))
    .action(async (setting: string, value: string, flags) => done(await (await import('./commands/policy.js')).setPolicy(setting, value, flags)));

  withCluster(command('cancel [name]', 'end the operation that runs: who has joined stays, what was half is taken back'))
    .option('--reason <text>', 'for the record')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/cancel.js')).cancel(name, flags)));
}
