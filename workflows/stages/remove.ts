import { peersOf } from '../../domain/membership';
import { whereOf } from '../../domain/where';
import type { Stage } from '../stage';
import { isOnControlPlane, summaryOf, targetFor } from '../work';

/**
 * A host leaves: drained, out of etcd, reset, its Node deleted. One that cannot be reached is only forgotten; what is left
 * on it is said. See activities/remove.ts.
 */
export const remove: Stage = {
  name: 'Remove',
  run: async ({ job, plan, work }) => {
    const options = { summary: summaryOf(work, job), activityId: job.id };
    const common = { where: whereOf(work, job.stage), leader: targetFor(work, plan.leader), controlPlane: job.member !== undefined || isOnControlPlane(work, job.host) };
    if (job.forget) {
      const address = job.member ?? targetFor(work, job.host).address;
      await work.on.change.forgetHost.executeWithOptions(options, [{ ...common, address }]);
      if (!job.member) work.note(`${job.host ?? ''} was forgotten: all that the cluster has put there is still on it (kubelet, containers, /var/lib/keelson, /etc/kubernetes, /var/lib/etcd). Wipe it before it is started again`);
      return;
    }
    const { spec, record } = work;
    await work.on.change.removeHost.executeWithOptions(options, [{
      ...common,
      host: targetFor(work, job.host),
      drain: work.policy().drain,
      images: record.images.map(({ ref, digest }) => ({ ref, digest })),
      peers: peersOf(spec, record, job.host),
      env: spec.env,
    }]);
  },
};
