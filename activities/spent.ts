import { type Host, isControlPlane } from '../domain/cluster';
import type { Command } from '../domain/command';
import { deleteCertificates, deleteToken, deleteTokensOf } from '../domain/commands/join-credentials';
import { pause } from './poll';
import type { Scope, Session } from './ports';

/** So often what was spent is deleted, before it is left to its own end. */
const tries = 5;

/** Whose join is over, and the id of the token that was made for it, where that is known. */
export interface Spent {
  readonly host: Pick<Host, 'id' | 'roles'>;
  readonly token?: string;
}

/**
 * Deletes what the cluster gave for the join of one host: its tokens, and for a control plane the uploaded certificates. That
 * this cannot be done fails no join, as it is good for minutes only (a token) or two hours (certificates). `leader` is any
 * control plane that lives. Gives what is left, in words.
 */
export async function forgetSpent(leader: Session, scope: Scope, { host, token }: Spent): Promise<string[]> {
  const all = deleteTokensOf(host.id);
  const left = await Promise.all([
    forget(leader, scope, { what: 'a token for its join', first: token === undefined ? all : deleteToken(token), again: all }),
    ...(isControlPlane(host) ? [forget(leader, scope, { what: 'the certificates for its join', first: deleteCertificates, again: deleteCertificates })] : []),
  ]);
  return left.flat();
}

async function forget(leader: Session, scope: Scope, { what, first, again }: { what: string; first: Command; again: Command }): Promise<string[]> {
  for (let count = 1; ; count += 1) {
    const command = count === 1 ? first : again;
    try {
      await leader.run(command);
      return [];
    } catch (error) {
      scope.log(`${command.title}: not done: ${String(error)}${count < tries ? '' : '; it ends by itself'}`);
      if (count === tries || scope.signal.aborted) return [what];
      await pause(1_000, scope.signal).catch(() => undefined);
    }
  }
}
