import { writeStateCopy } from '../../domain/commands/state-copy';
import { BashHost } from './bash-host';

const file = '/var/lib/keelson/state.json';

describe('the copy of the state on a host, written by real bash', () => {
  let host: BashHost;
  beforeEach(() => {
    host = new BashHost();
    host.write('/var/lib/keelson/claim.json', '{}');
    host.write(file, 'the former copy');
  });
  afterEach(() => host.remove());
  const { script, stdin = '' } = writeStateCopy('{"name":"größer"}');

  test('takes the place of the former one when it came whole', () => {
    expect(host.run(script, stdin)).toMatchObject({ status: 0, stderr: '' });
    expect(host.text(file)).toBe('{"name":"größer"}');
  });

  test.each([0, 8, stdin.length - 1])('leaves the former one where the link broke after %i characters', (at) => {
    const { status, stderr } = host.run(script, stdin.slice(0, at));
    expect(status).not.toBe(0);
    expect(stderr).toContain('did not arrive whole');
    expect(host.text(file)).toBe('the former copy');
    expect(host.has(`${file}.new`)).toBe(false);
  });
});
