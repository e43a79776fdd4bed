import { fenceLines } from '../activities/adapters/shell/fence';

/** Who speaks, as the fence of a changing command says it. */
export interface Speaker {
  readonly uid: string;
  readonly n: number;
  readonly order: number;
  readonly attempt: number;
  /** e.g. `Join/10.0.0.3`, with what a file name cannot hold replaced. */
  readonly step: string;
  /** It takes the host out of the cluster. */
  readonly leaves?: boolean;
}

/** A program as it travels to a host, taken apart: fence, variables, script. */
export interface Program {
  /** Of commands that change the host. */
  readonly speaker?: Speaker;
  readonly env: Readonly<Record<string, string>>;
  readonly script: string;
}

/** Takes a program apart. What is no fence of ours and no variable of ours belongs to the script. */
export function readProgram(text: string, mark: string): Program {
  const speaker = readFence(text, mark);
  const rest = speaker ? text.slice(fenceOf(speaker, mark).length) : text;
  return { ...(speaker ? { speaker } : {}), ...readExports(rest) };
}

const fenceOf = (speaker: Speaker, mark: string): string => fenceLines(mark, { stage: '', ...speaker });

/** Only what renders to the very same lines is a fence: a changed one shows here and is not passed over. */
function readFence(text: string, mark: string): Speaker | undefined {
  const [, uid = '', n, order, attempt, step = ''] = /^\nkeelson_mine='(\S+) (\d+) (\d+) (\d+) (\S+)'\n/.exec(text) ?? [];
  if (step === '') return undefined;
  const speaker = { uid, n: Number(n), order: Number(order), attempt: Number(attempt), step };
  const found = [speaker, { ...speaker, leaves: true }].find((one) => text.startsWith(fenceOf(one, mark)));
  if (!found) throw new Error('a fence that the simulated host cannot read: look at testing/program.ts');
  return found;
}

/** The lines of exportLines() in activities/adapters/shell/loader.ts at the head of a text, and what follows them. */
export function readExports(text: string): { env: Record<string, string>; script: string } {
  const env: Record<string, string> = {};
  const line = /export ([A-Za-z_]\w*)=((?:'[^']*'|\\')*)\n/y;
  let end = 0;
  for (let found = line.exec(text); found; found = line.exec(text)) {
    env[found[1]!] = found[2]!.replaceAll(/'([^']*)'|\\(')/g, (_whole, quoted: string | undefined, bare: string | undefined) => quoted ?? bare ?? '');
    end = line.lastIndex;
  }
  return { env, script: text.slice(end) };
}
