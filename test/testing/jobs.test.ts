import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobEnd, lookScript, startScript } from '../../activities/job-script';
import { readSeen } from '../../activities/job';
import { Fleet, fleetSessions } from '../../testing';
import { exactly } from '../../testing/pattern';

const home = mkdtempSync(join(tmpdir(), 'keelson-jobs-'));
const before = process.env.KEELSON_HOME;
beforeAll(() => { process.env.KEELSON_HOME = home; });
afterAll(() => {
  if (before === undefined) delete process.env.KEELSON_HOME;
  else process.env.KEELSON_HOME = before;
  rmSync(home, { recursive: true, force: true });
});

test('a detached job that finds no room on the disk of a simulated host fails there, with its words in its log', async () => {
  const fleet = await Fleet.start({ simulations: [{ name: 'fill the disk', reads: exactly('fill'), act: ({ files }) => files.write('/large', 'too much') }] });
  const sessions = fleetSessions(fleet);
  try {
    const [one] = await fleet.add(1);
    one!.host.files.free = 4;
    const session = await sessions.to(one!);
    await session.run({ title: 'start', script: startScript('job'), stdin: `fill${jobEnd}` });
    await one!.host.jobs[0]!.ended;
    expect(await session.run({ title: 'look', script: lookScript('job'), parse: readSeen })).toMatchObject({ state: 'failed', code: 1 });
    expect(one!.host.jobs[0]!.log).toContain('No space left on device');
  } finally {
    await sessions.close();
    await fleet.close();
  }
});
