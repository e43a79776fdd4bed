import { type ClusterSpec, type Host, isControlPlane } from '../cluster';
import type { ErrorType } from '../errors';
import type { HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import type { Problem } from '../problem';
import { clockProblems } from './clock';
import { diskProblems } from './disk';
import { finding } from './finding';
import { ownerProblems } from './owner';
import { portProblems } from './ports';
import { systemProblems } from './system';

export interface HostCheck {
  readonly spec: ClusterSpec;
  readonly host: Host;
  /** Undefined: nobody looked. */
  readonly facts: HostFacts | undefined;
  readonly images: readonly ImageFacts[];
  readonly uid: string;
  /** Part of the cluster, and away: the others go on without it. */
  readonly away?: boolean;
  readonly leader?: string | undefined;
}

/** What is wrong with one host by itself. Of a host that was not reached there is one thing to say. */
export function hostProblems({ spec, host, facts, images, uid, away = false, leader }: HostCheck): Problem[] {
  if (!facts?.reachable) return [away ? leftOut(host, facts, spec.name) : notReached(host, facts)];
  return [
    ...ownerProblems(facts, uid),
    ...nameProblems(host, facts),
    ...systemProblems(facts, images),
    ...sizeProblems(host, facts),
    ...clockProblems(facts, spec.policy),
    ...portProblems(spec, host, facts, { uid, leader }),
    ...diskProblems(spec, host, facts, images, leader),
  ];
}

/** Why a host was not reached is said as the adapter said it: no login, another key, no sudo, no answer. */
function notReached(host: Host, facts: HostFacts | undefined): Problem {
  const problem = facts?.problem;
  const known: readonly string[] = ['HostUnreachable', 'HostKeyMismatch', 'AuthenticationFailed', 'SudoDenied', 'KeyMissing', 'CommandFailed', 'CommandTimedOut', 'Disconnected', 'HostBusy'];
  const type = problem && known.includes(problem.type) ? (problem.type as ErrorType) : 'HostUnreachable';
  return finding('error', host.id, problem?.message ?? 'nobody could look at it',
    problem?.todo ?? `see whether ${host.address} answers at port ${host.port}: ssh -p ${host.port} ${host.address}`, type);
}

/** It holds up nobody, and what it misses is done when it is back. */
const leftOut = (host: Host, facts: HostFacts | undefined, cluster: string): Problem => finding('warning', host.id,
  `it cannot be reached and is left out until it is back: ${facts?.problem?.message ?? 'no answer'}`,
  `bring it back and apply again, or give it up: keelson delete --cluster ${cluster} ${isControlPlane(host) ? '--masters' : '--nodes'} ${host.id} --force`, 'HostUnreachable');

/** The host's Kubernetes name: the one of the spec, or its host name in lower case, as kubeadm takes it. */
export const nodeNameOf = (host: Host, facts: HostFacts): string => host.nodeName || (facts.hostname ?? '').toLowerCase();

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const nodeName = new RegExp(`^${label}(\\.${label})*$`);

function nameProblems(host: Host, facts: HostFacts): Problem[] {
  const name = nodeNameOf(host, facts);
  const todo = `give it one: hostnamectl set-hostname NAME on ${host.id}`;
  if (name === 'localhost' || name.startsWith('localhost.')) return [finding('error', host.id, `its host name is ${name}, no name of its own`, todo)];
  if (nodeName.test(name) && name.length <= 253) return [];
  return [finding('error', host.id, `its host name "${name}" cannot be the name of a Node: small letters, digits, dashes and dots only`, todo)];
}

/** kubeadm's minimum for control planes. Smaller ones work in tests, so they are no error. */
function sizeProblems(host: Host, { cpus, memoryMiB }: HostFacts): Problem[] {
  if (!isControlPlane(host)) return [];
  const small = (what: string) => finding('warning', host.id, what, 'use a larger host for a control plane');
  return [
    ...(cpus !== undefined && cpus < 2 ? [small(`${cpus} CPU, a control plane should have 2`)] : []),
    ...(memoryMiB !== undefined && memoryMiB < 1700 ? [small(`${memoryMiB} MiB of memory, a control plane should have 1700`)] : []),
  ];
}
