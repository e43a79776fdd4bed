import { probe, probeBegin, probeEnd } from '../../domain/commands/probe';
import { hostPaths, stateDir } from '../../domain/host-paths';
import type { Host } from '../host';
import { like } from '../pattern';
import { lines, type Simulation } from '../simulation';

/** What listens on a host, by its services. */
function ports(host: Host, registryPort: string): string[] {
  const listens = host.listens.get(Number(registryPort));
  return [
    ...(host.isActive('registry') ? [`port=${registryPort} registry`] : []),
    ...(listens === undefined ? [] : [`port=${registryPort} ${listens}`]),
    ...(host.isActive('kubelet') ? ['port=10250 kubelet'] : []),
    ...(host.isActive('kubelet') && host.isControlPlane() ? ['port=6443 kube-apiserver', 'port=2379 etcd'] : []),
  ];
}

function facts(host: Host, cluster: string, registryPort: string): string[] {
  const trees = `${hostPaths(cluster).data}/.keelson/`;
  const digest = (path: string): string => /"digest":\s*"([^"]+)"/.exec(host.files.text(path) ?? '')?.[1] ?? '';
  const claim = host.files.text(`${stateDir}/claim.json`)?.trim();
  const joined = host.files.has('/etc/kubernetes/kubelet.conf');
  return [
    `clock=${BigInt(Date.now() + host.clockOffsetMs) * 1_000_000n}`,
    ...(joined ? ['joined=yes'] : []),
    ...(host.isControlPlane() ? ['controlPlane=yes'] : []),
    `hostname=${host.name}`, `machineId=${host.machineId}`, 'kernel=6.1.0-simulated', 'arch=x86_64', 'cpus=4', 'memoryMiB=8192', 'systemd=yes', 'osId=debian', 'osVersion=12',
    `free=${Math.floor(host.files.free)} /`, 'fileSystem=1 /',
    `address=${host.address}`, 'route=192.0.2.0/24 dev eth0',
    ...ports(host, registryPort),
    ...(claim ? [`claim=${claim}`] : []),
    ...host.marks().map((mark) => `done=${mark}`),
    ...host.files.below(trees).filter((path) => path.endsWith('.json')).map((path) => `tree=${path.slice(trees.length, -'.json'.length)} ${digest(path)}`),
    ...(!claim && joined ? ['foreign=/etc/kubernetes/kubelet.conf without Keelson\'s mark'] : []),
    ...(joined ? [`kubeletVersion=${host.files.text('/usr/bin/kubelet')?.trim() ?? ''}`, `kubeletActive=${host.isActive('kubelet') ? 'active' : 'inactive'}`] : []),
    ...(host.isControlPlane() ? [`controlPlaneVersion=${/:(v\S+)/.exec(host.files.text('/etc/kubernetes/manifests/kube-apiserver.yaml') ?? '')?.[1] ?? ''}`] : []),
    ...(host.isControlPlane() ? [`apiReady=${host.apiReady() ? 'ok' : 'no'}`] : []),
  ];
}

export const look: readonly Simulation[] = [
  {
    name: 'look at the host',
    reads: like((cluster, criData, port) => probe(cluster!, { criData: criData!, registryPort: Number(port) }).script, 'sample-cluster', '/sample/folder', '65432'),
    act: (host, { args: [cluster = '', , port = ''] }) => lines([probeBegin, ...facts(host, cluster, port), probeEnd]),
  },
];
