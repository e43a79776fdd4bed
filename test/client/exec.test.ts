import { readWords } from '../../client/commands/exec';
import { scp } from '../../client/commands/scp';

const command = (words: string[], cluster?: string) => readWords(words, cluster === undefined ? {} : { cluster });

test('one word is a command, two are a cluster and a command, and with --cluster all are commands as in sealos', () => {
  expect(command(['uptime'])).toEqual({ cluster: 'default', command: 'uptime' });
  expect(command(['prod', 'uptime; date'])).toEqual({ cluster: 'prod', command: 'uptime; date' });
  expect(command(['uptime', 'date'], 'prod')).toEqual({ cluster: 'prod', command: 'uptime; date' });
  expect(() => command(['prod', 'systemctl', 'status'])).toThrow('3 words');
});

test('scp takes a source and an absolute destination', async () => {
  await expect(scp(['a'], {})).rejects.toThrow('a source and a destination');
  await expect(scp(['a', 'etc/b'], {})).rejects.toThrow('not absolute');
  await expect(scp(['prod', 'a', '/b', 'c'], {})).rejects.toThrow('a source and a destination');
});
