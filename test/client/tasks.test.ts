import { namesFrom } from '../../client/commands/cert';
import { cert } from '../../client/commands/cert';
import { restore } from '../../client/commands/etcd';
import { expiryOf, type HostState } from '../../client/host-table';

test('names for the certificate are names or addresses, each once', () => {
  expect(namesFrom('api.example.com, 10.0.0.9,*.example.com,fd00::1,10.0.0.9')).toEqual(['api.example.com', '10.0.0.9', '*.example.com', 'fd00::1']);
  for (const wrong of ['', 'a,,b', 'https://a.b', 'a.b:6443', '10.0.0.256', 'a_b']) expect(() => namesFrom(wrong)).toThrow('neither a name nor an address');
});

test('cert is told either names or to renew; a snapshot is a name or a file', async () => {
  await expect(cert(undefined, {})).rejects.toThrow('either --alt-names or --renew');
  await expect(cert(undefined, { altNames: 'a', renew: true })).rejects.toThrow('either --alt-names or --renew');
  await expect(restore(['prod', 'x', 'y'], {})).rejects.toThrow('3 words');
  await expect(restore(['latest'], {})).rejects.toThrow('no name of a snapshot');
});

test('status says which certificate expires first, and shouts when it has', () => {
  const now = new Date('2026-11-30T00:00:00Z');
  const state = (id: string, at?: string): HostState => ({ id, role: 'control plane', leader: false, state: 'ready', ...(at ? { certificatesExpire: { name: 'apiserver.crt', at } } : {}) });
  expect(expiryOf([state('a', '2126-01-01T00:00:00.000Z'), state('b', '2026-12-10T12:00:00.000Z'), state('c')], now))
    .toBe('Certificates: the first one expires 2026-12-10 (apiserver.crt on b), in 10 days; `keelson cert --renew` makes new ones');
  expect(expiryOf([state('a', '2026-11-29T00:00:00.000Z')], now)).toMatch(/^Certificates: EXPIRED since 2026-11-29/);
  expect(expiryOf([state('a')], now)).toBeUndefined();
});
