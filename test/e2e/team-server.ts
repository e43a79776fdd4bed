import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eventually } from './harness';

const root = join(__dirname, '..', '..');
const postgresql = '/usr/lib/postgresql/15/bin';
const password = 'team-database-pass';

interface Compose {
  readonly services: Readonly<Record<'schema' | 'temporal' | 'namespace', { readonly command: readonly string[]; readonly environment: Readonly<Record<string, string>> }>>;
  readonly configs: { readonly 'dynamic-config': { readonly content: string } };
}

/**
 * What docker-compose.yml starts, from packages: PostgreSQL, Temporal's own server, and the very scripts of its jobs for
 * the schema and the namespace. No engine of containers is needed.
 */
export class TeamServer {
  private readonly dir = mkdtempSync(join(tmpdir(), 'keelson-team-server-'));
  private readonly compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as Compose;
  private readonly programs = execFileSync(join(root, 'test/lab/temporal-server.sh'), { encoding: 'utf8' }).trim();
  private readonly ports: { readonly database: number; readonly grpc: readonly number[]; readonly ring: readonly number[] };
  private server: ChildProcess | undefined;

  private constructor(ports: readonly number[]) {
    const [database = 0, ...services] = ports;
    this.ports = { database, grpc: services.slice(0, 4), ring: services.slice(4) };
  }

  static async start(): Promise<TeamServer> {
    const team = new TeamServer(await freePorts(9));
    team.initDatabase();
    team.database('start');
    team.job('schema', { SQL_PASSWORD: password });
    team.writeConfig();
    await team.startServer();
    team.job('namespace', { TEMPORAL_ADDRESS: team.address });
    return team;
  }

  get address(): string {
    return `127.0.0.1:${this.ports.grpc[0]}`;
  }

  /** As a crash would end it: nothing is written back, nobody is told. */
  crashDatabase(): void {
    this.database('stop', '-m', 'immediate');
  }

  startDatabase(): void {
    this.database('start');
  }

  async crashServer(): Promise<void> {
    const { server } = this;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('close', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  async startServer(): Promise<void> {
    // Where the image's entry point would put the settings of the environment into the configuration.
    const log = openSync(join(this.dir, 'server.log'), 'a');
    this.server = spawn(join(this.programs, 'server'), ['--root', this.dir, '--config', 'config', '--env', 'team', '--allow-no-auth', 'start'], { cwd: this.dir, stdio: ['ignore', log, log] });
    closeSync(log);
    await eventually('the Temporal server', () => {
      if (this.server?.exitCode === null) return answers(this.ports.grpc[0] ?? 0);
      return Promise.reject(new Error(readFileSync(join(this.dir, 'server.log'), 'utf8').slice(-1000)));
    }, 180_000);
  }

  async stop(): Promise<void> {
    await this.crashServer();
    this.crashDatabase();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private initDatabase(): void {
    chmodSync(this.dir, 0o755);
    const data = join(this.dir, 'data');
    mkdirSync(data);
    execFileSync('chown', ['postgres:', data]);
    writeFileSync(join(this.dir, 'password'), password, { mode: 0o644 });
    this.asPostgres('initdb', '-D', data, '-U', 'temporal', '-A', 'scram-sha-256', `--pwfile=${join(this.dir, 'password')}`);
    writeFileSync(join(data, 'postgresql.auto.conf'), `port = ${this.ports.database}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n`);
  }

  private database(verb: 'start' | 'stop', ...more: string[]): void {
    this.asPostgres('pg_ctl', '-D', join(this.dir, 'data'), '-w', '-s', '-l', join(this.dir, 'data', 'log'), verb, ...more);
  }

  private asPostgres(program: string, ...args: string[]): void {
    execFileSync('runuser', ['-u', 'postgres', '--', join(postgresql, program), ...args], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** A job of the compose file, its script as it stands there but for names and paths of its network and image. */
  private job(name: 'schema' | 'namespace', env: Record<string, string>): void {
    const bin = join(this.dir, 'bin');
    mkdirSync(bin, { recursive: true });
    const cli = process.env.TEMPORAL_CLI_PATH ?? execFileSync(join(root, 'test/lab/temporal.sh'), { encoding: 'utf8' }).trim();
    for (const [link, to] of [['temporal-sql-tool', join(this.programs, 'sql')], ['temporal', cli]] as const) {
      if (!existsSync(join(bin, link))) symlinkSync(to, join(bin, link));
    }
    const script = this.compose.services[name].command.join('\n').replaceAll('$$', '$')
      .replaceAll('--ep postgresql --port 5432', `--ep 127.0.0.1 --port ${this.ports.database}`)
      .replaceAll('/etc/temporal/schema/postgresql/v12', join(this.programs, 'schema'));
    execFileSync('sh', ['-euc', script], { env: { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, ...env }, stdio: ['ignore', 'ignore', 'pipe'], timeout: 180_000 });
  }

  /** The configuration that the image makes of the compose file's environment. */
  private writeConfig(): void {
    const { DB = '', POSTGRES_USER = '' } = this.compose.services.temporal.environment;
    const store = (databaseName: string) => ({ sql: {
      pluginName: DB, databaseName, connectAddr: `127.0.0.1:${this.ports.database}`, connectProtocol: 'tcp', user: POSTGRES_USER, password, maxConns: 20, maxIdleConns: 20, maxConnLifetime: '1h',
    } });
    const services = ['frontend', 'history', 'matching', 'worker'].map((name, at) =>
      [name, { rpc: { grpcPort: this.ports.grpc[at], membershipPort: this.ports.ring[at], bindOnLocalHost: true } }] as const);
    const config = {
      log: { stdout: true, level: 'error' },
      persistence: { defaultStore: 'default', visibilityStore: 'visibility', numHistoryShards: 4, datastores: { default: store('temporal'), visibility: store('temporal_visibility') } },
      global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
      services: Object.fromEntries(services),
      clusterMetadata: {
        enableGlobalNamespace: false, failoverVersionIncrement: 10, masterClusterName: 'active', currentClusterName: 'active',
        clusterInformation: { active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: this.address } },
      },
      dcRedirectionPolicy: { policy: 'noop' },
      dynamicConfigClient: { filepath: join(this.dir, 'dynamic.yaml'), pollInterval: '60s' },
    };
    mkdirSync(join(this.dir, 'config'));
    // JSON is YAML.
    writeFileSync(join(this.dir, 'config', 'team.yaml'), JSON.stringify(config));
    writeFileSync(join(this.dir, 'dynamic.yaml'), this.compose.configs['dynamic-config'].content);
  }
}

const answers = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
});

/** Ports that are free now, below 32768: Temporal's table of members has room for no more. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let port = 10_000 + (process.pid % 20_000); ports.length < count && port < 32_768; port += 1) if (await isFree(port)) ports.push(port);
  return ports;
}

const isFree = (port: number): Promise<boolean> => new Promise((resolve) => {
  const probe = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
});
