import { findLocal, hasDied } from '../home/local';

/**
 * While somebody waits for something, the embedded server and Temporal worker are started again when they have died. What a person
 * has stopped stays stopped, and it is said once. Gives a function that ends this.
 */
export function keepLocalAlive(say: (line: string) => void): () => void {
  let busy = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    if (!hasDied()) {
      const isStopped = findLocal().server === undefined;
      if (isStopped && !stopped) say('the embedded Temporal server was stopped; this goes on after `keelson local start`');
      stopped = isStopped;
      return;
    }
    busy = true;
    try {
      const { useLocal } = await import('./local.js');
      await useLocal({ start: true, died: true, say });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), 1_000);
  return () => clearInterval(timer);
}
