import { beginUpgrade, countTry, kubeletRestoreScript, kubeletUpgradeScript } from '../../domain/commands/upgrade';
import { hostPaths } from '../../domain/host-paths';
import { BashHost } from './bash-host';

const { rootfs } = hostPaths('demo');
const manifest = '/etc/kubernetes/manifests/etcd.yaml';
const kept = '/var/lib/keelson/upgrade/manifests';

describe('the scripts of an upgrade, in real bash', () => {
  let host: BashHost;
  beforeEach(() => {
    host = new BashHost();
    for (const name of ['systemctl', 'kubectl']) host.program(name, '');
  });
  afterEach(() => host.remove());

  describe("the image's own line for it", () => {
    beforeEach(() => {
      host.write(`${rootfs}/bin/kubeadm`, '#!/bin/bash\n', 0o755);
      host.write('/var/lib/kubelet/kubeadm-flags.env', '');
      host.write(`${rootfs}/scripts/good.sh`, 'echo good\n');
      host.write(`${rootfs}/scripts/bad.sh`, "echo 'containerd does not start' >&2; exit 3\n");
    });
    const upgrade = (label: string) => host.run(kubeletUpgradeScript({ cluster: 'demo', node: 'n1', label }));

    test.each(['bad.sh && bash good.sh', 'bad.sh; bash good.sh', 'good.sh && bash bad.sh', 'bad.sh # what fails'])('that fails starts no kubelet: %s', (label) => {
      expect(upgrade(label)).toMatchObject({ status: 3, stderr: expect.stringContaining('containerd does not start') as string });
      expect(host.calls('systemctl')).toEqual(['systemctl stop kubelet']);
    });

    test.each(['good.sh && bash good.sh', 'bad.sh || bash good.sh'])('that succeeds does: %s', (label) => {
      expect(upgrade(label).status).toBe(0);
      expect(host.calls('systemctl').at(-1)).toBe('systemctl start kubelet');
    });
  });

  describe('that is begun', () => {
    test('keeps the static pods', () => {
      host.write(manifest, 'etcd');
      expect(host.run(beginUpgrade('v1.34.2').script).status).toBe(0);
      expect(host.text(`${kept}/etcd.yaml`)).toBe('etcd');
    });

    test('is not begun where they cannot be kept: what is not there would count as unchanged', () => {
      host.write(manifest, 'etcd');
      host.program('cp', "echo 'No space left on device' >&2; exit 1");
      expect(host.run(beginUpgrade('v1.34.2').script).status).not.toBe(0);
      expect(host.has(kept)).toBe(false);
    });

    test('needs none', () => {
      expect(host.run(beginUpgrade('v1.34.2').script).status).toBe(0);
      expect(host.has(kept)).toBe(true);
    });
  });

  describe('that is taken back', () => {
    const [kubelet, kept] = ['/usr/bin/kubelet', '/var/lib/keelson/upgrade'];
    beforeEach(() => {
      host.write(kubelet, 'new');
      host.write(`${kept}/before${host.path(kubelet)}`, 'old');
      host.write(`${kept}/saved`, '');
      host.write(`${kept}/failed`, 'it ended');
    });

    test('starts the old kubelet, as often as it is run: an end of which nobody heard is none', () => {
      for (let times = 0; times < 2; times += 1) {
        expect(host.run(kubeletRestoreScript)).toMatchObject({ status: 0, stderr: '' });
        expect(host.text(kubelet)).toBe('old');
        expect(host.calls('systemctl').at(-1)).toBe('systemctl start kubelet');
      }
    });

    test('leaves nothing behind but the count: the next try keeps what it finds', () => {
      expect(host.run(countTry(0).script).status).toBe(0);
      expect(['before', 'saved', 'failed'].filter((name) => host.has(`${kept}/${name}`))).toEqual([]);
      expect(host.text(`${kept}/tries`)).toBe('1\n');
    });
  });
});
