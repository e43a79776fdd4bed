import { type Command, quote } from '../../command';
import { hostPaths, stateDir } from '../../host-paths';
import { jobPrefix } from './jobs';
import { foldersOf, shared } from './parts';

export interface FilesOf {
  readonly cluster: string;
  readonly uid: string;
  readonly controlPlane: boolean;
  /** Where the registry looks for its content: a link into the cluster's files. */
  readonly registryData: string;
}

/** Removes what the cluster has put into the file system. Mount points are emptied; what is older than our claim stays. */
export const removeFiles = ({ cluster, uid, controlPlane, registryData }: FilesOf): Command => ({
  title: 'remove the files of the cluster',
  changes: true,
  timeoutMs: 10 * 60_000,
  script: `${shared}
data=${quote(hostPaths(cluster).data)}
for folder in ${foldersOf(controlPlane).map(quote).join(' ')}; do
  [ -d "$folder" ] && [ ! -L "$folder" ] || continue
  new_files "$folder" -exec rm -f -- {} +
  new_folders "$folder" | xargs -0 -r rmdir -- 2>/dev/null
  if is_new "$folder" && ! is_mounted "$folder"; then
    rmdir "$folder" 2>/dev/null
  fi
done
if [ -L ${quote(registryData)} ] && [[ $(readlink ${quote(registryData)}) == "$data"/* ]]; then rm -f ${quote(registryData)}; fi
awk -v below="$data/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while IFS= read -r point; do umount -l "$(plain "$point")"; done
# What the image's scripts have not taken back they must be able to take back next time.
if [ -e /var/lib/keelson-image ] && [ -d "$data/rootfs/scripts" ]; then
  find "$data" -mindepth 1 -maxdepth 1 ! -name rootfs -exec rm -rf --one-file-system -- {} +
  find "$data/rootfs" -mindepth 1 -maxdepth 1 ! -name scripts -exec rm -rf --one-file-system -- {} +
else
  rm -rf --one-file-system "$data"
fi
for folder in /var/lib/sealos/data /var/lib/sealos; do
  if [ -d "$folder" ] && is_new "$folder" && ! is_mounted "$folder"; then rmdir "$folder" 2>/dev/null; fi
done
# A mount point that others made: the folder in it is ours alone.
rmdir /var/lib/sealos/data 2>/dev/null
rm -rf /run/keelson-join.* /run/keelson-keep.*
rmdir /run/netns 2>/dev/null
systemctl daemon-reload
systemctl reset-failed kubelet.service containerd.service registry.service 2>/dev/null
systemctl reset-failed ${quote(`${jobPrefix(uid)}*`)} 'keelson-api-bridge.*' 2>/dev/null
exit 0`,
});

/**
 * Keelson's own folder, the claim last of all: until then the host is known as ours, and the reset can be repeated. Says the
 * folder's name when it is still there.
 */
export const forgetHost: Command<string[]> = {
  title: 'give the host free',
  changes: true,
  script: `cd /
find ${stateDir} -mindepth 1 -depth ! -path ${stateDir}/claim.json -delete 2>/dev/null
rm -f /run/keelson-boot
rm -f ${stateDir}/claim.json
rmdir ${stateDir} 2>/dev/null
[ ! -e ${stateDir} ] || echo ${stateDir}`,
  parse: ({ stdout }) => stdout.split('\n').filter(Boolean),
};
