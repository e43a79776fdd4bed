import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../../client/program';
import { exitCodeOf } from '../../client/exit-codes';
import { describeError } from '../../client/report-error';

/** What every command says of several mistakes at once, typed as a person types it; nothing is started and nothing is left. */

const before = process.env;
const terminal = process.stdin.isTTY;
let dir: string;
let home: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-report-'));
  home = join(dir, 'home');
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, TEMPORAL_CONFIG_FILE: _file, SSH_AUTH_SOCK: _agent, KEELSON_SSH_PASSWORD: _password, ...rest } = before;
  // No server that would be started all the same is found: the test fails with other words then.
  process.env = { ...rest, HOME: dir, KEELSON_HOME: home, TEMPORAL_CLI_PATH: join(dir, 'none') };
  process.stdin.isTTY = false;
});
afterEach(() => {
  process.env = before;
  process.stdin.isTTY = terminal;
  rmSync(dir, { recursive: true, force: true });
});

/** Runs the program to its end; gives what it says where it refuses, and the exit code. */
async function refused(...args: string[]): Promise<{ words: string; code: number }> {
  const program = createProgram(() => undefined);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride();
  const error: unknown = await program.parseAsync(args, { from: 'user' }).then(() => { throw new Error('it was not refused'); }, (one: unknown) => one);
  return { words: describeError(error).join('\n').replaceAll(`${dir}/`, ''), code: exitCodeOf(error) };
}
const write = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

