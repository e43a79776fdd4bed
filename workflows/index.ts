export { cluster } from './cluster';
export { copyFiles } from './copy-files';
export { execCommand } from './exec-command';
export { initCluster } from './init-cluster';
export { lookAtHosts } from './look-at-hosts';
export { previewPlan } from './preview-plan';
export { reconcileCluster } from './reconcile-cluster';
export { resetCluster } from './reset-cluster';
