import { type Command, quote } from '../domain/command';
import type { Session } from './ports';
import { writePrivateFile } from '../domain/commands/registry';

const copy = (from: string): Command => ({
  title: 'install the kubeconfig',
  changes: true,
  script: `set -eu; umask 077; mkdir -p /root/.kube; install -m600 ${quote(from)} /root/.kube/config`,
});

/** Copies the admin kubeconfig to where kubectl, helm and the images' commands look for it (image contract). */
export const installKubeconfig = async (session: Session, from: string): Promise<void> => {
  await session.run(copy(from));
};

/** The same on a worker, which has no admin.conf of its own. */
export const writeKubeconfig = async (session: Session, text: string): Promise<void> => {
  await session.run({ ...writePrivateFile('install the kubeconfig', '/root/.kube/config', text), secrets: [] });
};
