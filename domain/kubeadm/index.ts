// What writes documents needs the YAML library. Rules that run in workflows import `networks` and `kinds` by their own files.
export { discoveryKubeconfig } from './discovery';
export { type Discovery, initDocuments, joinDocuments, type KubeadmCluster, type KubeadmHost, type KubeadmImage, registrationOf } from './documents';
