import type { HostTarget } from '../domain/cluster';
import { anyCode } from '../domain/command';
import { execScript } from '../domain/commands/exec';
import { execField } from '../domain/on-hosts';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { inScope } from './scope';

export interface ExecOnHostInput {
  readonly where: Where;
  readonly host: HostTarget;
  /** Sealed; see domain/on-hosts.ts. */
  readonly command: string;
  readonly timeoutMs: number;
}

/**
 * Runs a person's command on one host, as root, in root's home, with nothing on stdin. Its output goes to the log store,
 * redacted, and nowhere else; the answer is the exit code. A cancel ends all of its processes there.
 */
export const execOnHost = (deps: Deps) => async ({ where, host, command, timeoutMs }: ExecOnHostInput): Promise<{ code: number }> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const text = deps.secrets.open(command, { cluster: where.cluster, field: execField(where.operation) });
    // The title is what the journal keeps: never the text.
    const { code } = await session.follow({
      title: 'a command of keelson exec', script: execScript(text), changes: true, unfenced: true, timeoutMs, okCodes: anyCode,
    }, scope.log);
    return { code };
  });
