import { type Fault, Fleet, type FleetHost, type Moment } from '../../testing';
import type { Made, Stand } from './stand';

/** A cluster in which one thing goes wrong, and the host to which it happens: a worker. */
export interface Scene {
  readonly stand: Stand;
  readonly made: Made;
  readonly victim: FleetHost;
}

/** What goes wrong in an install, and how the product takes it. */
export interface Script {
  readonly what: string;
  /** Before the operation begins. */
  start?(scene: Scene): Promise<void> | void;
  /** Asked for each command of the victim. */
  fault?(scene: Scene, moment: Moment): Fault | undefined;
  /** The operation ends before its first change, or parks, and says this; otherwise it ends well by itself. */
  readonly ends?: RegExp;
  readonly parks?: { readonly reason: string; readonly words: RegExp };
  /** What a person does then. */
  mend?(scene: Scene): Promise<void> | void;
}

const gone = async ({ ssh }: FleetHost): Promise<void> => {
  await ssh.refuse();
  ssh.cut();
};
const struck = new WeakSet<Scene>();
/** True once in each scene: a second try may say the same with other words, a new token for one. */
function isFirst(scene: Scene, { name }: Moment, wanted: string): boolean {
  if (name !== wanted || struck.has(scene)) return false;
  struck.add(scene);
  return true;
}
const reboot = (at: string): Script => ({
  what: `the host restarts: ${at}`,
  fault: (scene, moment) => (isFirst(scene, moment, at) ? { kind: 'reboot', ms: 500 } : undefined),
});
/** The link breaks with half of what was sent on the host. */
const half = (at: string): Script => ({
  what: `half of it arrives: ${at}`,
  fault: (scene, moment) => (isFirst(scene, moment, at) ? { kind: 'drop', when: 'during' } : undefined),
});
const answers = (at: string, stdout: string): Script => ({
  what: `a wrong answer: ${at} says ${JSON.stringify(stdout)}`,
  fault: (scene, moment) => (isFirst(scene, moment, at) ? { kind: 'answer', stdout } : undefined),
});

export const scripts: readonly Script[] = [
  {
    what: 'the port refuses at the start',
    start: ({ victim }) => gone(victim), ends: /refused/i, mend: ({ victim: { ssh } }) => ssh.listen(),
  },
  {
    what: 'the port refuses in the middle, for two seconds',
    fault: (scene, moment) => {
      if (!isFirst(scene, moment, 'receive the files')) return undefined;
      void gone(scene.victim).then(() => { setTimeout(() => { void scene.victim.ssh.listen(); }, 2_000); });
      return { kind: 'drop', when: 'during' };
    },
  },
  {
    what: 'the host shows another key when it is reached again',
    fault: (scene, moment) => {
      if (!isFirst(scene, moment, 'put the files in place')) return undefined;
      scene.victim.ssh.showKey(Fleet.newHostKey());
      return { kind: 'drop', when: 'before' };
    },
    parks: { reason: 'HostKeyMismatch', words: /host key/i }, mend: ({ victim: { ssh } }) => { ssh.showKey(); },
  },
  {
    what: 'the clock is ten minutes ahead at the start',
    start: ({ victim: { host } }) => { host.clockOffsetMs = 600_000; }, ends: /its clock is (59|60)\d\.\d s ahead of ours/, mend: ({ victim: { host } }) => { host.clockOffsetMs = 0; },
  },
  {
    what: 'the clock jumps ten minutes ahead in the middle',
    fault: (scene, moment) => {
      if (isFirst(scene, moment, 'receive the files')) scene.victim.host.clockOffsetMs = 600_000;
      return undefined;
    },
    parks: { reason: 'PreflightFailed', words: /its clock is (59|60)\d\.\d s ahead of ours/ }, mend: ({ victim: { host } }) => { host.clockOffsetMs = 0; },
  },
  {
    what: 'the disk is full in the middle of MountRootfs',
    fault: (scene, moment) => {
      if (isFirst(scene, moment, 'receive the files')) scene.victim.host.files.free = 40;
      return undefined;
    },
    parks: { reason: 'CommandFailed', words: /No space left on device/ }, mend: ({ victim: { host } }) => { host.files.free = 1e12; },
  },
  reboot('receive the files'), reboot('job: image script'), reboot('job: kubeadm join'), reboot('mark'),
  half('receive the files'), half('put the files in place'), half('write a private file'), half('start a job'),
  {
    what: 'a slow link: each command takes 150 ms longer',
    fault: () => ({ kind: 'slow', ms: 150 }),
  },
  answers('look at the host', 'Killed\n'), answers('claim the host', '{"cluster":'), answers('look at the files', '\0\0\0'),
  answers('read the marks', '<html>502 Bad Gateway</html>\n'), answers('find the container runtime', ''), answers('start a job', 'done\n'),
];
