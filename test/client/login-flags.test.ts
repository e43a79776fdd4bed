import { chmodSync, chownSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHosts } from '../../client/host-flags';
import { type LoginFlags, readLogin, saysLogin } from '../../client/login-flags';
import { findTemporal } from '../../client/find-temporal';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-flags-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text, { mode: 0o755 });
  return join(dir, name);
};

const wrong = (flags: LoginFlags): string => readLogin(flags, {}).problems.map(({ message }) => message).join('\n');

describe('the password', () => {
  const login = (flags: LoginFlags, env: NodeJS.ProcessEnv) => readLogin(flags, env).login;

  test('comes from a flag, the first line of a file, or the environment', () => {
    expect(login({ passwd: 'a b' }, { KEELSON_SSH_PASSWORD: 'other' })).toEqual({ password: 'a b' });
    expect(login({ passwdFile: file('pw', 'first line \nsecond') }, {})).toEqual({ password: 'first line ' });
    expect(login({ user: 'ops' }, { KEELSON_SSH_PASSWORD: 'env', KEELSON_PK_PASSWORD: 'pass' })).toEqual({ user: 'ops', password: 'env', passphrase: 'pass' });
    expect(saysLogin(login({}, {}))).toBe(false);
  });

  test('in two ways at once, from an empty file or a missing one is refused', () => {
    expect(wrong({ passwd: 'a', askPasswd: true })).toContain('--passwd and --ask-passwd exclude each other');
    expect(wrong({ passwdFile: file('empty', '\n') })).toContain('is empty');
    expect(wrong({ passwdFile: join(dir, 'none') })).toContain('ENOENT');
  });
});

test('a key file that is not there is refused at once, before anything is started', () => {
  expect(wrong({ pk: join(dir, 'none') })).toContain('does not exist');
  expect(wrong({ pk: file('notes', 'no key') })).toContain('is no private key');
});

test('a port out of range is refused', () => {
  for (const port of [0, 70_000, Number.NaN]) expect(wrong({ port })).toContain('1 to 65535');
});

test('so is an address that no other host can reach', () => {
  const { problems } = readHosts({ masters: '127.0.0.1', nodes: '10.0.0.2,0.0.0.0' });
  expect(problems.map(({ message }) => message).join('\n')).toMatch(/127\.0\.0\.1 is no address that other hosts can reach[\s\S]*0\.0\.0\.0/);
  expect(readHosts({ masters: '10.0.0.1' })).toMatchObject({ hosts: [{ address: '10.0.0.1' }], problems: [] });
});

describe('the temporal program', () => {
  test('TEMPORAL_CLI_PATH, then PATH, then the cache', () => {
    const [named, cache] = [file('named', ''), join(dir, 'cache')];
    const onPath = file('temporal', '');
    expect(findTemporal({ TEMPORAL_CLI_PATH: named, PATH: dir }, '/src')).toBe(named);
    expect(findTemporal({ PATH: `/nowhere:${dir}`, XDG_CACHE_HOME: cache }, '/src')).toBe(onPath);
  });

  test('in the folder for temporary files only what nobody else could have put there', () => {
    const find = (): string => findTemporal({ PATH: '/nowhere', TMPDIR: dir, XDG_CACHE_HOME: join(dir, 'none') }, '/src');
    const downloaded = file('temporal-sdk-typescript-1.17.0', '');
    for (const folder of [0o700, 0o1777]) {
      chmodSync(dir, folder);
      expect(find()).toBe(downloaded);
    }
    chmodSync(dir, 0o777);
    expect(find).toThrow('is not installed');
    chmodSync(dir, 0o1777);
    for (const mode of [0o775, 0o757]) {
      chmodSync(downloaded, mode);
      expect(find).toThrow('is not installed');
    }
    chmodSync(downloaded, 0o755);
    if (process.getuid?.() === 0) {
      chownSync(downloaded, 65534, 65534);
      expect(find).toThrow('is not installed');
      chownSync(downloaded, 0, 0);
    }
    renameSync(downloaded, join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), downloaded);
    expect(find).toThrow('is not installed');
  });

  test('an error says the command that builds it', () => {
    expect(() => findTemporal({ TEMPORAL_CLI_PATH: join(dir, 'none') }, '/src')).toThrow('is no program');
    expect(() => findTemporal({ PATH: dir, TMPDIR: dir, XDG_CACHE_HOME: dir }, '/src')).toThrow(
      expect.objectContaining({ todo: expect.stringContaining('make -C /src temporal') as string }) as Error,
    );
  });
});
