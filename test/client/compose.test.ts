import { execFileSync } from 'node:child_process';
import { parse } from 'yaml';
import { read } from '../source-files';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly healthcheck?: object;
  readonly ulimits?: Readonly<Record<string, number>>;
  readonly stop_grace_period?: string;
}
type Named = Readonly<Record<string, unknown>>;
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>; readonly volumes: Named; readonly networks: Named; readonly secrets: Named; readonly configs: Named;
};
const services = Object.entries(compose.services);
const [, tested = ''] = /^TEMPORAL_SERVER_VERSION=v(.+)$/m.exec(read('test/lab/cache.sh')) ?? [];

/** No engine of containers here: what `docker compose config` would say, and what it would not. The programs run in test/e2e/team.test.ts. */
describe('docker-compose.yml', () => {
  test('has the release of Temporal that the tests run, server and tools alike', () => {
    expect(tested).toMatch(/^\d+\.\d+\.\d+$/);
    expect(compose.services['temporal']?.image).toBe(`temporalio/server:${tested}`);
    for (const job of ['schema', 'namespace']) expect(compose.services[job]?.image).toMatch(new RegExp(`^temporalio/admin-tools:${tested.replaceAll('.', '\\.')}(-|$)`));
  });

  test.each(services)('%s: its image is pinned, and what it refers to is there', (_, service) => {
    expect(service.build ?? service.image).toMatch(/^\.$|^[\w./-]+:\d+\.\d+/);
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services[other]).toBeDefined();
      if (condition === 'service_healthy') expect(compose.services[other]?.healthcheck).toBeDefined();
    }
    const refersTo = (all: Named, names: readonly string[] = []) => expect(Object.keys(all)).toEqual(expect.arrayContaining([...names]));
    refersTo(compose.volumes, service.volumes?.map((volume) => volume.split(':')[0] ?? ''));
    refersTo(compose.networks, service.networks);
    refersTo(compose.secrets, service.secrets);
    refersTo(compose.configs, service.configs?.map(({ source }) => source));
  });

  test('nothing of it listens anywhere but on loopback', () => {
    expect(services.flatMap(([, { ports = [] }]) => ports).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('the scripts of its jobs are such', () => {
    for (const name of ['schema', 'namespace']) {
      const { entrypoint, command = [] } = compose.services[name] ?? {};
      expect(entrypoint).toEqual(['sh', '-euc']);
      execFileSync('sh', ['-n'], { input: command.join('\n').replaceAll('$$', '$') });
    }
  });

  test('the Temporal worker is the one of the Dockerfile: its home is the volume, its key the secret, and it leaves no core', () => {
    const dockerfile = read('Dockerfile');
    const { environment = {}, volumes, secrets = [], ulimits, stop_grace_period: grace = '' } = compose.services['worker'] ?? {};
    const home = /KEELSON_HOME=(\S+)/.exec(dockerfile)?.[1] ?? '';
    expect(volumes).toEqual([`keelson:${home}`]);
    expect(dockerfile).toContain(`VOLUME ${home}\nUSER node`);
    expect(environment['KEELSON_KEY_FILE']).toBe(`/run/secrets/${secrets[0]}`);
    expect(ulimits).toEqual({ core: 0 });
    expect(parseInt(grace, 10)).toBeGreaterThan(Number(/shutdownGraceTime: '(\d+)s'/.exec(read('workers/serve.ts'))?.[1]));
  });

  test('its head and the README show the same way in', () => {
    const head = read('docker-compose.yml').split('\nname:')[0] ?? '';
    const shown = [...head.matchAll(/^# {3}(echo|npx keelson key|mkdir|docker compose (?:up|cp|exec worker)) .*$/gm)].map(([line]) => line.slice(4));
    expect(shown.length).toBe(6);
    const readme = read('README.md').split('\n').map((line) => line.trim().replace(/ {2,}#.*$/, ''));
    expect(readme).toEqual(expect.arrayContaining(shown));
  });
});
