import { linkRegistryData } from '../../domain/commands/registry';
import { BashHost } from './bash-host';

test('a folder of the registry with content of its own is named as it is, and nothing in its name is run', () => {
  const host = new BashHost();
  try {
    const data = host.path('a "$(touch run-by-bash)" b');
    host.write('a "$(touch run-by-bash)" b/layer', '');
    const { status, stderr } = host.run(`cd ${host.dir}\n${linkRegistryData(data, host.path('target')).script}`);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `${data} is a folder with content of its own: move it away\n` });
    expect(host.has('run-by-bash')).toBe(false);
  } finally {
    host.remove();
  }
});
