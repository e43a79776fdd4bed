/** Where things are on a host. The first ones are the cluster image contract's: images hard-code them. */
export const hostPaths = (cluster: string) => {
  const data = `/var/lib/sealos/data/${cluster}`;
  return {
    data,
    rootfs: `${data}/rootfs`,
    etc: `${data}/etc`,
    /** kubeadm's documents, on control planes. */
    kubeadmInit: `${data}/etc/kubeadm-init.yaml`,
    workdir: (mountName: string) => `${data}/applications/${mountName}/workdir`,
  };
};

/** Keelson's own folder on a host: claim, marks of finished steps, jobs, fences. */
export const stateDir = '/var/lib/keelson';
/** Which attempt of each step is the newest on the host. */
export const fenceDir = `${stateDir}/fence`;
/** A step, or a cluster, as the fence writes it: what a file name, and a word between blanks, can hold. */
export const fenceName = (name: string): string => name.replaceAll(/[^A-Za-z0-9._:-]/g, '_');
/** Which operation of which cluster has taken the host out of it; in memory, and all that a reset leaves. */
export const partingDir = '/run/keelson-fence';
export const apiName = 'apiserver.cluster.local';
export const apiPort = 6443;
export const adminConf = '/etc/kubernetes/admin.conf';
