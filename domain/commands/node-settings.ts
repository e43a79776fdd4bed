import { type Command, quote } from '../command';
import { adminConf } from '../host-paths';

const kubectl = `kubectl --kubeconfig ${adminConf} --request-timeout=20s`;

/** Changes a Node by a JSON merge patch (domain/node-changes.ts). Runs on a control plane; safe to run twice. */
export const patchNode = (node: string, patch: string): Command => ({
  title: `kubectl patch node ${node}`, changes: true, script: `${kubectl} patch node ${quote(node)} --type=merge -p ${quote(patch)}`,
});

/** Gives taints to a Node, and takes those away that end with a dash: these have to be there. */
export const taintNode = (node: string, taints: readonly string[]): Command => ({
  title: `kubectl taint node ${node}`, changes: true, script: `${kubectl} taint node ${quote(node)} --overwrite ${taints.map(quote).join(' ')}`,
});
