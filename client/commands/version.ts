import { readBuildInfo } from '../build-info';
import { exitCodes } from '../exit-codes';
import { mistake, refuse } from '../one-report';

/** `keelson version`. */
export function version({ short, output, json }: { short?: boolean; output?: string; json?: boolean }): number {
  if (output !== undefined && output !== 'json' && output !== 'yaml') refuse([mistake(`there is no output ${output}`, 'give json or yaml')]);
  const build = readBuildInfo();
  const full = { version: build.version, build: build.hash, node: process.version };
  if (short) console.log(build.version);
  else if (json || output === 'json') console.log(JSON.stringify(full));
  else if (output === 'yaml') for (const [name, value] of Object.entries(full)) console.log(`${name}: ${value}`);
  else console.log(`keelson ${build.version} (build ${build.hash}, Node.js ${process.version})`);
  return exitCodes.done;
}
