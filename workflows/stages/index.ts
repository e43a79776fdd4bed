import type { Stage } from '../stage';
import { bootstrap } from './bootstrap';
import { init } from './init';
import { join } from './join';
import { mirrorRegistry } from './mirror-registry';
import { mountRootfs } from './mount-rootfs';
import { runConfig } from './run-config';
import { runGuest } from './run-guest';

/**
 * The table of contents. Check and PreProcess come first and are how an operation looks (look.ts): nothing is planned
 * before they have passed. Of what follows the order is the design; domain/gates.ts says what waits for what.
 */
export const stages = [
  runConfig,       // configuration merged into a fresh copy of the images' files
  mountRootfs,     // every host has every file it needs, by digest
  mirrorRegistry,  // the cluster registry serves every container image
  bootstrap,       // container runtime, init scripts, kubelet
  init,            // kubeadm init on the leader
  join,            // control planes one at a time (etcd quorum), workers side by side
  runGuest,        // the images' own commands, one by one
] as const satisfies readonly Stage[];
