import { type Command, Option } from 'commander';
import type { ProgramParts } from './program-parts';

/** The commands that work on hosts of a cluster past its operations: exec and scp. */
export function addOnHosts({ command, done }: ProgramParts): void {
  withHosts(command('exec <words...>', 'run a command on hosts: exec [name] COMMAND'))
    .option('--timeout <duration>', 'end it on a host after so long, e.g. 30s')
    .addHelpText('after', execHelp)
    .action(async (words: string[], flags) => done(await (await import('./commands/exec.js')).exec(words, flags)));

  withHosts(command('scp <words...>', 'copy a file, or what is in a folder, to hosts: scp [name] SRC DST'))
    .addHelpText('after', scpHelp)
    .action(async (words: string[], flags) => done(await (await import('./commands/scp.js')).scp(words, flags)));
}

/** Which hosts, as sealos has it. */
function withHosts(command: Command): Command {
  return command
    .option('--profile <name>', 'profile of the Temporal configuration file')
    .option('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --roles <names>', 'hosts with one of these roles: master, node, registry, words of your own; by commas')
    .option('--hosts <ids>', 'these hosts, by commas; they win over --roles')
    .addOption(new Option('--ips <ids>', 'the same as --hosts').hideHelp())
    .option('--json', 'as JSON');
}

const execHelp = `
The command runs as root in bash, on all hosts at once, beside operations of the cluster. Each line of output bears its
host. With --cluster every word is a command, one after the other. Ctrl-C ends it on the hosts.

Exit code: that of the command where it is the same on every host, else 1. It says nothing of Keelson's own codes then;
--json tells them apart.`;

const scpHelp = `
A file takes the destination as its name, or goes into it where that is a folder or ends with a slash. Of a folder the
content goes into the destination; what is there stays, files of the same name are replaced. Every file is hashed on the
host before it takes its place. The destination is absolute.`;
