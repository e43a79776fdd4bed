import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ClusterError } from '../domain/errors';

/** Asks for a line on the terminal. Throws InvalidSpec when there is none; `instead` names the flag that answers it. */
export async function ask(question: string, instead: string): Promise<string> {
  return read(question, instead, process.stderr);
}

/** The same, and what is typed does not show. */
export async function askSecret(question: string, instead: string): Promise<string> {
  // readline echoes to its output; the question alone goes to the terminal.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(question);
  try {
    return await read('', instead, silent);
  } finally {
    process.stderr.write('\n');
  }
}

async function read(question: string, instead: string, output: NodeJS.WritableStream): Promise<string> {
  if (!process.stdin.isTTY) throw new ClusterError('InvalidSpec', 'a question cannot be asked without a terminal', { todo: `give ${instead}` });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
