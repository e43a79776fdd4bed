import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocuments } from '../../client/read-documents';
import type { SpecFlags } from '../../client/spec-flags';

const flags = (configFile: string[]): SpecFlags => ({ env: [], cmd: [], values: [], set: [], configFile });

test('documents beside the flags of run bring no hosts, images or logins: those are the flags\' own', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'keelson-documents-')), 'networks.yaml');
  writeFileSync(path, 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: {podSubnet: 10.244.0.0/16}\n');
  const documents = readDocuments('prod', ['kubernetes'], flags([path]));
  expect(Object.keys(documents).sort()).toEqual(['configs', 'kubeadm']);
  expect(documents.kubeadm).toMatchObject({ cluster: { networking: { podSubnet: '10.244.0.0/16' } } });
});
