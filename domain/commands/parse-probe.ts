import { ClusterError } from '../errors';
import type { HostFacts } from '../facts';
import { probeBegin, probeEnd } from './probe';

/** When the question went out and when the answer was there, by our own clock, milliseconds. */
export interface Asked {
  readonly host: string;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

const single = [
  'clock', 'hostname', 'machineId', 'kernel', 'arch', 'cpus', 'memoryMiB', 'systemd', 'osId', 'osVersion', 'claim', 'joined', 'controlPlane',
  'kubeletVersion', 'kubeletActive', 'apiReady', 'controlPlaneVersion',
] as const;
const repeated = ['missing', 'free', 'fileSystem', 'address', 'route', 'port', 'done', 'tree', 'foreign', 'runtime', 'certificate'] as const;

/**
 * Reads the answer of probe(). Throws CommandFailed for one that is not whole or that says what no host says: a guess would
 * enter plans.
 */
export function parseProbe(stdout: string, { host, sentAtMs, receivedAtMs }: Asked): HostFacts {
  const { one, all } = linesOf(stdout, host);
  const text = (key: (typeof single)[number]): string => one.get(key) ?? refuse(host, `says nothing of ${key}`);
  const count = (key: (typeof single)[number]): number => integer(host, key, text(key));
  const optional = <K extends keyof HostFacts>(name: K, value: HostFacts[K] | undefined): Partial<Pick<HostFacts, K>> =>
    (value === undefined || value === '' ? {} : { [name]: value }) as Partial<Pick<HostFacts, K>>;
  const claim = readClaim(one.get('claim'));
  const foreign = [...all('foreign'), ...(claim === 'damaged' ? ['a damaged /var/lib/keelson/claim.json'] : [])].join('; ');
  return {
    host,
    reachable: true,
    hostname: text('hostname'),
    ...optional('machineId', one.get('machineId')),
    os: { id: one.get('osId') ?? '', version: one.get('osVersion') ?? '' },
    arch: architecture(text('arch')),
    kernel: text('kernel'),
    cpus: count('cpus'),
    memoryMiB: count('memoryMiB'),
    clockSkewMs: skew(count('clock') / 1e6, sentAtMs, receivedAtMs),
    busyPorts: pairs(host, 'port', all('port')).map(([port, process]) => ({ port: integer(host, 'port', port), process: printable(process) })).sort((a, b) => a.port - b.port),
    freeBytes: Object.fromEntries(pairs(host, 'free', all('free')).map(([bytes, path]) => [path, integer(host, 'free', bytes)])),
    fileSystems: Object.fromEntries(pairs(host, 'fileSystem', all('fileSystem')).map(([id, path]) => [path, id])),
    missingTools: all('missing'),
    systemd: one.get('systemd') === 'yes',
    addresses: all('address').filter((address) => !/^(127\.|::1$|fe80:)/.test(address)),
    routes: all('route'),
    ...(claim && claim !== 'damaged' ? { claim } : {}),
    ...optional('foreign', foreign),
    ...(all('runtime').length > 0 ? { runtimes: all('runtime') } : {}),
    ...optional('certificatesExpire', firstToExpire(pairs(host, 'certificate', all('certificate')))),
    trees: Object.fromEntries(pairs(host, 'tree', all('tree'))),
    done: all('done'),
    joined: one.get('joined') === 'yes',
    controlPlane: one.get('controlPlane') === 'yes',
    ...optional('kubeletVersion', one.get('kubeletVersion')),
    ...optional('controlPlaneVersion', one.get('controlPlaneVersion')),
    ...(one.has('kubeletActive') ? { kubeletActive: one.get('kubeletActive') === 'active' } : {}),
    ...(one.has('apiReady') ? { apiReady: one.get('apiReady') === 'ok' } : {}),
  };
}

interface Answer {
  readonly one: ReadonlyMap<string, string>;
  readonly all: (key: (typeof repeated)[number]) => string[];
}

function linesOf(stdout: string, host: string): Answer {
  const lines = stdout.replace(/\n$/, '').split('\n');
  if (lines[0] !== probeBegin || lines.at(-1) !== probeEnd || lines.length < 3) refuse(host, 'is not whole');
  const one = new Map<string, string>();
  const many = new Map<string, string[]>(repeated.map((key) => [key, []]));
  for (const line of lines.slice(1, -1)) {
    const at = line.indexOf('=');
    const [key, value] = [line.slice(0, Math.max(at, 0)), line.slice(at + 1).trim()];
    if (many.has(key)) many.get(key)?.push(value);
    else if (!(single as readonly string[]).includes(key) || one.has(key)) refuse(host, `has a line that is not the probe's: ${printable(line)}`);
    else one.set(key, value);
  }
  return { one, all: (key) => many.get(key) ?? [] };
}

const refuse = (host: string, why: string): never => {
  throw new ClusterError('CommandFailed', `the answer of the probe of ${host} ${why}`, {
    host, command: 'look at the host', todo: `log in to ${host} and look whether bash and /proc work there as usual`,
  });
};

function integer(host: string, key: string, text: string): number {
  return /^\d{1,19}$/.test(text) ? Number(text) : refuse(host, `has no number for ${key}: ${printable(text)}`);
}

/** Lines of two words, of which the second may be empty. */
const pairs = (host: string, key: string, lines: readonly string[]): [string, string][] => lines.map((line) => {
  const found = /^(\S+)(?: (.*))?$/.exec(line);
  return found?.[1] ? [found[1], found[2] ?? ''] : refuse(host, `has an empty ${key}`);
});

/**
 * How far the host's clock is off at least, milliseconds: it was read at some time between question and answer, which counts
 * for it. A slow link is no wrong clock.
 */
function skew(hostMs: number, sentAtMs: number, receivedAtMs: number): number {
  if (hostMs > receivedAtMs) return Math.round(hostMs - receivedAtMs);
  return hostMs < sentAtMs ? Math.round(hostMs - sentAtMs) : 0;
}

/** The certificate that expires first. openssl says `Nov  6 01:36:13 2126 GMT`; what it says otherwise is left out. */
function firstToExpire(lines: readonly [string, string][]): HostFacts['certificatesExpire'] {
  const known = lines.map(([name, text]) => ({ name, ms: Date.parse(text) })).filter(({ ms }) => Number.isFinite(ms)).sort((a, b) => a.ms - b.ms);
  const [first] = known;
  return first && { name: first.name, at: new Date(first.ms).toISOString() };
}

const architectures: ReadonlyMap<string, string> = new Map([['x86_64', 'amd64'], ['aarch64', 'arm64'], ['armv7l', 'arm'], ['i686', '386']]);
/** The machine's architecture by the name that images use. */
const architecture = (machine: string): string => architectures.get(machine) ?? machine;

function readClaim(text: string | undefined): HostFacts['claim'] | 'damaged' {
  if (text === undefined) return undefined;
  try {
    const { cluster, uid } = JSON.parse(text) as { cluster?: unknown; uid?: unknown };
    return typeof cluster === 'string' && typeof uid === 'string' ? { cluster, uid } : 'damaged';
  } catch {
    return 'damaged';
  }
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
