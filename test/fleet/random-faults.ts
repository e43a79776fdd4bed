import { type Fault, type FaultPlan, pick, type Random } from '../../testing';

type Make = (random: Random) => Fault;

/**
 * Faults of a bad day, weighted by how often each is listed. All of them pass: what never passes is no test of retries.
 * A refused connection and a full disk are states of a host, made by the bench itself.
 */
const kinds: readonly (readonly [string, Make])[] = [
  ['connection lost before the command', () => ({ kind: 'drop', when: 'before' })],
  ['connection lost during the command', () => ({ kind: 'drop', when: 'during' })],
  ['connection lost after the command', () => ({ kind: 'drop', when: 'after' })],
  ['exit code lost', () => ({ kind: 'lose-exit' })],
  ['fails before its effect', (random) => ({ kind: 'exit', code: pick(random, [1, 2, 126, 137, 255]), when: 'before' })],
  ['fails after its effect', () => ({ kind: 'exit', code: 1, when: 'after' })],
  ['slow', (random) => ({ kind: 'slow', ms: Math.round(random() * 400) })],
  ['never answers', () => ({ kind: 'hang' })],
  ['answers nonsense', (random) => ({ kind: 'answer', stdout: pick(random, ['\0\0\0', 'Killed\n', '{"items":', '<html>502 Bad Gateway</html>\n']) })],
  ['host restarts', (random) => ({ kind: 'reboot', ms: 100 + Math.round(random() * 400) })],
];

/** A fault for so many of a hundred commands. `count` is told of each. */
export const randomFaults = (random: Random, rate: number, count: (what: string) => void): FaultPlan => () => {
  if (random() >= rate) return undefined;
  const [what, make] = pick(random, kinds);
  count(what);
  return make(random);
};
