import type { Command } from '../command';

/** The administrator's kubeconfig of a control plane. A secret: its output goes to no log. */
export const readAdminKubeconfig = (): Command => ({ title: 'read the admin kubeconfig', script: 'cat /etc/kubernetes/admin.conf' });
