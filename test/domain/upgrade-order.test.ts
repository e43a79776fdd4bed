import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { kubeletUpgradeScript } from '../../domain/commands/upgrade';
import { adminConf, hostPaths } from '../../domain/host-paths';

let dir: string;
beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'keelson-upgrade-')); });
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const program = (path: string, script: string): void => {
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
};

test.each([['with our own lines', undefined], ["with the image's", 'swap.sh']])(
  'no host has a configuration of a newer Kubernetes than its programs, and none runs while they differ, %s (peers.md #20)', (_what, label) => {
    const [rootfs, bin, journal] = ['rootfs', 'bin', 'journal'].map((name) => join(dir, name)) as [string, string, string];
    for (const folder of [bin, join(rootfs, 'bin'), join(rootfs, 'scripts')]) mkdirSync(folder, { recursive: true });
    mkdirSync(join(dir, 'kubelet'));
    writeFileSync(join(dir, 'kubelet', 'kubeadm-flags.env'), '');
    const says = (what: string) => `echo "${what}, kubelet $(${bin}/kubelet)" >>${journal}`;
    program(join(bin, 'systemctl'), says('systemctl $*'));
    for (const name of ['kubeadm', 'kubelet', 'kubectl']) {
      program(join(bin, name), 'echo old');
      program(join(rootfs, 'bin', name), name === 'kubeadm' ? says('new kubeadm $*') : 'echo new');
    }
    writeFileSync(join(rootfs, 'scripts', 'swap.sh'), `for one in kubeadm kubelet kubectl; do cp ${rootfs}/bin/$one ${bin}/$one; done\n`);

    const script = kubeletUpgradeScript({ cluster: 'x', node: 'n', ...(label ? { label } : {}) }).replaceAll(hostPaths('x').rootfs, rootfs).replaceAll('/var/lib/kubelet', join(dir, 'kubelet')).replaceAll(adminConf, join(dir, 'none'));
    execFileSync('bash', ['-c', script], { env: { PATH: [bin, process.env['PATH'] ?? ''].join(delimiter) }, stdio: ['ignore', 'pipe', 'pipe'] });
    expect(readFileSync(journal, 'utf8').trim().split('\n')).toEqual([
      'systemctl stop kubelet, kubelet old', 'new kubeadm upgrade node phase kubelet-config, kubelet new',
      'systemctl daemon-reload, kubelet new', 'systemctl start kubelet, kubelet new',
    ]);
  },
);
