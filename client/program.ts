import { type Command, Option } from 'commander';
import { exitCodeHelp } from './exit-codes';
import { addHands } from './program-hands';
import { addOnHosts } from './program-on-hosts';
import { collect, type ProgramParts } from './program-parts';
import { addTasks } from './program-tasks';
import { ThoroughCommand } from './thorough-command';

/**
 * The command line. Each command is loaded when it is called: help and version must not wait for what they do not need.
 * Every action gives its exit code to `done`.
 */
export function createProgram(done: (code: number) => void): Command {
  const program = new ThoroughCommand('keelson')
    .description('Kubernetes clusters on machines reached over SSH, as durable workflows')
    .option('--debug', 'show stacks of errors')
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError('(`--help` lists what there is)');
  const command = (name: string, description: string): Command => program.command(name).description(description);
  const parts: ProgramParts = { command, withCluster, withLogin, done };

  withSpec(command('run <images...>', 'make a cluster from images, or install images on one that is there'))
    .option('-c, --cluster <name>', 'name of the cluster', 'default')
    .option('--masters <hosts>', 'control planes: IPs, IP:port, ranges a-b, CIDRs, by commas')
    .option('--nodes <hosts>', 'workers, in the same way')
    .option('-f, --force', 'run the commands of images again although they ran; make a cluster anew that is lost')
    .option('--control-plane-endpoint <host:port>', 'a load balancer or virtual IP in front of the API')
    .action(async (images: string[], flags) => done(await (await import('./commands/run.js')).run(images, flags)));

  withSpec(command('apply', 'make a cluster what its Clusterfile says'))
    .option('-f, --Clusterfile <path>', 'the file; - is stdin', 'Clusterfile')
    .option('--force', 'run the commands of images again although they ran; make a cluster anew that is lost')
    .action(async (flags) => done(await (await import('./commands/apply.js')).apply(flags)));

  withOperation(withLogin(command('add', 'add hosts to a cluster; the spec it has gets them')))
    .option('-c, --cluster <name>', 'name of the cluster', 'default')
    .option('--masters <hosts>', 'control planes, as in run')
    .option('--nodes <hosts>', 'workers, as in run')
    .option('--strict-host-keys', 'refuse hosts whose key is not in known_hosts')
    .action(async (flags) => done(await (await import('./commands/add.js')).add(flags)));

  withCluster(command('delete', 'remove hosts from a cluster: drained, out of etcd, bare again'))
    .option('--masters <hosts>', 'control planes, as in run')
    .option('--nodes <hosts>', 'workers, as in run')
    .option('-f, --force', 'forget those that cannot be reached, and say what is left on them')
    .option('--dry-run', 'show the plan, and do nothing')
    .option('--wait', 'without a terminal: stay when it waits for a person')
    .option('--detach', 'do not follow the operation')
    .option('--plan-hash <hash>', 'remove them only by the plan that --dry-run showed with this hash')
    .action(async (flags) => done(await (await import('./commands/delete.js')).deleteHosts(flags)));

  withFlagsOfRun(command('gen <images...>', 'print the Clusterfile that run would apply for a new cluster; secrets are sealed'))
    .option('-c, --cluster <name>', 'name of the cluster', 'default')
    .option('--masters <hosts>', 'control planes, as in run')
    .option('--nodes <hosts>', 'workers, as in run')
    .option('--control-plane-endpoint <host:port>', 'as in run')
    .option('--no-wait', 'as in run')
    .option('-o, --output <file>', 'write to a new file instead of printing')
    .action(async (images: string[], flags) => done(await (await import('./commands/gen.js')).gen(images, flags)));

  withSpec(command('plan [images...]', 'show what run or apply would do, and do nothing'))
    .option('-f, --Clusterfile <path>', 'the file; without it, the flags of run')
    .option('-c, --cluster <name>', 'name of the cluster', 'default')
    .option('--masters <hosts>', 'control planes, as in run')
    .option('--nodes <hosts>', 'workers, as in run')
    .option('--control-plane-endpoint <host:port>', 'as in run')
    .option('--force', 'as in run')
    .option('--exit-code', 'exit with 10 when there are changes')
    .action(async (images: string[], flags) => done(await (await import('./commands/plan.js')).plan(images, flags)));

  withCluster(command('status [name]', 'what is known of a cluster and how its hosts are just now, or a line for each cluster'))
    .option('--no-look', 'show what is stored, and do not look at the hosts')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/status.js')).status(name, flags)));

  withAsker(withFlagsOfRun(command('adopt [name]', 'look after a cluster that is there: after the Temporal server was lost, or one that sealos made')))
    .option('--dry-run', 'show what was found and what would be written, and do nothing')
    .option('--masters <hosts>', 'control planes with a copy of the state; one is enough')
    .option('--clusterfile <path>', "instead: the Clusterfile of a cluster that sealos made, e.g. ~/.sealos/default/Clusterfile")
    .option('-c, --cluster <name>', 'name of the cluster')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/adopt.js')).adopt(name, flags)));

  withCluster(command('drift [name]', 'look now for what differs from what was applied: files, flags, versions; exits with 10 when something does'))
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/drift.js')).drift(name, flags)));

  withCluster(command('why [name]', 'what a cluster waits for, since when, and what you can do'))
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/why.js')).why(name, flags)));

  withCluster(command('history [name]', 'what was done to a cluster, when and by whom'))
    .option('--operation <name>', 'every piece of work of one, e.g. init-1: attempts, durations, errors, decisions')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/history.js')).history(name, flags)));

  withCluster(command('clusterfile [name]', 'print the Clusterfile of what is wanted: comments kept, later changes written into it'))
    .option('--sealed', 'no secret in clear, whatever the file said')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/clusterfile.js')).clusterfile(name, flags)));

  withCluster(command('watch [name]', 'follow the operation that runs'))
    .option('--operation <name>', 'another one, e.g. init-1')
    .option('--wait', 'without a terminal: stay when it waits for a person')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/watch.js')).watch(name, flags)));

  command('logs [name]', 'what the hosts said, from the log store of this machine')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('--operation <name>', 'e.g. init-1; the last one if left out')
    .option('--stage <name>', 'one stage only')
    .option('--host <id>', 'one host only')
    .option('-f, --follow', 'go on as lines come')
    .option('--json', 'as JSON, a line for each')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/logs.js')).logs(name, flags)));

  withLogin(withCluster(command('reset [name]', 'take the whole cluster away, or some of its hosts: they become bare')))
    .option('--masters <hosts>', 'only these control planes')
    .option('--nodes <hosts>', 'only these workers')
    .option('-f, --force', 'do not ask, and forget hosts that cannot be reached')
    .option('--forget', 'touch no host: only forget all hosts, their keys and what is installed')
    .option('--wait', 'without a terminal: stay when it waits for a person')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/reset.js')).reset(name, flags)));

  withCluster(command('forget [name]', 'end the record of a cluster that was reset: its name, its log, its numbers'))
    .option('-f, --force', 'also while hosts are members of it; they stay as they are')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/forget.js')).forget(name, flags)));

  addHands(parts);

  withCluster(command('kubeconfig [name]', 'print the admin kubeconfig, for use from here'))
    .option('--merge', 'put it into ~/.kube/config (or the first file of KUBECONFIG) instead, as context keelson-<name>')
    .action(async (name: string | undefined, flags) => done(await (await import('./commands/kubeconfig.js')).kubeconfig(name, flags)));

  addKey(command('key', 'the keys that seal secrets: which there are, a new one, one less'), done);
  addOnHosts(parts);
  addTasks(parts);

  command('codec', 'decrypt histories for the Temporal UI, on this machine only')
    .option('--port <number>', 'where it listens, at 127.0.0.1 (default: 18733, which the embedded UI asks)', portNumber)
    .option('--origin <url>', 'address of the UI in the browser; repeatable (default: that of the embedded one)', collect, [])
    .action(async (flags) => done(await (await import('./commands/codec.js')).codec(flags)));

  addLocal(command('local', 'the embedded Temporal server and Temporal worker'), done);

  command('worker', 'run the Temporal worker in the foreground, for a Temporal server of your own')
    .addOption(profile())
    .action(async (flags) => done(await (await import('./commands/worker.js')).worker(flags)));

  command('images', 'list the images of the store')
    .option('--json', 'as JSON')
    .action(async (flags) => done(await (await import('./commands/images.js')).images(flags)));

  command('load [names...]', 'put an image from an OCI layout or an archive into the store')
    .requiredOption('-i, --input <path>', 'OCI layout folder, OCI archive or Docker archive')
    .option('--name <ref>', 'name for it; repeatable; its own if left out', collect, [])
    .action(async (names: string[], flags) => done(await (await import('./commands/load.js')).load(names, flags)));

  command('version', 'show the version')
    .option('--short', 'the number only')
    .option('-o, --output <format>', 'json or yaml')
    .option('--json', 'as JSON')
    .action(async (flags) => done((await import('./commands/version.js')).version(flags)));

  command('completion <shell>', 'print the completion script for bash, zsh or fish')
    .action(async (shell: string) => done((await import('./commands/completion.js')).completion(shell, program)));

  return program;
}

