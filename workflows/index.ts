export { cluster } from './cluster';
export { initCluster } from './init-cluster';
export { previewPlan } from './preview-plan';
export { reconcileCluster } from './reconcile-cluster';
export { resetCluster } from './reset-cluster';
