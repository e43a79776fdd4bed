import type { WorkerConfig } from './config';

export interface Composition {
  readonly activities: object;
  close(): Promise<void>;
}

/** Puts the adapters behind the ports. The only place that knows which adapter it is. */
export function compose(_config: WorkerConfig): Composition {
  return { activities: {}, close: () => Promise.resolve() };
}
