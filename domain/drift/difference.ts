/** One thing on a host that is not as it was applied. */
export interface Difference {
  /** Host id. */
  readonly host: string;
  /** `plan`: an apply would do something; `check`: it would refuse the host; `cluster`: what Kubernetes and etcd know is not what was applied. */
  readonly kind: 'file' | 'flag' | 'kubelet' | 'hosts' | 'service' | 'version' | 'plan' | 'check' | 'cluster';
  /** Absolute path. */
  readonly file?: string;
  /** Of the file as it is on the host, from 1. */
  readonly line?: number;
  /** Without its dashes; or a field of a configuration, e.g. `evictionHard.memory.available`. */
  readonly flag?: string;
  /** What is there and what should be, in words; no content of files, which may hold secrets. */
  readonly message: string;
}

/** What a look for differences has found. */
export interface DriftReport {
  readonly cluster: string;
  readonly at: string;
  readonly differences: readonly Difference[];
  /** Hosts that could not be looked at, and why: of these nothing is known. */
  readonly unseen: readonly { readonly host: string; readonly why: string }[];
  /** What differs is not known, and why: an image of the cluster cannot be had. */
  readonly unknown?: { readonly reason: string; readonly message: string };
  /** It was not looked at all, and why: an operation runs. */
  readonly skipped?: string;
}

/** One line for people: host, place, words. */
export const describeDifference = ({ host, file, line, message }: Difference): string =>
  `${host}: ${file ? `${file}${line === undefined ? '' : `:${line}`}: ` : ''}${message}`;

/** The condition in a message: all of it would be too much for a view. */
export function summaryOf({ differences, unseen, unknown }: DriftReport): string {
  if (unknown) return unknown.message;
  const shown = differences.slice(0, 10).map(describeDifference);
  const more = differences.length > shown.length ? [`and ${differences.length - shown.length} more`] : [];
  const dark = unseen.map(({ host, why }) => `${host} was not looked at: ${why}`);
  return [...shown, ...more, ...dark].join('\n') || 'everything is as it was applied';
}
