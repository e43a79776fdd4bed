import { copyKubeconfig } from '../domain/commands/copy-kubeconfig';
import { writePrivateFile } from '../domain/commands/registry';
import type { Session } from './ports';

/** Copies the admin kubeconfig to where kubectl, helm and the images' commands look for it (image contract). */
export const installKubeconfig = async (session: Session, from: string): Promise<void> => {
  await session.run(copyKubeconfig(from));
};

/** The same on a worker, which has no admin.conf of its own. */
export const writeKubeconfig = async (session: Session, text: string): Promise<void> => {
  await session.run({ ...writePrivateFile('install the kubeconfig', '/root/.kube/config', text), secrets: [] });
};
