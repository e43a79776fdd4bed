import { once } from 'node:events';
import { ClusterError } from '../../domain/errors';
import type { Problem } from '../../domain/problem';
import { isPort } from '../../domain/spec-rules';
import { loadKeys } from '../../home/key';
import { codecPort, findLocal } from '../../home/local';
import { codecServer } from '../codec-server';
import { exitCodes } from '../exit-codes';
import { mistake, noted, refuse } from '../one-report';

interface CodecFlags {
  readonly port?: number;
  readonly origin: readonly string[];
}

/** `keelson codec`: decrypts histories for a Temporal UI in a browser of this machine, until Ctrl-C. Throws KeyMissing without a key. */
export async function codec({ port = codecPort, origin }: CodecFlags): Promise<number> {
  const problems: Problem[] = isPort(port) ? [] : [mistake('--port is not a number from 1 to 65535')];
  const named = origin.flatMap((url) => noted(problems, [], () => [originOf(url)]));
  refuse(problems);
  loadKeys();
  const { ui } = findLocal();
  const origins = named.length > 0 ? named : [ui, ui.replace('127.0.0.1', 'localhost')];
  const server = codecServer({ origins });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new ClusterError('InvalidSpec', `nothing can listen at 127.0.0.1:${port} (${cause.code ?? cause.message})`, { todo: 'another one may run already; --port takes another port' }, { cause });
  });
  console.log(`decrypts for pages of ${origins.join(', ')}, at http://127.0.0.1:${port}; Ctrl-C ends it`);
  console.log('In a UI of your own, behind the glasses at the top, set it as codec server endpoint.');
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  server.close();
  return exitCodes.done;
}

/** Scheme, host and port of an address. Throws InvalidSpec for what is no address of a page. */
function originOf(url: string): string {
  try {
    const { protocol, origin } = new URL(url);
    if (/^https?:$/.test(protocol)) return origin;
  } catch {
    // Said below.
  }
  throw new ClusterError('InvalidSpec', `${url} is no address of a UI`, { todo: 'give what stands in the browser, e.g. --origin http://127.0.0.1:8080' });
}
