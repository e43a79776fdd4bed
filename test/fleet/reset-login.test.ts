import { digestOf } from '../../domain/digest';
import { leftBehind } from '../../testing';
import { desiredQuery, resetUpdate } from '../../workflows/messages';
import { withTemporal } from '../temporal/env';
import type { Stand } from './stand';
import { withStand } from './with-stand';

jest.setTimeout(240_000);

withTemporal('a reset of hosts whose password is another one now', () => {
  let stand: Stand;
  withStand((one) => { stand = one; });

  test('cannot log in with the one of before; `reset --passwd` brings the new one, and the hosts are bare', async () => {
    const made = await stand.cluster(1, 1);
    expect(await made.cluster.converge(made.spec)).toMatchObject({ outcome: 'Success' });
    for (const { ssh } of made.hosts) {
      ssh.password = 'another';
      ssh.cut();
    }
    await made.cluster.reset();
    const failed = await made.cluster.end('reset-2');
    expect(failed).toMatchObject({ outcome: 'Failed' });
    await made.cluster.idle();

    const saved = (await made.cluster.entity.query(desiredQuery))!;
    const spec = { ...saved, credentials: { default: { user: 'root', password: 'another' } } };
    await made.cluster.entity.executeUpdate(resetUpdate, {
      args: [{ requestId: 'with-login', by: 'bo@desk', confirm: made.cluster.name, force: false, amended: { spec, base: digestOf(saved) } }], updateId: 'with-login',
    });
    expect(await made.cluster.end('reset-3')).toMatchObject({ outcome: 'Success', message: '2 of 2 hosts are bare' });
    expect(leftBehind(made.hosts)).toEqual([]);
  });
});
