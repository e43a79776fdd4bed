import { ApplicationFailure } from '@temporalio/workflow';
import { type HostTarget, isControlPlane, targetOf } from '../../domain/cluster';
import { withCertNames } from '../../domain/kubeadm/cert-sans';
import { marks } from '../../domain/marks';
import { whereOf } from '../../domain/where';
import { explain } from '../explain';
import type { RunTask } from '../run-task';
import { controlPlaneTargets, onAll, problemsOf } from './on-hosts';

/**
 * Acts on one control plane after another, the leader first. Who cannot be reached is passed over: one that is dead must not keep
 * the certificates of the others from being renewed. Any other failure ends it there, and the rest keep running on what they have;
 * so does it when nobody can be reached.
 */
async function oneByOne(hosts: readonly HostTarget[], act: (host: HostTarget) => Promise<void>): Promise<{ readonly done: readonly HostTarget[]; readonly away: readonly string[] }> {
  const done: HostTarget[] = [];
  const away: string[] = [];
  for (const host of hosts) {
    try {
      await act(host);
      done.push(host);
    } catch (error) {
      const isLast = done.length === 0 && away.length === hosts.length - 1;
      if (explain(error)?.reason !== 'HostUnreachable' || isLast) throw error;
      away.push(host.id);
    }
  }
  return { done, away };
}

/**
 * More names in the API servers' certificates. What they shall have is in the desired spec then: a control plane that cannot be
 * reached gets them with the first apply that finds it.
 */
export const certSans: RunTask = async ({ input, on, say }) => {
  const names = (input.task['names'] as readonly string[] | undefined) ?? [];
  const hosts = controlPlaneTargets(input);
  const spec = withCertNames(input.spec, names);
  const settings = { before: marks.settings('control-plane', input.spec.kubeadm), after: marks.settings('control-plane', spec.kubeadm) };
  const { away } = await oneByOne(hosts, async (host) => {
    await on.change.addCertSans.executeWithOptions({ summary: `Certificate of the API on ${host.id}`, activityId: `CertSans/${host.id}` }, [{ where: whereOf(input, 'Certificates'), host, names, settings }]);
    say(`${host.id} shows ${names.join(', ')}`);
  });
  const later = away.length > 0 ? `; not yet on ${away.join(', ')}, which cannot be reached: the next apply that finds it brings them` : '';
  return { message: `the API servers' certificates have ${names.join(', ')}${later}`, output: { names }, spec };
};

/** New certificates for every control plane, and new kubeconfigs for all hosts. Fails at its end when a control plane could not be reached. */
export const certRenew: RunTask = async ({ input, on, say }) => {
  const { spec, last } = input;
  const version = last.images.find((image) => image.version)?.version;
  if (!version) throw ApplicationFailure.nonRetryable('the cluster has no Kubernetes yet', 'InvalidSpec');
  const hosts = controlPlaneTargets(input);
  const { done: [leader], away } = await oneByOne(hosts, async (host) => {
    await on.change.renewAllCertificates.executeWithOptions({ summary: `Renew the certificates of ${host.id}`, activityId: `Renew/${host.id}` }, [{
      where: whereOf(input, 'Certificates'), host, version,
      ...(spec.kubeadm.cluster ? { cluster: spec.kubeadm.cluster } : {}), ...(spec.controlPlaneEndpoint ? { controlPlaneEndpoint: spec.controlPlaneEndpoint } : {}),
    }]);
    say(`${host.id}: renewed`);
  });
  const workers = spec.hosts.filter((host) => !isControlPlane(host)).map((host) => targetOf(spec, host, last.hostKeys[host.id]));
  const tried = leader ? await onAll(workers, (host) => on.change.refreshKubeconfig.executeWithOptions(
    { summary: `Kubeconfig to ${host.id}`, activityId: `Kubeconfig/${host.id}` }, [{ where: whereOf(input, 'Certificates'), host, leader }],
  )) : [];
  for (const problem of problemsOf(tried)) say(`no new kubeconfig on ${problem}`);
  if (away.length > 0) throw ApplicationFailure.nonRetryable(`${away.join(', ')} cannot be reached and has its former certificates; those of the other control planes are renewed. Ask again when it is back, or delete it`, 'HostUnreachable');
  return { message: `the certificates of ${hosts.length} ${hosts.length === 1 ? 'control plane' : 'control planes'} are renewed; \`keelson kubeconfig\` gives the new one` };
};
