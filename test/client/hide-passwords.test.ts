import { hidePasswords } from '../../client/hide-passwords';

const title = process.title;
afterEach(() => {
  process.title = title;
  jest.restoreAllMocks();
});

const said = (args: string[]): string => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(hidePasswords(args)).toEqual(args);
  return write.mock.calls.map(([text]) => String(text)).join('');
};

test.each([['-p', 'Geheim'], ['-pGeheim'], ['--passwd=Geheim'], ['--pk-passwd', 'Geheim'], ['-yp', 'Geheim'], ['-fypGeheim'], ['-e', 'DB_PASSWORD=x'], ['-eDB_PASSWORD=x'], ['-ye', 'DB_PASSWORD=x'], ['-yeDB_PASSWORD=x']])('what is secret in %s %s is taken out of ps, and said', (...args) => {
  expect(said(['run', 'k', ...args])).toMatch(/^warning: the (password|secret of --env) on the command line is in your shell's history/);
  expect(process.title).toBe('keelson');
});

test.each([['-y'], ['-i', '/root/.ssh/yp'], ['-ukeep'], ['--plan-hash', 'x'], ['-ye', 'COLOR=blue'], ['-fy', 'p']])('nothing is secret in %s %s', (...args) => {
  expect(said(['run', 'k', ...args])).toBe('');
});
