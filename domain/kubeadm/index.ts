export { certSans } from './cert-sans';
export { discoveryKubeconfig } from './discovery';
export { type Discovery, initDocuments, joinDocuments, type KubeadmCluster, type KubeadmHost, type KubeadmImage } from './documents';
export { type DocumentName, kinds, nameOfKind } from './kinds';
export { effectiveNetworks, type Networks } from './networks';
