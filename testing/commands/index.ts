import type { Fault, Moment } from '../faults';
import type { Host } from '../host';
import type { Simulation } from '../simulation';
import { bootstrap } from './bootstrap';
import { controlPlaneSettings } from './control-plane-settings';
import { drains } from './drain';
import { etcd } from './etcd';
import { etcdMembers } from './etcd-members';
import { etcdRestore } from './etcd-restore';
import { files } from './files';
import { hostsFile } from './hosts-file';
import { jobs } from './jobs';
import { kubeadm } from './kubeadm';
import { kubeProxySettings } from './kube-proxy-settings';
import { kubernetes } from './kubernetes';
import { look } from './look';
import { nodeObject } from './node-object';
import { nodeSettings } from './node-settings';
import { people } from './people';
import { process } from './process';
import { registry } from './registry';
import { reset } from './reset';
import { scripts } from './scripts';
import { settings } from './settings';
import { state } from './state';
import { stateCopy } from './state-copy';
import { upgrade } from './upgrade';

export interface Found {
  readonly simulation: Simulation;
  readonly args: readonly string[];
}

/** What commands that run other commands need. */
export interface Registry {
  /** The simulation whose script this is. */
  find(script: string): Found | undefined;
  fault(moment: Omit<Moment, 'before' | 'host'> & { host: Host }): Fault | undefined;
  reboot(host: Host, ms: number): void;
}

/** Every command that simulated hosts know. */
export const simulations = (around: Registry): readonly Simulation[] => [
  ...look, ...state, ...stateCopy, ...files, ...hostsFile, ...bootstrap, ...registry, ...kubernetes, ...etcd, ...etcdMembers, ...etcdRestore, ...jobs(around), ...kubeadm, ...scripts, ...process, ...reset, ...drains, ...upgrade, ...settings, ...nodeSettings, ...nodeObject, ...controlPlaneSettings, ...kubeProxySettings, ...people,
];
