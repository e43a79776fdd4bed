import type { HostTarget } from '../domain/cluster';
import { beginSettings, endSettings, forgetSettings, noteSettingsFailure, readSettings, settingsAreBack } from '../domain/commands/settings';
import type { ClusterError } from '../domain/errors';
import { marks } from '../domain/marks';
import type { SettingsPart } from '../domain/settings';
import { isOutcome } from './asked';
import type { Deps } from './deps';
import type { HostInput } from './host-input';
import { nodeOf } from './node-of';
import type { Scope, Session } from './ports';
import { inScope } from './scope';
import { shielded } from './shielded';

export interface SettingsInput extends HostInput {
  /** The control plane we speak through; the host itself when it is that one. */
  readonly leader: HostTarget;
}

/** Has the next apply look at a part of the host and bring back what differs. */
export const forgetHostSettings = (deps: Deps) => async ({ where, host, part }: Omit<HostInput, 'cluster'> & { readonly part: SettingsPart }): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    await (await deps.remote.to(host, scope)).run(forgetSettings(part));
  });

/** What every step of one change of settings works with. */
export interface Changing {
  readonly deps: Deps;
  readonly input: SettingsInput;
  readonly scope: Scope;
  readonly session: Session;
  /** kubectl speaks through this one. */
  readonly through: Session;
  /** Name of the Node object. */
  readonly node: string;
  /** What the host runs with in the end. */
  readonly mark: string;
  /** How many changes there were before this one: names its jobs. */
  readonly tries: number;
}

/** How one part of a host is changed. */
export interface SettingsChange {
  readonly part: SettingsPart;
  /** Files that decide how the part runs. They are kept as they are before anything is changed. */
  readonly files: readonly string[];
  /** Brings the new settings and sees that the part runs with them. Whatever was done by an earlier attempt is not done again. */
  bring(it: Changing): Promise<void>;
  /** Brings back what was kept, and sees that the part runs with it. Gives what to throw. */
  takeBack(it: Changing, why: string): Promise<ClusterError>;
}

/**
 * Changes one part of one host: its mark goes, what it runs with is kept, the new settings come, the mark stands there again. What
 * is done is noted on the host, so that whoever comes next goes on from there; a host that is done gets no command that changes
 * anything. A cancel counts until the first change; from then on the work goes to its end, or back: then this throws what the
 * part says, RolledBack when the former settings count again.
 */
export const changeSettings = (change: SettingsChange) => (deps: Deps) => async (input: SettingsInput): Promise<void> =>
  inScope(deps, input.where, input.host.id, async (scope) => {
    const { host, leader, cluster } = input;
    const { part, files } = change;
    const mark = marks.settings(part, cluster.kubeadm);
    const state = await (await deps.remote.to(host, scope)).run(readSettings(part));
    if (!state.begun && state.marks.includes(mark)) return;

    const node = await nodeOf(await deps.remote.to(leader, scope), scope, host);
    scope.signal.throwIfAborted();
    const onward = shielded(scope);
    const session = await deps.remote.to(host, onward);
    const it: Changing = { deps, input, scope: onward, session, through: await deps.remote.to(leader, onward), node, mark, tries: state.tries };
    const back = async (why: string): Promise<ClusterError> => {
      onward.log(`taken back: ${why}`);
      await session.run(noteSettingsFailure(part, why));
      const error = await change.takeBack(it, why);
      await session.run(settingsAreBack(part, state.tries));
      return error;
    };
    if (state.failed !== '') throw await back(state.failed);
    await session.run(beginSettings(part, files));
    try {
      await change.bring(it);
    } catch (error) {
      if (!isOutcome(error)) throw error;
      throw await back(error.message);
    }
    await session.run(endSettings(part, mark, state.tries));
  });
