import { argumentsOf, commandsOf, missing } from './readme-commands';

const readme = `Text with \`keelson local status\` and \`keelson\` alone.

    make build images          # compile
    npx keelson run IMAGE \\
      --masters 10.0.0.1 --ask-passwd

    docker compose up -d

\`\`\`sh
echo "A=$(openssl rand -hex 24)" > .env
\`\`\`

    const client = await KeelsonClient.connect();
`;

test('commands of code blocks and of the text are found, with their lines; other code is not', () => {
  expect(commandsOf(readme)).toEqual([
    { text: 'keelson local status', line: 1 },
    { text: 'make build images', line: 3 },
    { text: 'npx keelson run IMAGE --masters 10.0.0.1 --ask-passwd', line: 4 },
    { text: 'docker compose up -d', line: 7 },
    { text: 'echo "A=$(openssl rand -hex 24)" > .env', line: 10 },
  ]);
  expect(argumentsOf("FOO=1 npx keelson exec 'up time' --roles node")).toEqual(['exec', 'up time', '--roles', 'node']);
});

test('a command counts when its verb ran with all of its flags, or, outside the CLI, word for word', () => {
  const texts = (executed: Parameters<typeof missing>[1]) => missing(readme, executed).map(({ text }) => text.split(' ').slice(0, 3).join(' '));
  expect(texts([])).toEqual(['keelson local status', 'make build images', 'npx keelson run', 'echo "A=$(openssl rand']);
  expect(texts([
    { keelson: ['local', 'stop'] }, { keelson: ['run', 'x', '--masters=1'] }, { shell: 'make build' },
  ])).toHaveLength(4);
  expect(texts([
    { keelson: ['local', 'status', '--json'] }, { keelson: ['run', 'other', '--ask-passwd', '--masters', '1', '--nodes', '2'] },
    { shell: 'make build images' }, { shell: 'echo "A=$(openssl rand -hex 24)" > .env' },
  ])).toEqual([]);
});
