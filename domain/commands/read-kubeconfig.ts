import { type Command, quote } from '../command';

/** The administrator's kubeconfig of a control plane. A secret: its output goes to no log. */
export const readAdminKubeconfig = (): Command => ({ title: 'read the admin kubeconfig', script: 'cat /etc/kubernetes/admin.conf' });

/** Copies a kubeconfig to root's own place for it. */
export const copyKubeconfig = (from: string): Command => ({
  title: 'install the kubeconfig',
  changes: true,
  script: `set -eu; umask 077; mkdir -p /root/.kube; install -m600 ${quote(from)} /root/.kube/config`,
});
