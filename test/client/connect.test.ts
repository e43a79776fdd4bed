import { Connection } from '@temporalio/client';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, usesEmbedded } from '../../client/connect';

test.each<[string, Parameters<typeof usesEmbedded>, boolean]>([
  ['nothing', [{}, {}], true], ['empty variables', [{}, { TEMPORAL_PROFILE: '', TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: '' }], true],
  ['an address beside an empty profile', [{}, { TEMPORAL_PROFILE: '', TEMPORAL_ADDRESS: 'a:1' }], false], ['--profile', [{ profile: 'p' }, {}], false],
  ['TEMPORAL_PROFILE', [{}, { TEMPORAL_PROFILE: 'p' }], false], ['TEMPORAL_CONFIG_FILE', [{}, { TEMPORAL_CONFIG_FILE: '/etc/temporal.toml' }], false],
])('the embedded server, where %s is said: %#', (_what, [options, env], embedded) => expect(usesEmbedded(options, env)).toBe(embedded));

test('the server of a configuration file that the environment names is the one that is asked', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-connect-'));
  const before = process.env;
  try {
    const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, ...rest } = before;
    process.env = { ...rest, KEELSON_HOME: dir, TEMPORAL_CONFIG_FILE: join(dir, 'temporal.toml') };
    writeFileSync(join(dir, 'temporal.toml'), '[profile.default]\naddress = "127.0.0.1:1"\n');
    jest.spyOn(Connection, 'connect').mockRejectedValue(new Error('nobody there'));
    await expect(connect({})).rejects.toMatchObject({ name: 'TemporalUnavailable', message: expect.stringContaining('127.0.0.1:1') as string });
  } finally {
    jest.restoreAllMocks();
    process.env = before;
    rmSync(dir, { recursive: true, force: true });
  }
});
