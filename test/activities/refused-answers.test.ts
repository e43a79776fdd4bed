import type { Command } from '../../domain/command';
import { unreadyPods } from '../../domain/commands/control-plane-settings';
import { uploadCertificates } from '../../domain/commands/join-credentials';
import { configuredKubelet, uploadKubeletConfig } from '../../domain/commands/kubelet-settings';
import { newImages } from '../../domain/commands/upgrade';
import { hostPaths } from '../../domain/host-paths';
import { BashHost } from './bash-host';

describe('what refuses an answer is told in its own words, by real bash', () => {
  let host: BashHost;
  const refuses = "echo 'connection refused' >&2; exit 1";
  beforeEach(() => {
    host = new BashHost();
    host.program('kubectl', `case "$*" in *' get '*) ${refuses} ;; esac`);
    host.program('kubeadm', 'true');
    host.write('/etc/kubernetes/manifests/etcd.yaml', '');
  });
  afterEach(() => host.remove());
  const run = ({ script, stdin }: Command<unknown>) => host.run(script, stdin);

  test.each([unreadyPods('n1'), configuredKubelet, uploadKubeletConfig('', 'mark')])('by the API: $title', (command) => {
    expect(run(command)).toMatchObject({ status: 1, stderr: expect.stringContaining('connection refused') as string });
    expect(host.calls('kubectl').filter((line) => line.includes(' annotate '))).toEqual([]);
  });

  test('a static pod that is not Ready is no refusal', () => {
    host.program('kubectl', 'echo False');
    expect(run(unreadyPods('n1'))).toMatchObject({ status: 0, stdout: 'etcd False\n' });
  });

  test('the digest of a configuration counts its last newlines: those that are noted on clusters stay true', () => {
    host.program('kubectl', `case "$*" in *annotations*) printf mark.d8f3d11fb9a827e1 ;; *' get '*) printf 'kind: KubeletConfiguration\\n\\n' ;; esac`);
    const { stdout, stderr } = run(configuredKubelet);
    expect(configuredKubelet.parse?.({ code: 0, stdout, stderr })).toBe('mark');
    expect(run(uploadKubeletConfig('', 'mark')).status).toBe(0);
    expect(host.calls('kubectl').at(-1)).toContain('keelson.dev/settings=mark.d8f3d11fb9a827e1');
  });

  test('by kubeadm, for the certificates of a join: their key stands on stdout alone', () => {
    host.program('kubeadm', refuses);
    expect(run(uploadCertificates('/c'))).toMatchObject({ status: 1, stderr: 'connection refused\n' });
  });

  test("by the new kubeadm, for the images that it asks for", () => {
    host.write(`${hostPaths('demo').rootfs}/bin/kubeadm`, `#!/bin/bash\n${refuses}\n`, 0o755);
    expect(run(newImages('demo', 'v1.34.2'))).toMatchObject({ status: 1, stderr: 'connection refused\n' });
  });
});
