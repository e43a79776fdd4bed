import { ApplicationFailure } from '@temporalio/workflow';
import { whereOf } from '../../domain/where';
import type { RunTask } from '../run-task';
import { controlPlaneTargets } from './on-hosts';

/** Whether the leader answers. Throws HostUnreachable when it does not. */
export const verify: RunTask = async ({ input, on }) => {
  const [leader] = controlPlaneTargets(input);
  if (!leader) throw ApplicationFailure.nonRetryable('there is no control plane', 'InvalidSpec');
  const facts = await on.probe.checkHost.executeWithOptions({ summary: `Check ${leader.id}`, activityId: `Check/${leader.id}` }, [{ where: whereOf(input, 'Check'), host: leader }]);
  if (!facts.reachable) throw ApplicationFailure.nonRetryable(`${leader.id}: ${facts.problem?.message ?? 'no answer'}`, 'HostUnreachable');
  return { message: `${leader.id} answers` };
};
