import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityInfo, ApplicationFailure, Context, heartbeat, sleep } from '@temporalio/activity';
import type { Activities } from '../../activities';
import { readEntity, setSchedule } from '../../activities/schedule';
import type { Difference } from '../../domain/drift/difference';
import { apiPlace } from '../../domain/api-place';
import type { Host } from '../../domain/cluster';
import type { ClusterSlice } from '../../domain/cluster-slice';
import type { ClusterFacts, HostFacts } from '../../domain/facts';
import type { ImageFacts } from '../../domain/images';
import { marks } from '../../domain/marks';
import type { StateCopy } from '../../domain/state-copy';
import { bareFacts, someImages } from '../fixtures';

/** One call of an activity, as the journal has it. */
export interface Call {
  readonly verb: keyof Activities;
  /** Host id; the reference for preProcessImage; `all` for runConfig. */
  readonly on: string;
  readonly attempt: number;
  readonly at: 'begin' | 'end';
}

/** Calls beside the operations. */
const besides: readonly string[] = ['saveState', 'readState', 'inspectHost'];

interface Fault {
  readonly type: string;
  readonly message: string;
  readonly times: number;
}

/**
 * Hosts that are folders: the marks of finished steps lie in them as on real ones, and so does a journal of every call.
 * Being files they outlive a Temporal worker that is killed, and a test steers activities of another process through them.
 */
export class FakeHosts {
  constructor(readonly dir = mkdtempSync(join(tmpdir(), 'keelson-fake-')), private readonly images: readonly ImageFacts[] = someImages()) {
    for (const folder of ['done', 'claimed', 'hold', 'fault', 'reached', 'dead', 'met', 'version']) mkdirSync(join(dir, folder), { recursive: true });
  }

  /** What else a look at a host tells. */
  more: (host: string) => Partial<HostFacts> = () => ({});

  /** The host whose Node somebody has deleted. */
  withoutNode?: string;
  /** A host whose Node a person has cordoned. */
  cordoned?: string;

  /** What a look for drift finds. */
  differences: (host: string) => Difference[] = () => [];

  private readonly aliases = new Map<string, string>();

  /** Another name of an image. */
  alias(ref: string, of: string): void {
    this.aliases.set(ref, of);
  }

  /** Hosts with a pod that no controller makes anew elsewhere. */
  readonly bare = new Set<string>();

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  done(host: string): string[] {
    return names(join(this.dir, 'done', host));
  }

  mark(host: string, ...these: string[]): void {
    mkdirSync(join(this.dir, 'done', host), { recursive: true });
    for (const mark of these) writeFileSync(join(this.dir, 'done', host, mark), '');
  }

  unmark(host: string, ...these: string[]): void {
    for (const mark of these) rmSync(join(this.dir, 'done', host, mark), { force: true });
  }

  clear(host: string): void {
    rmSync(join(this.dir, 'done', host), { recursive: true, force: true });
    rmSync(join(this.dir, 'claimed', host), { force: true });
  }

  private readonly leftovers = new Map<string, string>();

  /** Whether anything was begun on the host. */
  claimed(host: string): boolean {
    return existsSync(join(this.dir, 'claimed', host)) || this.done(host).length > 0;
  }

  /** The copy of the cluster's state that lies on a host. */
  copy(host: string): StateCopy | undefined {
    const file = join(this.dir, `state-${host}`);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as StateCopy : undefined;
  }

  forgetCopy(host: string): void {
    rmSync(join(this.dir, `state-${host}`), { force: true });
  }

