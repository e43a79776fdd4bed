import type { Host } from './cluster';
import { inTurn } from './in-turn';
import { marks } from './marks';
import { hasJoined } from './membership';
import type { PlanJob } from './plan-job';
import { partsOn, settingsDocument, type SettingsPart } from './settings';
import type { Situation } from './situation';

/**
 * What it takes that every host of the cluster runs with the settings that the Clusterfile says. A host that joins in this plan
 * gets them when it joins; one that is upgraded in it gets them after that, whatever the upgrade brought along: so there is one
 * way by which they come, and where nothing differs it changes nothing.
 */
export const settingsJobs = (situation: Situation, hosts: readonly Host[]): PlanJob[] =>
  inTurn(hosts.filter(({ id }) => runs(situation, id)), situation.leader)
    .flatMap((host) => partsOn(host, situation.leader).flatMap((part) => settingsJob(situation, host, part)));

const runs = ({ seen }: Situation, id: string): boolean => (seen.get(id)?.reachable ?? false) && hasJoined(seen.get(id));

function settingsJob({ spec, seen }: Situation, { id }: Host, part: SettingsPart): PlanJob[] {
  const done = seen.get(id)?.done ?? [];
  if (done.includes(marks.settings(part, spec.kubeadm))) return [];
  const known = done.some((mark) => mark.startsWith(marks.anySettings(part)));
  return [{
    id: `Settings/${id}/${part}`, stage: 'Settings', host: id, part,
    reason: known ? `the ${settingsDocument(part)} has changed` : `it is not known with which ${settingsDocument(part)} it runs: what differs is changed`,
  }];
}
