import type { ProgramParts } from './program-parts';

/** The commands that run a task on a cluster as an operation of its own: etcd and cert. */
export function addTasks({ command, withCluster, done }: ProgramParts): void {
  const etcd = command('etcd', 'snapshots of etcd: take one, list them, go back to one');
  withCluster(etcd.command('save [name]').description('take a snapshot; every control plane and the Temporal worker keep a copy'))
    .option('-o, --output <file>', 'also write it to a new file here')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/etcd.js')).save(name, flags)));
  etcd.command('list [name]').description('the snapshots that the Temporal worker of this machine keeps')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('--json', 'as JSON')
    .action(async (name: string | undefined, flags) => done((await import('./commands/etcd.js')).list(name, flags)));
  withCluster(etcd.command('restore <words...>').description('go back to a snapshot: restore [name] SNAPSHOT, its name or a file; needs no quorum'))
    .option('-f, --force', 'leave out control planes that cannot be reached; they have to be removed and added anew')
    .action(async (words: string[], flags) => done(await (await import('./commands/etcd.js')).restore(words, flags)));

  withCluster(command('cert [name]', 'certificates of the control planes: more names, or new ones'))
    .option('--alt-names <names>', 'names and addresses that the API shall have as well, by commas')
    .option('--renew', 'renew all certificates and kubeconfigs, also when they have expired')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/cert.js')).cert(name, flags)));
}