  /** The journal: beginnings and ends in the order in which they happened. */
  journal(): Call[] {
    const file = join(this.dir, 'journal');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Call) : [];
  }

  /** Calls by their beginnings, or by their ends: those that failed or were cut off have none. */
  calls(at: Call['at'] = 'begin'): Call[] {
    return this.journal().filter((call) => call.at === at);
  }

  /** `<verb> <on>` of every call that belongs to an operation, in order of their beginnings. */
  story(): string[] {
    return this.calls().filter(({ verb }) => !besides.includes(verb)).map(({ verb, on }) => `${verb} ${on}`);
  }

  /** Calls that change something, in words. */
  changes(): string[] {
    return this.calls().filter(({ verb }) => !['checkHost', 'backInService', 'observeCluster', 'preProcessImage', 'runConfig', 'verifyCluster', ...besides].includes(verb)).map(({ verb, on }) => `${verb} ${on}`);
  }

  /** The next calls of this verb on this host fail, so often; for ever when not said. */
  fail(verb: keyof Activities, on: string, fault: { type?: string; message?: string; times?: number } = {}): void {
    writeFileSync(this.control('fault', verb, on), JSON.stringify({ type: 'CommandFailed', message: `${verb} on ${on} exited 1`, times: Number.MAX_SAFE_INTEGER, ...fault }));
  }

  /** What a reset does not get off a host; without words it does again. */
  leave(host: string, what?: string): void {
    if (what === undefined) this.leftovers.delete(host);
    else this.leftovers.set(host, what);
  }

  mend(verb: keyof Activities, on: string): void {
    rmSync(this.control('fault', verb, on), { force: true });
  }

  /** Calls of this verb on this host stop before they do anything, until release. Cancelling ends them. */
  hold(verb: keyof Activities, on: string): void {
    rmSync(this.control('reached', verb, on), { force: true });
    writeFileSync(this.control('hold', verb, on), '');
  }

  release(verb: keyof Activities, on: string): void {
    rmSync(this.control('hold', verb, on), { force: true });
  }

  /** Resolves when a held call has come to its stop. */
  async reached(verb: keyof Activities, on: string): Promise<void> {
    while (!existsSync(this.control('reached', verb, on))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** The activities of these hosts: the real names and shapes, and effects that are marks. */
  activities(): Activities {
    const { images } = this;
    return {
      checkHost: async ({ where, host }) => this.call('checkHost', host.id, (): HostFacts => bareFacts(host.id, {
        done: this.done(host.id), ...this.versions(host.id), hostKey: `ssh-ed25519 ${host.id}`, fingerprint: `SHA256:${host.id}`,
        // The first thing that changes a host claims it.
        ...(this.claimed(host.id) ? { claim: { cluster: where.cluster, uid: where.uid } } : {}),
        ...this.more(host.id),
      })),
      observeCluster: async ({ controlPlanes: [through] }) => (through ? this.call('observeCluster', 'all', () => this.cluster(through.id)) : null),
      preProcessImage: async ({ ref }) => this.call('preProcessImage', ref, () => {
        const image = images.find((one) => one.ref === (this.aliases.get(ref) ?? ref));
        if (!image) throw ApplicationFailure.nonRetryable(`there is no image ${ref}`, 'ImageNotFound');
        return { ...image, ref };
      }),
      runConfig: async () => this.call('runConfig', 'all', () => undefined),
      mountRootfs: async ({ host, cluster }) => this.call('mountRootfs', host.id, () => this.mark(host.id, marks.mount(cluster, cluster.images, host, cluster.leader))),
      mirrorRegistry: async ({ host, cluster }) => this.call('mirrorRegistry', host.id, () => {
        for (const mark of this.done(host.id).filter((one) => one.startsWith('registry:'))) rmSync(join(this.dir, 'done', host.id, mark));
        this.mark(host.id, (cluster.upgrading ? marks.registryOfBoth : marks.registry)(cluster.images));
      }),
      upgradeHost: async ({ host, cluster }) => this.call('upgradeHost', host.id, () => this.bring(host.id, cluster.version)),
      backInService: async ({ host }) => this.call('backInService', host.id, () => true),
      upgradeAddons: async ({ host }) => this.call('upgradeAddons', host.id, () => undefined),
      applyNodeSettings: async ({ host }) => this.call('applyNodeSettings', host.id, () => undefined),
      applyKubeletSettings: async ({ host, cluster }) => this.call('applyKubeletSettings', host.id, () => this.settle(host.id, marks.settings('kubelet', cluster.kubeadm))),
      applyControlPlaneSettings: async ({ host, cluster }) => this.call('applyControlPlaneSettings', host.id, () => this.settle(host.id, marks.settings('control-plane', cluster.kubeadm))),
      applyKubeProxySettings: async ({ host, cluster, controlPlanes }) => this.call('applyKubeProxySettings', host.id, () => { for (const { id } of [host, ...controlPlanes]) this.settle(id, marks.settings('kube-proxy', cluster.kubeadm)); }),
      bootstrapHost: async ({ host, cluster }) => this.call('bootstrapHost', host.id, () => this.mark(host.id, marks.bootstrap(cluster, cluster.images, host), this.names(host, cluster))),
      pointHost: async ({ host, cluster }) => this.call('pointHost', host.id, () => this.mark(host.id, this.names(host, cluster))),
      initControlPlane: async ({ host, cluster }) => this.call('initControlPlane', host.id, () => { this.bring(host.id, cluster.version); this.mark(host.id, marks.init, ...marks.settingsOf(host, cluster.kubeadm)); }),
      joinControlPlane: async ({ host, cluster }) => this.call('joinControlPlane', host.id, () => { this.bring(host.id, cluster.version); this.mark(host.id, marks.joinControlPlane, ...marks.settingsOf(host, cluster.kubeadm)); }),
      restoreNode: async ({ host }) => this.call('restoreNode', host.id, () => { if (this.withoutNode === host.id) delete this.withoutNode; }),
      joinWorker: async ({ host, cluster }) => this.call('joinWorker', host.id, () => { this.bring(host.id, cluster.version); this.mark(host.id, marks.joinWorker(cluster.controlPlanes), ...marks.settingsOf(host, cluster.kubeadm)); }),
      runGuest: async ({ host, image, cluster }) => this.call('runGuest', host.id, () => {
        // A command of one image may fail where those of the others do not.
        this.trip('runGuest', cluster.images.find(({ digest }) => digest === image)?.ref ?? image);
        const digests = cluster.images.map(({ digest }) => digest);
        this.unmark(host.id, ...this.done(host.id).filter((mark) => marks.isFormerGuest(mark, digests)));
        this.mark(host.id, marks.guest(image));
      }),
      verifyCluster: async ({ host, cluster }) => this.call('verifyCluster', host.id, () => `${cluster.controlPlanes.length + cluster.workers.length} nodes Ready at ${cluster.version}`),
      readEntity: readEntity(),
      setDriftSchedule: setSchedule('drift'),
      setSnapshotSchedule: setSchedule('snapshots'),
      inspectHost: async ({ host }) => this.call('inspectHost', host.id, () => this.differences(host.id)),
      forgetHostFiles: async ({ host }) => this.call('forgetHostFiles', host.id, () => {
        for (const mark of this.done(host.id)) if (mark.startsWith('mount:')) rmSync(join(this.dir, 'done', host.id, mark));
      }),
      forgetHostSettings: async ({ host, part }) => this.call('forgetHostSettings', host.id, () => this.unmark(host.id, ...this.done(host.id).filter((mark) => mark.startsWith(marks.anySettings(part))))),
      saveState: async ({ host, copy }) => this.call('saveState', host.id, () => writeFileSync(join(this.dir, `state-${host.id}`), JSON.stringify(copy))),
      readState: async ({ host }) => this.call('readState', host.id, () => {
        const copy = this.copy(host.id);
        return copy ? { copy } : {};
      }),
      adoptHost: async ({ host, marks: these }) => this.call('adoptHost', host.id, () => this.mark(host.id, ...these)),
      removeHost: async ({ host, drain }) => this.call('removeHost', host.id, () => {
        if (this.bare.has(host.id) && !drain.force) throw ApplicationFailure.nonRetryable('a pod without a controller is left', 'DrainBlocked');
        this.clear(host.id);
      }),
      forgetHost: async ({ address }) => this.call('forgetHost', address, () => this.forget(address)),
      resetHost: async ({ host }: { host: { id: string } }) => this.call('resetHost', host.id, () => {
        this.clear(host.id);
        const left = this.leftovers.get(host.id);
        return { host: host.id, left: left === undefined ? [] : [left] };
      }),
      saveEtcdSnapshot: async ({ host, name }) => this.call('saveEtcdSnapshot', host.id, () => ({ name, sha256: 'abc', bytes: 1, hash: '1', revision: 7, keys: 3 })),
      findEtcdSnapshot: async ({ host, name }) => this.call('findEtcdSnapshot', host.id, () => ({ name, sha256: 'abc', bytes: 1, hash: '1', revision: 7, keys: 3 })),
      putEtcdSnapshot: async ({ host }) => this.call('putEtcdSnapshot', host.id, () => undefined),
      prepareEtcdRestore: async ({ host }) => this.call('prepareEtcdRestore', host.id, () => ({ name: host.id, peer: `https://${host.id}:2380` })),
      stopForRestore: async ({ host }) => this.call('stopForRestore', host.id, () => undefined),
      restoreEtcdMember: async ({ host }) => this.call('restoreEtcdMember', host.id, () => undefined),
      undoEtcdRestore: async ({ host }) => this.call('undoEtcdRestore', host.id, () => undefined),
      startRestoredEtcd: async ({ host }) => this.call('startRestoredEtcd', host.id, () => undefined),
      startRestoredApi: async ({ host }) => this.call('startRestoredApi', host.id, () => undefined),
      finishEtcdRestore: async ({ host }) => this.call('finishEtcdRestore', host.id, () => ({ nodes: [] })),
      addCertSans: async ({ host, settings }) => this.call('addCertSans', host.id, () => { if (settings && this.done(host.id).includes(settings.before)) this.settle(host.id, settings.after); }),
      renewAllCertificates: async ({ host }) => this.call('renewAllCertificates', host.id, () => undefined),
      refreshKubeconfig: async ({ host }) => this.call('refreshKubeconfig', host.id, () => undefined),
      execOnHost: async ({ host }) => this.call('execOnHost', host.id, () => ({ code: 0 })),
      copyToHost: async ({ host }) => this.call('copyToHost', host.id, () => ({ files: 1, bytes: 1 })),
    } as Activities;
  }

  /** The cluster as its API would tell it: a host that has joined is a Ready Node, a control plane a healthy member of etcd. */
  private cluster(through: string): ClusterFacts {
    const hosts = names(join(this.dir, 'met')).map((host) => ({ host, done: this.done(host), more: this.more(host) }))
      .filter(({ done, more }) => more.joined || done.some((mark) => mark === marks.init || mark.startsWith('join:')));
    const isMaster = ({ done, more }: { done: readonly string[]; more: Partial<HostFacts> }) => more.controlPlane || done.some((mark) => mark === marks.init || mark === marks.joinControlPlane);
    return {
      through,
      nodes: hosts.filter(({ host }) => host !== this.withoutNode).map(({ host, ...is }) => ({ name: `h-${host}`, address: host, version: this.version(host), ready: true, controlPlane: isMaster(is) ?? false, unschedulable: host === this.cordoned })),
      etcd: hosts.filter(isMaster).map(({ host }) => ({ name: `h-${host}`, address: host, healthy: !this.isDead(host) })),
    };
  }

  /** The version of the host's kubelet: what brought it there; one whose marks a test has set runs the first image's. */
  version(host: string): string {
    const file = join(this.dir, 'version', host);
    return existsSync(file) ? readFileSync(file, 'utf8') : (this.images.find(({ kind }) => kind === 'rootfs')?.version ?? '');
  }

  private bring(host: string, version: string): void {
    writeFileSync(join(this.dir, 'version', host), version);
  }

  /** Sets the mark of a step; earlier ones of the same step go. */
  private settle(host: string, mark: string): void {
    this.unmark(host, ...this.done(host).filter((one) => one.startsWith(mark.slice(0, mark.indexOf(':') + 1))));
    this.mark(host, mark);
  }

  private versions(host: string): Partial<HostFacts> {
    const done = this.done(host);
    if (done.some((mark) => mark.startsWith('join:worker-'))) return { kubeletVersion: this.version(host) };
    return done.some((mark) => mark === marks.init || mark === marks.joinControlPlane) ? { kubeletVersion: this.version(host), controlPlaneVersion: this.version(host) } : {};
  }

  /** A host whose machine is gone: no look reaches it, and its member of etcd does not answer. */
  kill(host: string): void {
    this.fail('checkHost', host, { type: 'HostUnreachable', message: 'no route to host' });
    writeFileSync(join(this.dir, 'dead', host), '');
  }

  private isDead = (host: string): boolean => existsSync(join(this.dir, 'dead', host));

  private forget(host: string): void {
    this.clear(host);
  }

  private names(host: Host, cluster: ClusterSlice): string {
    return marks.names(cluster.registryHosts[0]?.address ?? host.address, apiPlace({ hosts: cluster.controlPlanes, controlPlaneEndpoint: cluster.controlPlaneEndpoint }, { host, leader: cluster.leader, images: cluster.images }));
  }

  private async call<T>(verb: keyof Activities, on: string, effect: () => T): Promise<T> {
    if (verb === 'checkHost') writeFileSync(join(this.dir, 'met', on), '');
    const note = (at: Call['at']) => appendFileSync(join(this.dir, 'journal'), `${JSON.stringify({ verb, on, attempt: activityInfo().attempt, at })}\n`);
    note('begin');
    if (!['checkHost', 'preProcessImage', 'runConfig', 'verifyCluster', 'resetHost'].includes(verb)) writeFileSync(join(this.dir, 'claimed', on), '');
    while (existsSync(this.control('hold', verb, on))) {
      writeFileSync(this.control('reached', verb, on), '');
      heartbeat();
      await sleep(20);
    }
    Context.current().cancellationSignal.throwIfAborted();
    this.trip(verb, on);
    const answer = effect();
    note('end');
    return answer;
  }

  private trip(verb: keyof Activities, on: string): void {
    const file = this.control('fault', verb, on);
    if (!existsSync(file)) return;
    const fault = JSON.parse(readFileSync(file, 'utf8')) as Fault;
    if (fault.times <= 0) return;
    writeFileSync(file, JSON.stringify({ ...fault, times: fault.times - 1 }));
    throw ApplicationFailure.nonRetryable(fault.message, fault.type);
  }

  private control(kind: 'hold' | 'fault' | 'reached', verb: keyof Activities, on: string): string {
    return join(this.dir, kind, `${verb} ${on.replaceAll('/', '_')}`);
  }
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
