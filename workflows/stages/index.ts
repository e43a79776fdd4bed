import type { Stage } from '../stage';
import { bootstrap } from './bootstrap';
import { confirmOverrideApps } from './confirm-override-apps';
import { init } from './init';
import { join } from './join';
import { mirrorRegistry } from './mirror-registry';
import { mountRootfs } from './mount-rootfs';
import { postProcess } from './post-process';
import { remove } from './remove';
import { runConfig } from './run-config';
import { runGuest } from './run-guest';
import { settings } from './settings';
import { upgrade } from './upgrade';

/**
 * The table of contents. Check and PreProcess come first and are how an operation looks (look.ts): nothing is planned
 * before they have passed; ConfirmOverrideApps asks before the first of these. Of what follows the order is the design;
 * domain/gates.ts says what waits for what.
 */
export const stages = [
  confirmOverrideApps, // a person's word before applications are installed again
  runConfig,       // configuration merged into a fresh copy of the images' files
  mountRootfs,     // every host has every file it needs, by digest
  mirrorRegistry,  // the cluster registry serves every container image
  upgrade,         // another Kubernetes version, host by host
  settings,        // what runs gets the settings that have changed
  bootstrap,       // container runtime, init scripts, kubelet
  init,            // kubeadm init on the leader
  join,            // control planes one at a time (etcd quorum), workers side by side
  remove,          // hosts drained, taken out of etcd and cluster, and reset
  runGuest,        // the images' own commands, one by one
  postProcess,     // the cluster as an observer sees it: is it whole
] as const satisfies readonly Stage[];