const profile = (): Option => new Option('--profile <name>', 'profile of the Temporal configuration file');

/** NaN for what is no number: it is told beside whatever else is wrong. */
const portNumber = (value: string): number => (/^\d+$/.test(value) ? Number(value) : Number.NaN);

/** What all commands about clusters share. */
const withCluster = (command: Command): Command => withAsker(command.option('-c, --cluster <name>', 'name of the cluster'));

/** Who asks whom, and how it is answered. */
function withAsker(command: Command): Command {
  return command
    .option('--json', 'as JSON')
    .option('-y, --yes', 'do not ask')
    .option('--by <actor>', 'who asks, for the record (default: $USER@$(hostname))')
    .addOption(profile());
}

/** How to log in to the hosts. */
function withLogin(command: Command): Command {
  return command
    .option('-u, --user <name>', 'user on the hosts (default: ~/.ssh/config, then root)')
    .option('-p, --passwd <password>', 'password; it stays in your shell\'s history: better one of the next two')
    .option('--passwd-file <path>', 'file with the password on its first line; - is stdin')
    .option('--ask-passwd', 'ask for the password; KEELSON_SSH_PASSWORD gives it as well')
    .option('-i, --pk <path>', 'private key (default: ~/.ssh/config, the agent, ~/.ssh/id_*)')
    .option('--pk-passwd <passphrase>', 'passphrase of the key; KEELSON_PK_PASSWORD gives it as well')
    .option('--port <number>', 'SSH port (default: ~/.ssh/config, then 22)', portNumber);
}

