/** Where things are on a host. The first ones are the cluster image contract's: images hard-code them. */
export const hostPaths = (cluster: string) => {
  const data = `/var/lib/sealos/data/${cluster}`;
  return {
    data,
    rootfs: `${data}/rootfs`,
    etc: `${data}/etc`,
    workdir: (mountName: string) => `${data}/applications/${mountName}/workdir`,
  };
};

/** Keelson's own folder on a host: claim, marks of finished steps, jobs, fences. */
export const stateDir = '/var/lib/keelson';
export const apiName = 'apiserver.cluster.local';
export const apiPort = 6443;
export const adminConf = '/etc/kubernetes/admin.conf';
