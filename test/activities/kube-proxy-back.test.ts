import { kubeProxySettingsBackScript } from '../../domain/commands/kube-proxy-settings';
import { BashHost } from './bash-host';

const dir = '/var/lib/keelson/settings/kube-proxy';

/** Real bash, with a kubectl whose ConfigMap is a file. */
describe("kube-proxy's former settings", () => {
  let host: BashHost;
  beforeEach(() => {
    host = new BashHost();
    host.write(`${dir}/config-map`, 'former');
    host.write(`${dir}/config-before`, 'former');
    kubectl('');
  });
  afterEach(() => host.remove());

  function kubectl(refuses: string): void {
    host.program('kubectl', `case "$*" in ${refuses || 'nothing'}) echo 'connection refused' >&2; exit 1 ;; esac
case "$*" in *' replace -f '*) cat "\${!#}" >${host.path('configured')} ;; *' get configmap '*) cat ${host.path('configured')} ;; esac`);
  }
  const back = (): number | null => host.run(kubeProxySettingsBackScript(0)).status;
  const patches = (): string[] => host.calls('kubectl').filter((line) => line.includes(' patch daemonset '));

  test('are in the ConfigMap again, and the pods start anew', () => {
    host.write('configured', 'bad');
    expect(back()).toBe(0);
    expect(host.text('configured')).toBe('former');
    expect(patches()).toHaveLength(1);
  });

  test('were never taken away: no pod starts anew', () => {
    host.write('configured', 'former');
    expect(back()).toBe(0);
    expect(patches()).toEqual([]);
  });

  test('are not those of the pods yet, where the try that brought them back was cut off: the next one goes on', () => {
    host.write('configured', 'bad');
    kubectl("*' patch daemonset '*");
    expect(back()).toBe(1);
    kubectl('');
    expect(back()).toBe(0);
    expect(patches()).toHaveLength(2);
  });

  test('that cannot be read are no settings: no pod starts anew with the digest of nothing', () => {
    host.write('configured', 'bad');
    kubectl("*' get configmap '*");
    expect(back()).toBe(1);
    expect(patches()).toEqual([]);
  });
});
