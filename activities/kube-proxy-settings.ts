import type { HostTarget } from '../domain/cluster';
import { endKubeProxy, kubeProxySettingsBackScript, kubeProxySettingsScript, lastWords, readKubeProxies } from '../domain/commands/kube-proxy-settings';
import { readSettings } from '../domain/commands/settings';
import { dropMarks, markDone } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { marks } from '../domain/marks';
import { asked } from './asked';
import { type Changing, changeSettings, type SettingsInput } from './changing-settings';
import type { Deps } from './deps';
import { poll } from './poll';
import type { Scope } from './ports';
import { runningDocuments } from './running-documents';
import { inScope } from './scope';
import { runStep } from './step-job';

const part = 'kube-proxy';
const timeoutMs = 5 * 60_000;

export interface KubeProxySettingsInput extends SettingsInput {
  /** All control planes that are there, the leader among them. */
  readonly controlPlanes: readonly HostTarget[];
}

/**
 * The cluster's kube-proxies get the settings that the Clusterfile says, through the leader. Done means that every node that
 * is Ready has one that was started with them and is Ready. One that ends again and again: the former configuration counts
 * again, and this throws RolledBack with its last words. Then every control plane that is there bears the mark: another
 * leader, after this one is gone, need not do it again. (On the ConfigMap or the DaemonSet it would not last: kubeadm writes
 * both anew with each upgrade.)
 */
export const applyKubeProxySettings = (deps: Deps) => async (input: KubeProxySettingsInput): Promise<void> => {
  const mark = marks.settings(part, input.cluster.kubeadm);
  const others = input.controlPlanes.filter(({ id }) => id !== input.host.id);
  const differing = await inScope(deps, input.where, input.host.id, async (scope) => {
    const found = await Promise.all(others.map(async (host) => ({ host, marks: await marksOn(deps, host, scope) })));
    // Its own mark may be from before it was away.
    if (found.some(({ marks: there }) => there.some((one) => one !== mark))) await (await deps.remote.to(input.host, scope)).run(dropMarks([mark]));
    return found.filter(({ marks: there }) => !there.includes(mark) || there.length > 1).map(({ host }) => host);
  });
  await bringSettings(deps)(input);
  await inScope(deps, input.where, input.host.id, async (scope) => {
    for (const host of differing) await ifThere(scope, async () => { await (await deps.remote.to(host, scope)).run(markDone(mark)); }, undefined);
  });
};

const marksOn = (deps: Deps, host: HostTarget, scope: Scope): Promise<readonly string[]> =>
  ifThere(scope, async () => (await (await deps.remote.to(host, scope)).run(readSettings(part))).marks, []);

/** A control plane that has gone away just now holds nothing up: what it bears is compared when it is back. */
async function ifThere<T>(scope: Scope, ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (scope.signal.aborted || !(error instanceof ClusterError)) throw error;
    scope.log(`left aside: ${error.message}`);
    return otherwise;
  }
}

const bringSettings = changeSettings({
  part,
  files: [],
  bring: async (it) => {
    const { session, scope, tries } = it;
    const { configPath } = await runningDocuments(it);
    await runStep(session, { step: `kube-proxy-settings-${tries}`, title: "change kube-proxy's settings", script: kubeProxySettingsScript({ configPath }), timeoutMs, scope });
    await rolledOut(it);
  },
  takeBack: async (it, why) => {
    const { session, scope, tries, input: { host } } = it;
    await runStep(session, { step: `kube-proxy-settings-back-${tries}`, title: 'bring the former settings back', script: kubeProxySettingsBackScript(tries), timeoutMs, scope });
    await rolledOut(it);
    return new ClusterError('RolledBack', `the kube-proxies run with their former settings again: ${why}`, {
      host: host.id, todo: 'keelson cancel, then apply a Clusterfile with another KubeProxyConfiguration',
    });
  },
});

/**
 * Waits until the kube-proxies of all nodes that are there are the newest ones. Where a node is away its pod counts against
 * the DaemonSet's patience, which is one, and it would replace no other: then they are ended from here, one after another.
 */
async function rolledOut({ session, scope, input: { host } }: Changing): Promise<void> {
  await poll({ scope, host: host.id, what: 'the new kube-proxies', everyMs: 1_000, timeoutMs: 5 * 60_000 }, async () => {
    const seen = await asked(() => session.run(readKubeProxies));
    if (typeof seen === 'string') return seen;
    const { behind, old, failing, away } = seen;
    const [bad] = failing;
    if (bad !== undefined) throw new ClusterError('CommandFailed', `${bad} ends again and again: ${(await session.run(lastWords(bad))) || 'it says nothing'}`, { host: host.id });
    const [next] = old;
    if (away.length > 0 && next !== undefined && old.length === behind.length) await session.run(endKubeProxy(next));
    return behind.length === 0 || `${behind.length} nodes have no new one yet: ${behind.slice(0, 5).join(', ')}`;
  });
}
