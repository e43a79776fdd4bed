import { Stand } from './stand';

/** One stand with its Temporal worker for all tests of a block; what a test planned for hosts goes with it. */
export function withStand(started: (stand: Stand) => void): void {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.start();
    stand.work();
    started(stand);
  });
  afterEach(() => { stand.fleet.plans.splice(0); });
  afterAll(() => stand.close());
}
