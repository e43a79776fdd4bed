import { ApplicationFailure } from '@temporalio/workflow';
import { type ClusterSpec, isControlPlane, targetOf } from '../../domain/cluster';
import { listAt, objectAt } from '../../domain/kubeadm/json';
import { marks } from '../../domain/marks';
import type { RunTask } from '../run-task';
import { controlPlaneTargets, onAll, problemsOf, whereOf } from './on-hosts';

/** More names in the API servers' certificates, one control plane after another. What they shall have is in the desired spec then. */
export const certSans: RunTask = async ({ input, on, say }) => {
  const names = (input.task['names'] as readonly string[] | undefined) ?? [];
  const hosts = controlPlaneTargets(input);
  const spec = withNames(input.spec, names);
  const settings = { before: marks.settings('control-plane', input.spec.kubeadm), after: marks.settings('control-plane', spec.kubeadm) };
  for (const host of hosts) {
    await on.change.addCertSans.executeWithOptions({ summary: `Certificate of the API on ${host.id}`, activityId: `CertSans/${host.id}` }, [{ where: whereOf(input, 'Certificates'), host, names, settings }]);
    say(`${host.id} shows ${names.join(', ')}`);
  }
  return { message: `the API servers' certificates have ${names.join(', ')}`, output: { names }, spec };
};

/** The spec that asks for these names as well: a control plane that joins later has them from the start. */
function withNames(spec: ClusterSpec, names: readonly string[]): ClusterSpec {
  const { cluster = {} } = spec.kubeadm;
  const apiServer = objectAt(cluster, 'apiServer');
  const before = listAt(apiServer, 'certSANs').map(String);
  const added = names.filter((name) => !before.includes(name));
  if (added.length === 0) return spec;
  return { ...spec, kubeadm: { ...spec.kubeadm, cluster: { ...cluster, apiServer: { ...apiServer, certSANs: [...before, ...added] } } } };
}

/** New certificates for every control plane, one after another, and new kubeconfigs for all hosts. */
export const certRenew: RunTask = async ({ input, on, say }) => {
  const { spec, last } = input;
  const version = last.images.find((image) => image.version)?.version;
  if (!version) throw ApplicationFailure.nonRetryable('the cluster has no Kubernetes yet', 'InvalidSpec');
  const hosts = controlPlaneTargets(input);
  for (const host of hosts) {
    await on.change.renewAllCertificates.executeWithOptions({ summary: `Renew the certificates of ${host.id}`, activityId: `Renew/${host.id}` }, [{
      where: whereOf(input, 'Certificates'), host, version,
      ...(spec.kubeadm.cluster ? { cluster: spec.kubeadm.cluster } : {}), ...(spec.controlPlaneEndpoint ? { controlPlaneEndpoint: spec.controlPlaneEndpoint } : {}),
    }]);
    say(`${host.id}: renewed`);
  }
  const [leader] = hosts;
  const workers = spec.hosts.filter((host) => !isControlPlane(host)).map((host) => targetOf(spec, host, last.hostKeys[host.id]));
  const tried = leader ? await onAll(workers, (host) => on.change.refreshKubeconfig.executeWithOptions(
    { summary: `Kubeconfig to ${host.id}`, activityId: `Kubeconfig/${host.id}` }, [{ where: whereOf(input, 'Certificates'), host, leader }],
  )) : [];
  for (const problem of problemsOf(tried)) say(`no new kubeconfig on ${problem}`);
  return { message: `the certificates of ${hosts.length} ${hosts.length === 1 ? 'control plane' : 'control planes'} are renewed; \`keelson kubeconfig\` gives the new one` };
};
