import { execFileSync } from 'node:child_process';
import { completion, wordsOf } from '../../client/commands/completion';
import { createProgram } from '../../client/program';

const program = createProgram(() => undefined);
const scriptFor = (shell: string): string => {
  let text = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((part) => { text += String(part); return true; });
  try {
    completion(shell, program);
  } finally {
    write.mockRestore();
  }
  return text;
};

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const script = `${scriptFor('bash')}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _keelson; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

test('bash completes commands, flags and the words below local', () => {
  expect(offered('keelson', 'r')).toEqual(['run', 'reset', 'retry', 'resume']);
  expect(offered('keelson', 'run', '--mas')).toEqual(['--masters']);
  expect(offered('keelson', 'run', 'image', '--pass')).toEqual(['--passwd', '--passwd-file']);
  expect(offered('keelson', 'local', 'st')).toEqual(['start', 'status', 'stop']);
});

test('every command is in the scripts of zsh and fish too', () => {
  const names = program.commands.map((command) => command.name());
  const [zsh, fish] = [scriptFor('zsh'), scriptFor('fish')];
  for (const name of names) {
    expect(zsh).toContain(name);
    expect(fish).toContain(`-a ${name} `);
  }
});

test('another shell is refused', () => {
  expect(() => completion('tcsh', program)).toThrow('no completion for tcsh');
});

test('the flags of sealos are there, short and long', () => {
  const run = program.commands.find((command) => command.name() === 'run');
  const flags = run?.options.map(({ short, long }) => [short, long].filter(Boolean).join(' ')) ?? [];
  expect(flags).toEqual(expect.arrayContaining([
    '--masters', '--nodes', '-u --user', '-p --passwd', '-i --pk', '--pk-passwd', '--port', '-e --env', '--cmd', '-c --cluster', '--config-file', '-f --force', '--values', '--set',
  ]));
  expect(wordsOf(program).length).toBeGreaterThan(15);
});
