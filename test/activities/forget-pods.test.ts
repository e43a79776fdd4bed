import { forgetPods } from '../../domain/commands/etcd-members';
import { BashHost } from './bash-host';

describe('the pods of a Node that never comes back', () => {
  let host: BashHost;
  beforeEach(() => { host = new BashHost(); });
  afterEach(() => host.remove());
  const { script, okCodes = [0] } = forgetPods('n1');

  test('are forgotten, and none is no failure', () => {
    host.program('kubectl', `case "$*" in *--ignore-not-found*) ;; *) echo 'Error from server (NotFound)' >&2; exit 1 ;; esac`);
    expect(okCodes).toContain(host.run(script).status);
    expect(host.calls('kubectl')).toEqual([expect.stringContaining('delete pods --all-namespaces --field-selector spec.nodeName=n1')]);
  });

  test('are not where the API refuses it, and that is said: an old pod would keep the place of a new one', () => {
    host.program('kubectl', "echo 'The connection to the server was refused' >&2; exit 1");
    const { status, stderr } = host.run(script);
    expect(okCodes).not.toContain(status);
    expect(stderr).toContain('refused');
  });
});
