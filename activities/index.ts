import { backInService } from './back-in-service';
import { bootstrapHost } from './bootstrap';
import { addCertSans, refreshKubeconfig, renewAllCertificates } from './certificates';
import { checkHost } from './check';
import { applyControlPlaneSettings } from './control-plane-settings';
import { copyToHost } from './copy-to-host';
import type { Deps } from './deps';
import { finishEtcdRestore, prepareEtcdRestore, restoreEtcdMember, startRestoredApi, startRestoredEtcd, stopForRestore, undoEtcdRestore } from './etcd-restore';
import { findEtcdSnapshot, putEtcdSnapshot, saveEtcdSnapshot } from './etcd-snapshot';
import { execOnHost } from './exec-on-host';
import { toFailure } from './failure';
import { initControlPlane } from './init';
import { joinControlPlane, joinWorker } from './join';
import { forgetHostSettings } from './changing-settings';
import { applyKubeProxySettings } from './kube-proxy-settings';
import { applyKubeletSettings } from './kubelet-settings';
import { mirrorRegistry } from './mirror-registry';
import { mountRootfs } from './mount-rootfs';
import { applyNodeSettings } from './node-settings';
import { observeCluster } from './observe-cluster';
import { pointHost } from './point-host';
import { preProcessImage } from './pre-process';
import { forgetHost, removeHost } from './remove';
import { resetHost } from './reset';
import { restoreNode } from './restore-node';
import { runConfig } from './run-config';
import { runGuest } from './run-guest';
import { forgetHostFiles, inspectHost } from './inspect';
import { readEntity, setSchedule } from './schedule';
import { adoptHost, readState, saveState } from './state-copy';
import { upgradeHost } from './upgrade';
import { upgradeAddons } from './upgrade-addons';
import { verifyCluster } from './verify';

/** Maps whatever an activity throws, in one place. */
const guarded = <I, O>(verb: (input: I) => Promise<O>) => async (input: I): Promise<O> => {
  try {
    return await verb(input);
  } catch (error) {
    throw toFailure(error);
  }
};

/** All activities: one verb per stage, one host per call. */
export const createActivities = (deps: Deps) => ({
  checkHost: guarded(checkHost(deps)),
  observeCluster: guarded(observeCluster(deps)),
  preProcessImage: guarded(preProcessImage(deps)),
  runConfig: guarded(runConfig(deps)),
  mountRootfs: guarded(mountRootfs(deps)),
  mirrorRegistry: guarded(mirrorRegistry(deps)),
  bootstrapHost: guarded(bootstrapHost(deps)),
  pointHost: guarded(pointHost(deps)),
  initControlPlane: guarded(initControlPlane(deps)),
  joinControlPlane: guarded(joinControlPlane(deps)),
  joinWorker: guarded(joinWorker(deps)),
  restoreNode: guarded(restoreNode(deps)),
  runGuest: guarded(runGuest(deps)),
  removeHost: guarded(removeHost(deps)),
  forgetHost: guarded(forgetHost(deps)),
  upgradeHost: guarded(upgradeHost(deps)),
  backInService: guarded(backInService(deps)),
  upgradeAddons: guarded(upgradeAddons(deps)),
  applyControlPlaneSettings: guarded(applyControlPlaneSettings(deps)),
  applyKubeProxySettings: guarded(applyKubeProxySettings(deps)),
  applyKubeletSettings: guarded(applyKubeletSettings(deps)),
  applyNodeSettings: guarded(applyNodeSettings(deps)),
  verifyCluster: guarded(verifyCluster(deps)),
  inspectHost: guarded(inspectHost(deps)),
  forgetHostFiles: guarded(forgetHostFiles(deps)),
  forgetHostSettings: guarded(forgetHostSettings(deps)),
  readEntity: guarded(readEntity()),
  setDriftSchedule: guarded(setSchedule('drift')),
  setSnapshotSchedule: guarded(setSchedule('snapshots')),
  saveState: guarded(saveState(deps)),
  readState: guarded(readState(deps)),
  adoptHost: guarded(adoptHost(deps)),
  resetHost: guarded(resetHost(deps)),
  saveEtcdSnapshot: guarded(saveEtcdSnapshot(deps)),
  putEtcdSnapshot: guarded(putEtcdSnapshot(deps)),
  findEtcdSnapshot: guarded(findEtcdSnapshot(deps)),
  prepareEtcdRestore: guarded(prepareEtcdRestore(deps)),
  stopForRestore: guarded(stopForRestore(deps)),
  restoreEtcdMember: guarded(restoreEtcdMember(deps)),
  undoEtcdRestore: guarded(undoEtcdRestore(deps)),
  startRestoredEtcd: guarded(startRestoredEtcd(deps)),
  startRestoredApi: guarded(startRestoredApi(deps)),
  finishEtcdRestore: guarded(finishEtcdRestore(deps)),
  addCertSans: guarded(addCertSans(deps)),
  renewAllCertificates: guarded(renewAllCertificates(deps)),
  refreshKubeconfig: guarded(refreshKubeconfig(deps)),
  execOnHost: guarded(execOnHost(deps)),
  copyToHost: guarded(copyToHost(deps)),
});

export type Activities = ReturnType<typeof createActivities>;