/** That a command refuses with all these words, exit code 2, and leaves nothing below its home. */
async function expectReport(args: string[], count: number, words: readonly (string | RegExp)[]): Promise<void> {
  const said = await refused(...args);
  for (const one of words) expect(said.words).toMatch(typeof one === 'string' ? new RegExp(one.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : one);
  expect(said).toMatchObject({ code: 2, words: expect.stringMatching(new RegExp(`^error: ${count} errors:`)) as string });
  expect(readdirSync(dir).filter((name) => name === 'home')).toEqual([]);
}

const wrongFlags = (): string[] => [
  '--masters', '10.0.0.300,10.0.0.1', '--nodes', '127.0.0.1', '--env', 'NOT-ONE', '--env', '9=x', '--pk', join(dir, 'no-key'), '--passwd-file', join(dir, 'no-password'),
  '--port', '70000', '--config-file', join(dir, 'no-config'), '--values', join(dir, 'no-values'), '--set', '=x', '--control-plane-endpoint', 'nowhere', '--cluster', 'B_1',
];
const ofWrongFlags = [
  '--masters: item 1 ("10.0.0.300") is no IP address', '127.0.0.1 is no address that other hosts can reach', 'an --env is not of the form NAME=VALUE', 'an --env with the name "9"',
  'the private key no-key does not exist', 'the password file no-password cannot be read', '--port is not a number from 1 to 65535', '--config-file no-config does not exist',
  '--values no-values does not exist', '--set: a value without a name', '--control-plane-endpoint: "nowhere" is no host:port', '--cluster: "B_1" is no name for a cluster',
];

test.each(['run', 'plan', 'gen'])('%s tells of all flags and files at once', async (verb) => {
  await expectReport([verb, 'kubernetes:v1.34.2', 'an image', ...wrongFlags()], 13, [...ofWrongFlags, 'image 2: "an image" is no image reference']);
});

test('a first cluster is judged by all rules at once: no control plane, no login, networks of its documents with their line', async () => {
  const file = write('net.yaml', 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: 10.112.0.0/12\n  serviceSubnet: 10.112.0.0/16\n');
  await expectReport(['run', 'k', '--nodes', '10.0.0.1', '--env', 'x', '--config-file', file], 4, [
    '--masters: there is no control plane', '10.0.0.1: there is no way to log in to root@10.0.0.1', /net\.yaml:3: ClusterConfiguration\.networking: podSubnet .* overlap/, 'an --env',
  ]);
  await expectReport(['run', 'k', '--masters', 'web.example', '--nodes', '10.0.0.0/33'], 3, ['"web.example"', '"10.0.0.0/33"', /^ {2}there is no way to log in to the hosts/m]);
});

test('where there may be a cluster, what it may have already is not missed', async () => {
  mkdirSync(home);
  write('home/temporal.db', '');
  const { words } = await refused('run', 'k', '--nodes', '10.0.0.1,10.0.0.1', '--env', 'x');
  expect(words).toMatch(/^error: 2 errors:/);
  expect(words).not.toMatch(/control plane|log in/);
});

test('a password is asked for last, and a question that nobody hears is one of the mistakes', async () => {
  await expectReport(['run', 'k', '--masters', '10.0.0.300', '--ask-passwd'], 2, ['10.0.0.300', 'a question cannot be asked without a terminal', '-> give --passwd-file or KEELSON_SSH_PASSWORD']);
  await expectReport(['run', 'k', '--masters', '10.0.0.300', '--ask-passwd', '--passwd', 'x'], 3, ['--passwd and --ask-passwd exclude each other']);
});

test('apply tells of all files that are not there, the flags, and an empty hash', async () => {
  const none = (name: string) => join(dir, name);
  await expectReport(['apply', '-f', none('a'), '--values', none('b'), '--config-file', none('c'), '--config-file', none('d'), '--env', 'x', '--pk', none('e'), '--plan-hash', ''], 7, [
    'Clusterfile a does not exist', '--values b does not exist', '--config-file c does not exist', '--config-file d does not exist', 'an --env', 'the private key e', 'its hash is empty',
  ]);
});

test.each<[string, string[], number, string[]]>([
  ['add', ['add', '--masters', '10.0.0.300', '--nodes', '0.0.0.0', '--pk', '/nowhere/key', '--port', 'x'], 4, ['10.0.0.300', '0.0.0.0 is no address', '/nowhere/key does not exist', '--port is not']],
  ['add of nobody', ['add', '--pk', '/nowhere/key', '--plan-hash', ' '], 3, ['no host is named', '/nowhere/key', 'its hash is empty']],
  ['delete', ['delete', '--nodes', '10.0.0.2,10.0.0.2', '--masters', 'x'], 3, ['repeats', '"x"', 'without a terminal', '-> give --yes to remove the hosts']],
  ['reset of hosts', ['reset', '--nodes', 'x', '--passwd-file', '/nowhere/p', '--forget'], 5, ['"x"', '/nowhere/p', '--forget is for the whole cluster', '--forget reaches no host', 'a login is taken for a whole cluster only']],
  ['adopt', ['adopt', '--masters', 'x', '--env', 'y', '--pk', '/nowhere/key'], 3, ['"x"', 'an --env', '/nowhere/key']],
  ['adopt of nothing', ['adopt', '--env', 'y'], 2, ['nobody says where the cluster is', 'an --env']],
  ['adopt from two places', ['adopt', '--masters', '10.0.0.1', '--clusterfile', '/nowhere/file'], 2, ['exclude each other', '/nowhere/file does not exist']],
  ['exec', ['exec', 'a', 'b', 'c', '--timeout', 'soon', '--hosts', ' ', '--roles', ','], 4, ['3 words', '--timeout soon', '--hosts is empty', '--roles is empty', '-> leave it out for all hosts']],
  ['scp', ['scp', '/nowhere/file', 'etc/motd', '--ips', ''], 3, ['/nowhere/file is not there', 'etc/motd is not absolute', '--ips is empty']],
  ['cert', ['cert', '--alt-names', 'a_b,https://c', '--renew'], 2, ['either --alt-names or --renew', '"a_b", "https://c" is neither']],
  ['amend', ['amend', '--address', 'x', '--host-key', 'y', '--image', 'z', '--pk', '/nowhere/key'], 6, ['--address: "x" is no IP address', 'whose address', 'whose host key', '"y" is no host key', '--image "z"', '/nowhere/key']],
  ['codec', ['codec', '--port', '0', '--origin', 'x', '--origin', 'ftp://y'], 3, ['--port is not', 'x is no address', 'ftp://y is no address']],
])('%s', async (_what, args, count, words) => {
  await expectReport(args, count, words);
});

test.each<[string, string[], string]>([
  ['a Clusterfile and hosts', ['plan', '-f', 'x', '--masters', '10.0.0.1'], 'a Clusterfile says itself what --masters would say'],
  ['an empty command', ['exec', 'prod', ' '], 'the command is empty'],
  ['a setting that is none, without a cluster', ['policy', 'set', 'speed', '9'], 'there is no setting speed'],
  ['a value that is none', ['policy', 'set', 'parallel', '0'], 'parallel cannot be "0"'],
  ['a snapshot that is not there', ['etcd', 'restore', './nowhere.db'], './nowhere.db is not there'],
  ['an output that is none', ['version', '-o', 'xml'], 'there is no output xml'],
  ['lines that are no number', ['local', 'logs', '-n', 'all'], '--lines all is no number of lines'],
  ['two clusters at once', ['reset', 'prod', '-c', 'test'], 'two clusters are named, prod and --cluster test'],
  ['an amendment of nothing', ['amend', 'prod'], 'nothing is said that could be amended'],
  ['a plan without a hash', ['approve', '--plan-hash', ''], 'its hash is empty'],
  ['the history of nobody', ['history', 'x'], 'there is no cluster x'],
])('%s: one mistake is told without a count, and with a way out', async (_what, args, words) => {
  const said = await refused(...args);
  expect(said).toEqual({ code: 2, words: expect.stringMatching(/^error: .+\n {2}-> .+$/) as string });
  expect(said.words).toContain(words);
  expect(readdirSync(dir)).toEqual([]);
});

test('every flag that does not exist is named', () => {
  let said = '';
  const program = createProgram(() => undefined);
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeErr: (text) => { said += text; } });
  expect(() => program.parse(['run', 'k', '--mastrs', 'a', '--nodes', 'b', '--enw', 'c', '-z'], { from: 'user' })).toThrow('unknown option');
  expect(said).toBe("error: unknown option '--mastrs'\n(Did you mean --masters?)\nerror: unknown option '--enw'\n(Did you mean --env?)\nerror: unknown option '-z'\n(`--help` lists what there is)\n");
});

test.each([
  [['add', 'prod', '--nodes', '10.0.0.2'], 'add takes no more words: prod; a cluster is named with --cluster prod'],
  [['pause', 'prod', 'lunch', 'now'], 'pause takes no more words: lunch now'],
])('a word too many is named, and how a cluster is (%j)', (args, said) => {
  const program = createProgram(() => undefined);
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeErr: () => undefined });
  expect(() => program.parse(args, { from: 'user' })).toThrow(said);
});
