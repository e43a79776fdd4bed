import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeletDifferences } from '../../domain/drift/host-settings';
import { componentNames, documentOf, staticPodDifferences } from '../../domain/drift/static-pods';
import { initDocuments } from '../../domain/kubeadm';

/**
 * What real kubeadm writes from our configuration (`kubeadm init phase ... --dry-run`, KUBEADM_INIT_DRYRUN_DIR) differs from
 * it in nothing: a false alarm every hour is one that nobody reads.
 */
const defaults = readFileSync(join(__dirname, '..', '..', 'images', 'kubernetes', 'etc', 'kubeadm.yml'), 'utf8');

describe.each(['v1.34.2', 'v1.33.13'])('kubeadm %s', (version) => {
  const config = initDocuments({
    cluster: { kubeadm: {}, controlPlanes: [{ id: '10.9.0.1', address: '10.9.0.1' }], hosts: 2 },
    image: { version, defaults },
    host: { criSocket: 'unix:///run/containerd/containerd.sock', cgroupDriver: 'systemd', nodeName: 'n1', address: '10.9.0.1' },
  });
  const output = (name: string): string => readFileSync(join(__dirname, 'kubeadm-output', version, `${name}.yaml`), 'utf8');
  const differences = (component: (typeof componentNames)[number], text: string) => staticPodDifferences({ host: 'a', address: '10.9.0.1', component, text, config, version });

  test.each([...componentNames])('%s', (component) => {
    expect(differences(component, output(component))).toEqual([]);
  });

  test('the kubelet', () => {
    expect(kubeletDifferences('a', output('kubelet-config'), documentOf(config, 'KubeletConfiguration'))).toEqual([]);
  });

  test.each([...componentNames])('%s: each flag that is changed by hand is named with its line', (component) => {
    const lines = output(component).split('\n');
    for (const [at, line] of lines.entries()) {
      // Flags that kubeadm derives for etcd, and the name of the cluster, are known by name only.
      const flag = /^\s*- --([\w-]+)=/.exec(line)?.[1];
      if (!flag || (component === 'etcd' && flag !== 'listen-metrics-urls') || ['service-account-issuer', 'cluster-name'].includes(flag)) continue;
      const changed = lines.map((one, index) => (index === at ? one.replace(/=.*/, '=by-hand') : one)).join('\n');
      expect(differences(component, changed)).toEqual([expect.objectContaining({ kind: 'flag', flag, line: at + 1 })]);
    }
  });
});
