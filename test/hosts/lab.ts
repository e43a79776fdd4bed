import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemote } from '../../activities/adapters/remote';
import type { Remote, Scope, Session } from '../../activities/ports';
import type { Credential, HostTarget } from '../../domain/cluster';
import { labScope, openSecrets } from './lab-scope';

const script = join(__dirname, '../lab/hosts.sh');
const START_MS = 10 * 60_000;

/** Users of the lab's hosts and their passwords: see test/lab/hosts.sh. */
export const passwords = { root: 'keelson-lab', ops: 'ops-lab-pass', free: 'free-lab-pass', plain: 'plain-lab-pass' } as const;
export type LabUser = keyof typeof passwords;

/** Why there can be no lab hosts here; undefined where they can be. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'lab hosts need root';
  try {
    execFileSync('podman', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'lab hosts need podman: apt-get install podman';
  }
}

export interface Lab {
  readonly addresses: readonly string[];
  /** Path of the private key that every user of a host takes. */
  readonly key: string;
  readonly remote: Remote;
  /** Reboots a host and waits until it is back. */
  restart(number: number): void;
  target(user: LabUser, extra?: Partial<HostTarget>, access?: Partial<Credential>): HostTarget;
  session(user: LabUser, scope?: Partial<Scope>): Promise<Session>;
}

/**
 * A describe block with hosts of its own. Where there can be none it is skipped and says why; under CI that is a failure,
 * as a tier that is skipped unseen proves nothing. KEELSON_LAB_KEEP=1 leaves the hosts for the next run.
 */
export function describeOnHosts(title: string, group: string, count: number, body: (lab: Lab) => void): void {
  const why = obstacle();
  if (why !== undefined) {
    if (process.env.CI === 'true') {
      test(title, () => { throw new Error(why); });
    } else {
      console.warn(`skipped: ${title}: ${why}`);
      describe.skip(title, () => { test('on hosts', () => undefined); });
    }
    return;
  }
  const hosts = { addresses: [] as string[], key: '', home: '', remote: undefined as Remote | undefined };
  const lab: Lab = {
    get addresses() { return hosts.addresses; },
    get key() { return hosts.key; },
    get remote() { return hosts.remote!; },
    restart: (number) => { execFileSync(script, ['restart', group, String(number)]); },
    target: (user, extra = {}, access = {}) => ({
      id: hosts.addresses[0]!, address: hosts.addresses[0]!, port: 22, roles: ['master'], credential: user, env: [], cluster: 'lab',
      strictHostKeys: false, access: { user, password: passwords[user], ...access }, ...extra,
    }),
    session: (user, scope = {}) => hosts.remote!.to(lab.target(user), labScope(scope)),
  };
  describe(title, () => {
    beforeAll(() => {
      hosts.home = mkdtempSync(join(tmpdir(), 'keelson-'));
      process.env.KEELSON_HOME = hosts.home;
      hosts.addresses = lines(execFileSync(script, ['up', group, String(count)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
      hosts.key = readFileSync(lines(execFileSync(script, ['key'], { encoding: 'utf8' }))[0]!, 'utf8');
      hosts.remote = createRemote({ secrets: openSecrets });
    }, START_MS);
    afterAll(async () => {
      await hosts.remote?.close();
      if (process.env.KEELSON_LAB_KEEP !== '1') execFileSync(script, ['down', group]);
      delete process.env.KEELSON_HOME;
      if (hosts.home) rmSync(hosts.home, { recursive: true, force: true });
    }, START_MS);
    body(lab);
  });
}

const lines = (text: string): string[] => text.split('\n').filter(Boolean);
