import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logs } from '../../client/commands/logs';
import { appendLog } from '../../home/logs';
import { logFile } from '../../home/paths';

test('without a name the logs of the last operation are shown, whatever looked at the cluster or was run on its hosts since', async () => {
  const before = process.env;
  const home = mkdtempSync(join(tmpdir(), 'keelson-'));
  process.env = { ...before, KEELSON_HOME: home };
  const said = jest.spyOn(console, 'log').mockReturnValue();
  try {
    const shown = async (): Promise<string> => {
      said.mockClear();
      expect(await logs('demo', {})).toBe(0);
      return said.mock.calls.map(([line]) => String(line).split(': ')[1]).join(' ');
    };
    const all = ['init-1', 'reconcile-2', 'cert-renew-10', 'drift', 'snapshot', 'policy', 'adopt', 'look', 'plan-3f', 'exec-20261130-1', 'scp-20261130-1'];
    all.forEach((operation, n) => {
      const place = { cluster: 'demo', operation, stage: 'Check', host: 'cluster', attempt: 1 };
      appendLog(place, [operation]);
      utimesSync(logFile(place), n + 1, n + 1);
    });
    expect(await shown()).toBe('cert-renew-10');
  } finally {
    said.mockRestore();
    process.env = before;
    rmSync(home, { recursive: true });
  }
});
