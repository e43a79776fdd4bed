import { Killable } from './killable';
import { Stand } from './stand';

/** One stand and a Temporal worker that can be killed for all tests of a block; what a test planned for hosts goes with it. */
export function withKillable(started: (stand: Stand, worker: Killable) => void): void {
  let stand: Stand;
  let worker: Killable;
  beforeAll(async () => {
    stand = await Stand.start();
    worker = new Killable(stand);
    await worker.start();
    started(stand, worker);
  });
  afterEach(() => { stand.fleet.plans.splice(0); });
  afterAll(async () => {
    await worker.stop();
    await stand.close();
  });
}
