import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from '../../home/background';
import { findLocal, type Local, stopLocal } from '../../home/local';
import { homeDir, processLogFile } from '../../home/paths';
import { programs } from '../build-info';
import { exitCodes } from '../exit-codes';
import { linesFrom } from '../growing-file';
import { useLocal } from '../local';
import { mistake, refuse } from '../one-report';
import { systemdUnit } from '../systemd-unit';

interface LocalFlags {
  readonly json?: boolean;
  readonly lines?: string;
  readonly follow?: boolean;
  readonly write?: boolean;
}

/** `keelson local start|status|stop|logs|install`. */
export async function local(verb: 'start' | 'status' | 'stop' | 'logs' | 'install', flags: LocalFlags): Promise<number> {
  switch (verb) {
    case 'start':
      return show(await useLocal({ start: true, say: (line) => console.error(line) }), flags);
    case 'status':
      return show(findLocal(), flags);
    case 'stop': {
      const ended = await stopLocal();
      console.log(ended.length > 0 ? 'stopped; operations go on after the next start' : 'nothing was running');
      return exitCodes.done;
    }
    case 'logs':
      return logs(readLines(flags.lines ?? '40'), flags.follow ?? false);
    case 'install':
      return install(flags.write ?? false);
  }
}

function show(state: Local, { json }: LocalFlags): number {
  const { server, worker, address, ui } = state;
  const runs = server !== undefined && worker !== undefined;
  if (json) console.log(JSON.stringify({ home: homeDir(), address, ui, server, worker }, undefined, 2));
  else {
    console.log(`Temporal server: ${server ? `runs at ${address} since ${server.startedAt}, pid ${server.pid}` : 'does not run'}`);
    console.log(`Temporal UI:     ${server ? ui : '-'}`);
    console.log(`Temporal worker: ${worker ? `runs since ${worker.startedAt}, pid ${worker.pid}, build ${worker.buildHash}` : 'does not run'}`);
    console.log(`Files:           ${homeDir()}`);
    if (!runs) console.log('  -> `keelson local start` starts what is missing, and so does any command that needs it');
  }
  return runs ? exitCodes.done : exitCodes.noTemporal;
}

function readLines(text: string): number {
  if (!/^\d{1,9}$/.test(text)) refuse([mistake(`--lines ${text} is no number of lines`, 'give a number, e.g. 100')]);
  return Number(text);
}

async function logs(lines: number, follow: boolean): Promise<number> {
  const shown = new Map<'server' | 'worker', number>();
  for (const name of ['server', 'worker'] as const) {
    const file = processLogFile(name);
    shown.set(name, linesFrom(file, 0).next);
    for (const line of lines === 0 ? [] : tailOf(file, lines)) console.log(`${name}: ${line}`);
  }
  while (follow) {
    await sleep(500);
    for (const [name, from] of shown) {
      const { lines: fresh, next } = linesFrom(processLogFile(name), from);
      for (const line of fresh) console.log(`${name}: ${line}`);
      shown.set(name, next);
    }
  }
  return exitCodes.done;
}

function install(write: boolean): number {
  const unit = systemdUnit({ node: process.execPath, program: join(programs, 'client', 'main.js'), home: homeDir(), path: process.env['PATH'] ?? '', temporal: process.env['TEMPORAL_CLI_PATH'] });
  if (!write) {
    process.stdout.write(unit);
    return exitCodes.done;
  }
  const file = '/etc/systemd/system/keelson.service';
  try {
    writeFileSync(file, unit);
  } catch (cause) {
    refuse([mistake(`${file} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, 'write it as root, or print the unit without --write and put it where systemd looks')]);
  }
  console.log(`wrote ${file}; \`systemctl enable --now keelson\` starts it now and after each reboot`);
  return exitCodes.done;
}
