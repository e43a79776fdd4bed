import { resolve } from 'node:path';
import { exitCodes } from '../exit-codes';
import { runProgram } from '../run-program';

/** `keelson load -i`: an image from a folder or an archive into the store, under the names given or its own. */
export async function load(names: readonly string[], { input, name }: { input: string; name: readonly string[] }): Promise<number> {
  const hasTransport = /^[a-z-]+:/.test(input);
  const stored = await runProgram<{ ref: string; digest: string }[]>('images', {
    verb: 'load', path: hasTransport ? input : resolve(input), names: [...names, ...name],
  });
  for (const { ref, digest } of stored) console.log(`${ref} ${digest}`);
  return exitCodes.done;
}