/** What all commands share that make a spec: what it says. */
function withFlagsOfRun(command: Command): Command {
  return withLogin(command)
    .option('-e, --env <name=value>', 'variable for the images, taken verbatim; repeatable', collect, [])
    .option('--cmd <command>', 'instead of the first image\'s CMD; repeatable', collect, [])
    .option('--config-file <path>', 'file with more Config, Policy or kubeadm documents, flags count before them; repeatable', collect, [])
    .option('--values <path>', 'values for the Clusterfile\'s templates; repeatable', collect, [])
    .option('--set <name=value>', 'one value for the templates; repeatable', collect, [])
    .option('--strict-host-keys', 'refuse hosts whose key is not in known_hosts');
}

/** The same, and how it is carried out. */
const withSpec = (command: Command): Command => withOperation(withFlagsOfRun(command));

/** How an operation on a spec is carried out. */
function withOperation(command: Command): Command {
  return withAsker(command)
    .option('--dry-run', 'show the plan, and do nothing')
    // In this order: a --no-wait that stands alone would make "wait" the default.
    .option('--wait', 'without a terminal: stay when it waits for a person')
    .option('--no-wait', 'a failed stage, or a plan that needs approval, ends the operation instead of waiting for a person')
    .option('--detach', 'do not follow the operation')
    .option('--plan-hash <hash>', 'run only the plan that `keelson plan` or --dry-run showed with this hash');
}

function addKey(key: Command, done: (code: number) => void): void {
  key.command('show').description('the ids of the current key and of former ones').option('--json', 'as JSON')
    .action(async (flags) => done((await import('./commands/key.js')).showKeys(flags)));
  key.command('make').description('make the first key; one that is there stays as it is').option('--json', 'as JSON')
    .action(async (flags) => done((await import('./commands/key.js')).makeKey(flags)));
  key.command('rotate').description('make a new key; what was sealed before can still be opened')
    .option('--leaked', 'the key file got into wrong hands: fingerprints change, too')
    .option('--json', 'as JSON')
    .action(async (flags) => done(await (await import('./commands/key.js')).rotate(flags)));
  key.command('forget <id>').description('take a former key away, once no cluster needs it')
    .option('-f, --force', 'also when a cluster needs it, or nobody can tell')
    .option('--json', 'as JSON')
    .addOption(profile())
    .action(async (id: string, flags) => done(await (await import('./commands/key.js')).forget(id, flags)));
}

function addLocal(local: Command, done: (code: number) => void): void {
  const act = (name: 'start' | 'status' | 'stop' | 'logs' | 'install', description: string): Command =>
    local.command(name).description(description)
      .action(async (flags) => done(await (await import('./commands/local.js')).local(name, flags)));
  act('start', 'start both in the background');
  act('status', 'whether they run, where, since when').option('--json', 'as JSON');
  act('stop', 'end both; operations go on after the next start');
  act('logs', 'what they wrote').option('-n, --lines <number>', 'so many lines of each', '40').option('-f, --follow', 'go on as lines come');
  act('install', 'print a systemd unit that starts both after a reboot').option('--write', 'write it to /etc/systemd/system/keelson.service');
}
