import { createProgram } from '../../client/program';

const command = (name: string) => createProgram(() => undefined).commands.find((one) => one.name() === name);

/** The options that a command takes from these words. */
function optionsOf(name: string, ...words: string[]): Record<string, unknown> {
  const one = command(name);
  one?.exitOverride().action(() => undefined).parse(words, { from: 'user' });
  return one?.opts() ?? {};
}

test('--wait, --no-wait and neither are three things', () => {
  expect(optionsOf('run', 'image').wait).toBeUndefined();
  expect(optionsOf('run', 'image', '--wait').wait).toBe(true);
  expect(optionsOf('run', 'image', '--no-wait').wait).toBe(false);
});

test('--env is repeatable and verbatim', () => {
  expect(optionsOf('run', 'image', '-e', 'A=1,2=3', '--env', 'B=x y').env).toEqual(['A=1,2=3', 'B=x y']);
});

test('-f is force for run, and the file for apply', () => {
  expect(optionsOf('run', 'image', '-f').force).toBe(true);
  expect(optionsOf('apply', '-f', 'My').Clusterfile).toBe('My');
});

test('what sealos and other commands take is taken: a login by reset, -c by status, --json by logs and version', () => {
  expect(optionsOf('reset', '--user', 'ops', '--passwd', 'new', '--port', '2222')).toMatchObject({ user: 'ops', passwd: 'new', port: 2222 });
  expect(optionsOf('status', '-c', 'prod').cluster).toBe('prod');
  expect(optionsOf('logs', '-c', 'prod', '--json')).toMatchObject({ cluster: 'prod', json: true });
  expect(optionsOf('version', '--json').json).toBe(true);
});

test('flags that a command would not heed are none of its flags', () => {
  const flagsOf = (name: string) => command(name)?.options.map(({ long }) => long) ?? [];
  expect(flagsOf('add').filter((flag) => ['--env', '--cmd', '--config-file', '--values', '--set'].includes(flag ?? ''))).toEqual([]);
  expect(flagsOf('adopt').filter((flag) => ['--detach', '--wait', '--no-wait', '--plan-hash'].includes(flag ?? ''))).toEqual([]);
});

test('help ends with the exit codes', () => {
  let text = '';
  createProgram(() => undefined).configureOutput({ writeOut: (part) => { text += part; } }).outputHelp();
  expect(text).toMatch(/3 +parked: waits for a person/);
});
