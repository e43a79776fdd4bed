import type { ServerChannel } from 'ssh2';
import { INCOMPLETE, KILLED } from '../activities/adapters/shell/loader';
import type { Registry } from './commands/index';
import type { Fault } from './faults';
import { fence } from './fence';
import type { Host } from './host';
import type { Inlet } from './inlet';
import { readProgram } from './program';
import { acted, type Answer, type Call, fail, type Simulation, unknown } from './simulation';

/** The connection a command came by. */
export interface Link {
  /** After so long the host ends the command by itself, whatever has become of the connection. */
  readonly limitMs: number;
  isOpen(): boolean;
  cut(): void;
}

/** Runs one program that came through the loader: fence, effect, answer, and what goes wrong with each on purpose. */
export async function serveProgram(host: Host, channel: ServerChannel, input: Inlet, link: Link, registry: Registry): Promise<void> {
  const [mark = '', size = ''] = (await input.line())?.split(' ') ?? [];
  const body = (await input.take(Number(size))).toString('utf8');
  // A program that came in half does not run.
  if (mark === '' || !body.endsWith(`\n#${mark}`)) return finish(channel, { code: INCOMPLETE });
  const program = readProgram(body.slice(0, -`\n#${mark}`.length), mark);
  const found = registry.find(program.script);
  const { speaker } = program;
  const about = { name: found?.simulation.name ?? 'unknown', args: found?.args ?? [], ...(speaker ? { speaker } : {}) };
  const fault = registry.fault({ ...about, host });

  let ended = false;
  let end = (): void => undefined;
  const killed = new Promise<void>((resolve) => { end = () => { ended = true; resolve(); }; });
  const pid = host.nextPid();
  let overdue: NodeJS.Timeout | undefined;
  const isOver = (): boolean => ended || !host.up;
  let code: number | undefined;
  let bytesOut = 0;
  let didChange = false;
  try {
    if (fault?.kind === 'drop' && fault.when === 'before') return link.cut();
    host.processes.set(pid, { pid, name: about.name, end });
    channel.write(`${mark}\n`);
    channel.stderr.write(`${mark} ${pid}\n`);

    if (fault?.kind === 'hold' && fault.when === 'before') {
      await Promise.race([killed, fault.until]);
      // Nobody is there any more: it never got as far as the host.
      if (!fault.arrived && !link.isOpen()) return;
    }
    // What was held was still on its way: its time on the host begins here.
    overdue = setTimeout(() => { end(); finish(channel, { code: KILLED }); }, link.limitMs).unref();
    if (fault?.kind === 'slow') await Promise.race([killed, new Promise((resolve) => { setTimeout(resolve, fault.ms); })]);
    if (fault?.kind === 'hang' && fault.when !== 'after') {
      await killed;
      return;
    }
    if (fault?.kind === 'reboot') return registry.reboot(host, fault.ms);
    if (isOver()) return;
    const before = host.version;
    const refusal = speaker && fence(host.files, speaker, mark);
    const half = fault?.kind === 'drop' && fault.when === 'during';
    const answer = refusal
      ?? (fault?.kind === 'exit' && fault.when === 'before' ? fail(fault.words ?? 'it failed on purpose', fault.code)
        : found ? await Promise.race([effect(host, found.simulation, { ...about, env: program.env }, input, link, half), killed.then(() => ({ code: 143 }))])
          : fail(unknown(program.script), 127));
    didChange = speaker !== undefined && host.version !== before;
    if (fault?.kind === 'hold' && fault.when === 'after') await Promise.race([killed, fault.until]);
    if (half || (fault?.kind === 'drop' && fault.when === 'after')) return link.cut();
    if (isOver() && !ended) return;
    const said = changed(answer ?? {}, fault);
    code = said.code ?? 0;
    bytesOut = Buffer.byteLength(said.stdout ?? '') + Buffer.byteLength(said.stderr ?? '');
    if (fault?.kind === 'hang') {
      write(channel, said);
      await killed;
      return;
    }
    finish(channel, said, fault?.kind === 'lose-exit');
  } finally {
    clearTimeout(overdue);
    host.processes.delete(pid);
    host.around.journal.add({
      host: host.address, kind: 'command', ...about, changed: didChange, bytesIn: input.bytes, bytesOut,
      ...(code === undefined ? {} : { code }), ...(fault ? { fault: fault.kind } : {}),
    });
  }
}

async function effect(
  host: Host, simulation: Simulation, given: Pick<Call, 'args' | 'env' | 'speaker'>, input: Inlet, link: Link, half: boolean,
): Promise<Answer | undefined> {
  const all = await input.rest();
  // A broken link is an early end of stdin, which no shell can tell from a real one.
  const whole = link.isOpen() && !half;
  return acted(simulation, host, { ...given, stdin: half ? all.subarray(0, all.length / 2) : all, whole, half });
}

const changed = (answer: Answer, fault: Fault | undefined): Answer => {
  if (fault?.kind === 'answer') return { stdout: fault.stdout };
  if (fault?.kind === 'exit') return { ...answer, code: fault.code, stderr: `${fault.words ?? 'it failed on purpose'}\n` };
  return answer;
};

function write(channel: ServerChannel, { stdout = '', stderr = '' }: Answer): void {
  if (channel.destroyed || !channel.writable) return;
  if (stdout.length > 0) channel.write(stdout);
  if (stderr !== '') channel.stderr.write(stderr);
}

function finish(channel: ServerChannel, answer: Answer, withoutCode = false): void {
  write(channel, answer);
  if (channel.destroyed || !channel.writable) return;
  if (!withoutCode) channel.exit(answer.code ?? 0);
  channel.end();
}
