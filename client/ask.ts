import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Problem } from '../domain/problem';
import { LeftAtQuestion } from './left-at-question';
import { mistake, refuse } from './one-report';

/** Nobody can be asked here. `instead` names the flags that answer the question. */
export const noTerminal = (instead: string): Problem => mistake('a question cannot be asked without a terminal', `give ${instead}`);

/**
 * Asks for a line on the terminal; Ctrl-D gives an empty one. Throws InvalidSpec when there is no terminal (`instead` names the
 * flag that answers the question), and LeftAtQuestion for Ctrl-C.
 */
export async function ask(question: string, instead: string): Promise<string> {
  hearable(instead);
  return read((lines) => lines.question(question), process.stderr);
}

/** The same, and what is typed does not show. */
export async function askSecret(question: string, instead: string): Promise<string> {
  hearable(instead);
  // readline echoes to its output; the question alone goes to the terminal.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await read((lines) => {
      process.stderr.write(question);
      return lines.question('');
    }, silent);
  } finally {
    process.stderr.write('\n');
  }
}

/** A question of yes or no. Throws what ask() throws. */
export const askYes = async (question: string, instead: string): Promise<boolean> => /^y(es)?$/i.test((await ask(`${question} [y/N] `, instead)).trim());

const hearable = (instead: string): unknown => refuse(process.stdin.isTTY ? [] : [noTerminal(instead)]);

/** The terminal hands keys on as they are before the question stands there, so that Ctrl-C comes here and not to the process. */
async function read(question: (lines: Interface) => Promise<string>, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new LeftAtQuestion()));
      lines.once('close', () => resolve(''));
      question(lines).then(resolve, reject);
    });
  } finally {
    lines.close();
  }
}
