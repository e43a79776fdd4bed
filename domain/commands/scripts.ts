import { quote } from '../command';
import { hostPaths } from '../host-paths';

/**
 * A lifecycle script of an image: the label's text goes to bash as it is, so that `a.sh && bash b.sh` and `$registryData`
 * work; the variables are exported beforehand. Stops when the folder is not there (cluster-image.md, 6.2).
 */
export const lifecycleScript = (cluster: string, label: string): string =>
  `cd ${quote(`${hostPaths(cluster).rootfs}/scripts`)} || exit 1\nbash ${label}\n`;

/** One guest command of an image, in its work directory. */
export const guestScript = (workdir: string, command: string): string => `cd ${quote(workdir)} || exit 1\n${command}\n`;

/** The same for a script that cleans: where the image's files are gone there is nothing to run. */
export const cleanScript = (cluster: string, label: string): string =>
  `[ -d ${hostPaths(cluster).rootfs}/scripts ] || exit 0\n${lifecycleScript(cluster, label)}`;
