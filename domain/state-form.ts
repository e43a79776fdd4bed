import type { ClusterSpec, Credential, EnvEntry, Host, KubeadmDocuments, Policy } from './cluster';
import type { ClusterRecord, Desired, LogLine } from './entity';
import { amount, anyObject, count, either, flag, type Form, listOf, mapOf, nothing, objectOf, oneOf, text, word } from './form';
import type { StateCopy } from './state-copy';

/** The form of a state as it lies on hosts, field by field: what is taken over is worked with for the cluster's whole life. */
const credential: Form<Credential> = objectOf({ user: word }, { password: text, privateKey: text, passphrase: text, agentSocket: text });
const env: Form<readonly EnvEntry[]> = listOf(objectOf({ name: text, value: text }));
const host: Form<Host> = objectOf({ id: word, address: word, port: count, roles: listOf(text), credential: text, env }, { knownKeys: listOf(text), hostKeys: listOf(text), nodeName: text, nodeLabels: mapOf(text), nodeTaints: listOf(text) });
const kubeadm: Form<KubeadmDocuments> = objectOf({}, { init: anyObject, cluster: anyObject, join: anyObject, kubelet: anyObject, kubeProxy: anyObject });

const policy: Form<Policy> = objectOf({
  parallel: count, strictHostKeys: flag, noWait: flag, parkRetry: objectOf({ times: count, firstMs: amount, factor: amount }),
  maxClockSkewMs: amount, clockSkew: oneOf('refuse', 'warn'), drain: objectOf({ timeoutMs: amount, force: flag }, { graceMs: amount }),
  upgrade: objectOf({ maxUnavailable: text }), approve: objectOf({ removeControlPlane: flag, upgrade: flag, override: flag }),
  snapshots: objectOf({ beforeUpgrade: flag, keep: count }, { everyMs: amount }), drift: objectOf({ converge: flag }, { everyMs: amount }),
}, { parkRenewMs: amount, longHistory: amount, joinEndsMs: amount, parkLook: objectOf({ firstMs: amount, maxMs: amount }) });

const spec: Form<ClusterSpec> = objectOf({
  name: word, images: listOf(text), hosts: listOf(host), credentials: mapOf(credential), env, command: listOf(text),
  configs: listOf(objectOf({ name: text, path: text, strategy: oneOf('merge', 'override', 'insert', 'append'), data: text }, { match: text })),
  kubeadm, policy, force: flag,
}, { registryPassword: text, controlPlaneEndpoint: text });

const desired: Form<Desired> = objectOf({ spec, digest: text, by: text, at: text }, { generation: count, file: text });

const current: Form<ClusterRecord> = objectOf({
  conditions: listOf(objectOf({ type: text, status: oneOf('True', 'False', 'Unknown'), reason: text, message: text, lastTransitionTime: text }, { observedDigest: text, observedGeneration: count })),
  hostKeys: mapOf(text), images: listOf(objectOf({ ref: text, digest: text, kind: text }, { version: text, since: text, inPlaceOf: text })), created: flag,
}, {
  phase: oneOf('ClusterInProcess', 'ClusterSuccess', 'ClusterFailed', 'Absent'), leader: text, installed: listOf(text), machineIds: mapOf(text),
  hosts: mapOf(objectOf({}, { error: objectOf({ at: text, operation: text, stage: text, message: text }) })),
  members: mapOf(objectOf({ host }, { access: credential })), fixed: mapOf(either(text, nothing)),
  madeFrom: objectOf({ images: mapOf(text), configs: mapOf(text), env: text }),
});

const log: Form<readonly LogLine[]> = listOf(objectOf({
  operation: text, by: text, startedAt: text, endedAt: text, outcome: oneOf('Success', 'Failed', 'Cancelled'), message: text,
}));

/** A copy of version 1. */
export const isStateCopy: Form<StateCopy> = (value): value is StateCopy =>
  copy(value) && value.v === 1 && value.desired.spec.name === value.name;
const copy = objectOf({ v: count, writtenAt: text, name: word, uid: word, n: count, desired, current, log });
