import type { Fault, FaultPlan, FleetHost, Moment } from '../../testing';

/** A place in an operation where something dies. */
export interface Point {
  /** Number of the host in its cluster. */
  readonly host: number;
  /** The command, or `job: ...` for the inside of a detached job. */
  readonly name: string;
  /** Which time it is asked of that host in the operation, from 0. */
  readonly nth: number;
  /**
   * Right before the effect, right after it with nobody told, or when the activity has done all of its work and was about
   * to report it.
   */
  readonly when: 'before' | 'after' | 'reported';
}

export const inWords = ({ host, name, nth, when }: Point): string => `${when} ${name} #${nth} on host ${host}`;

/** Commands that are asked over and over while something is waited for: the later ones are the same place. */
const mostOfOne = 2;

/** Notes every place that an operation passes, to choose from. */
export class Recorder {
  readonly #seen = new Map<string, Omit<Point, 'when'>>();
  /** By host and step: its last change there. After it there is nothing left to do but to report. */
  readonly #last = new Map<string, Omit<Point, 'when'>>();
  readonly #counts = new Map<string, number>();

  constructor(private readonly hosts: readonly FleetHost[]) {}

  readonly plan: FaultPlan = ({ host, name, speaker }: Moment): undefined => {
    const at = this.hosts.findIndex((one) => one.host.address === host);
    const key = `${at} ${name}`;
    const nth = this.#counts.get(key) ?? 0;
    this.#counts.set(key, nth + 1);
    if (at < 0) return;
    if (nth < mostOfOne) this.#seen.set(`${key} ${nth}`, { host: at, name, nth });
    if (speaker) this.#last.set(`${at} ${speaker.step}`, { host: at, name, nth });
  };

  /** Before and after each command and detached job; and for each step on each host, when its work is done and not yet reported. */
  points(): Point[] {
    return [
      ...[...this.#seen.values()].flatMap((place): Point[] => [{ ...place, when: 'before' }, { ...place, when: 'after' }]),
      ...[...this.#last.values()].map((place): Point => ({ ...place, when: 'reported' })),
    ];
  }
}

interface Held {
  readonly point: Point;
  release(): void;
}

/** The points of one cluster: its commands stop there, until whoever kills has killed. */
export class Holder {
  readonly passed: Point[] = [];
  readonly #counts = new Map<string, number>();
  #held: Held[] = [];

  constructor(private readonly hosts: readonly FleetHost[], private readonly points: Point[]) {}

  readonly plan: FaultPlan = ({ host, name }: Moment): Fault | undefined => {
    const at = this.hosts.findIndex((one) => one.host.address === host);
    if (at < 0) return undefined;
    const key = `${at} ${name}`;
    const nth = this.#counts.get(key) ?? 0;
    this.#counts.set(key, nth + 1);
    const found = this.points.findIndex((point) => point.host === at && point.name === name && point.nth === nth);
    if (found < 0) return undefined;
    const [point] = this.points.splice(found, 1) as [Point];
    this.passed.push(point);
    return { kind: 'hold', when: point.when === 'before' ? 'before' : 'after', until: new Promise<void>((release) => { this.#held.push({ point, release }); }) };
  };

  /** Those that the cluster has not come to. */
  get missed(): readonly Point[] {
    return this.points;
  }

  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Lets go of those that stand at one of these. */
  release(...when: readonly Point['when'][]): void {
    for (const { point, release } of this.#held) if (when.includes(point.when)) release();
    this.#held = this.#held.filter(({ point }) => !when.includes(point.when));
  }
}
