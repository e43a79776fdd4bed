import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocuments } from '../../client/read-documents';

const read = (text: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'keelson-documents-')), 'more.yaml');
  writeFileSync(path, text);
  return readDocuments({ configFile: [path], values: [], set: [] });
};

test('documents beside the flags bring all they say, of the cluster and of its hosts', () => {
  expect(read(`apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {podSubnet: 10.244.0.0/16}
controlPlaneEndpoint: lb.example.com:6443
---
apiVersion: keelson.dev/v1alpha1
kind: Policy
spec: {parallel: 7, nodeNames: {10.0.0.1: one}}
`)).toEqual({
    configs: [], kubeadm: { cluster: expect.objectContaining({ networking: { podSubnet: '10.244.0.0/16' } }) as unknown },
    policy: { parallel: 7 }, controlPlaneEndpoint: 'lb.example.com:6443', nodes: new Map([['10.0.0.1', { nodeName: 'one' }]]),
  });
});

test('a Cluster document there is passed over, whatever its name and form: the flags say what it would', () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(read('apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: default}\nspec: {hosts: 7}\n')).toEqual({ configs: [], kubeadm: {}, policy: {}, nodes: new Map() });
    expect(said.mock.calls.join()).toMatch(/more\.yaml:1: a Cluster document is ignored here: the flags say what the cluster is\n.*apply -f/);
  } finally {
    said.mockRestore();
  }
});
