import { controlPlanes, type Host } from './cluster';
import { inTurn } from './in-turn';
import { sameAddress } from './ip-range';
import { marks } from './marks';
import { hasJoined } from './membership';
import { changeable, unnoted } from './node-changes';
import type { PlanJob } from './plan-job';
import { isOfCluster, partsOn, settingsDocument, type SettingsPart } from './settings';
import type { Situation } from './situation';

/**
 * What it takes that every host of the cluster runs with the settings that the Clusterfile says. A host that joins in this plan
 * gets them when it joins; one that is upgraded in it gets them after that, whatever the upgrade brought along: so there is one
 * way by which they come, and where nothing differs it changes nothing.
 */
export const settingsJobs = (situation: Situation, hosts: readonly Host[]): PlanJob[] =>
  inTurn(hosts.filter(({ id }) => runs(situation, id)), situation.leader)
    .flatMap((host) => [...partsOn(host).flatMap((part) => settingsJob(situation, host, part)), ...nodeJob(situation, host)]);

const marksOn = ({ seen }: Situation, id: string, part: SettingsPart): string[] => (seen.get(id)?.done ?? []).filter((mark) => mark.startsWith(marks.anySettings(part)));
const marksOfAll = (situation: Situation, part: SettingsPart): string[] => [...new Set(controlPlanes(situation.spec).flatMap(({ id }) => marksOn(situation, id, part)))];

const runs = ({ seen }: Situation, id: string): boolean => (seen.get(id)?.reachable ?? false) && hasJoined(seen.get(id));

function settingsJob(situation: Situation, { id }: Host, part: SettingsPart): PlanJob[] {
  const { spec, leader } = situation;
  if (isOfCluster(part) && id !== leader) return [];
  const found = isOfCluster(part) ? marksOfAll(situation, part) : marksOn(situation, id, part);
  // Marks of a cluster's part that differ: one of these hosts was away when it was changed, and nobody knows which.
  if (found.length === 1 && found.includes(marks.settings(part, spec.kubeadm))) return [];
  const known = found.length > 0;
  return [{
    id: `Settings/${id}/${part}`, stage: 'Settings', host: id, part,
    reason: known ? `the ${settingsDocument(part)} has changed` : `it is not known with which ${settingsDocument(part)} it runs: what differs is changed`,
  }];
}

/** Labels and taints of the host's Node, compared as the API has them: no mark is needed, and what others have changed is noticed. */
function nodeJob({ cluster }: Situation, { id, address }: Host): PlanJob[] {
  const node = cluster?.nodes.find((one) => sameAddress(one.address, address));
  const differs = changeable(node?.lacks ?? []);
  if (differs.length === 0) return [];
  const reason = differs.includes(unnoted) ? 'it is not on record which labels and taints of its Node Keelson has set' : `its Node gets ${differs.join(', ')}`;
  return [{ id: `Settings/${id}/node`, stage: 'Settings', host: id, part: 'node', reason }];
}
