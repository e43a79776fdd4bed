import { join } from 'node:path';
import { createActivities } from '../activities';
import { createRemote } from '../activities/adapters/remote';
import { createStore } from '../activities/adapters/oci/store';
import { createRenderer } from '../activities/render';
import { createSecrets } from '../activities/secrets';
import { appendLog } from '../home/logs';
import { storeDir } from '../home/paths';
import type { WorkerConfig } from './config';

export interface Composition {
  readonly activities: object;
  close(): Promise<void>;
}

/** Puts the adapters behind the ports. The only place that knows which adapter it is. */
export function compose(config: WorkerConfig): Composition {
  const secrets = createSecrets();
  const remote = createRemote({ secrets, allowLocal: config.embedded, bulk: { program: join(__dirname, 'bulk.js') } });
  const activities = createActivities({
    remote, secrets, images: createStore({ dir: storeDir() }), renderer: createRenderer(), log: (at, line) => appendLog(at, [line]),
  });
  return { activities, close: () => remote.close() };
}
