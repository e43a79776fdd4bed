import { findLocal } from '../home/local';

/**
 * While somebody watches, the embedded server and Temporal worker are started again when they have died. Gives a
 * function that ends this.
 */
export function keepLocalAlive(say: (line: string) => void): () => void {
  let busy = false;
  const look = async (): Promise<void> => {
    const { server, worker } = findLocal();
    if (busy || (server && worker)) return;
    busy = true;
    try {
      const { useLocal } = await import('./local.js');
      await useLocal({ start: true, say });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), 1_000);
  return () => clearInterval(timer);
}
