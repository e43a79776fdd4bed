import { diagnosis } from '../domain/commands/init';
import { readRunning } from '../domain/commands/running-settings';
import { kubeadmUpgradeScript } from '../domain/commands/upgrade';
import { asked } from './asked';
import type { Deps } from './deps';
import { explained } from './explained';
import type { HostInput } from './host-input';
import { poll } from './poll';
import { inScope } from './scope';
import { runStep } from './step-job';

/**
 * kube-proxy and CoreDNS of the version of the control planes, when none of these is left that would bring them along. `kubeadm
 * upgrade node` does it on any control plane that is upgraded, and finds that its static pods are as they should be. It runs as a
 * detached job; run twice it changes nothing.
 */
export const upgradeAddons = (deps: Deps) => async ({ where, host, cluster: { name, version } }: HostInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const behind = async (): Promise<true | string> => {
      const seen = await asked(() => session.run(readRunning));
      return typeof seen === 'string' ? seen : seen.addons === version || `kube-proxy is ${seen.addons ?? 'not there'}`;
    };
    if ((await behind()) === true) return;
    await explained(session, scope, diagnosis, () => runStep(session, {
      step: 'kubeadm-upgrade-addons', title: 'kubeadm upgrade', script: kubeadmUpgradeScript({ cluster: name, version, way: 'node' }), timeoutMs: 15 * 60_000, scope,
    }));
    await poll({ scope, host: host.id, what: `kube-proxy of ${version}`, everyMs: 1_000, timeoutMs: 60_000 }, behind);
  });
