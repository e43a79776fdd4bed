import { createStore } from '../activities/adapters/oci/store';
import { storeDir } from '../home/paths';
import { answer } from './answer';

type Request = { readonly verb: 'list' } | { readonly verb: 'load'; readonly path: string; readonly names: readonly string[] };

/** The program behind `keelson images` and `keelson load`. */
answer<Request>((request) => {
  const store = createStore({ dir: storeDir() });
  return request.verb === 'list' ? store.list() : store.load(request.path, request.names);
}).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
