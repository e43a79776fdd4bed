import { type Command, quote } from '../command';

/** Copies a kubeconfig to root's own place for it. */
export const copyKubeconfig = (from: string): Command => ({
  title: 'install the kubeconfig',
  changes: true,
  script: `set -eu; umask 077; mkdir -p /root/.kube; install -m600 ${quote(from)} /root/.kube/config`,
});
