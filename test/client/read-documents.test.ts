import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocuments } from '../../client/read-documents';

const dir = mkdtempSync(join(tmpdir(), 'keelson-documents-'));
afterAll(() => rmSync(dir, { recursive: true }));
const reading = (text: string) => {
  const path = join(dir, 'more.yaml');
  writeFileSync(path, text);
  return readDocuments({ configFile: [path], values: [], set: [] });
};
const read = (text: string) => reading(text).documents;

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
  const { documents, problems } = reading('apiVersion: apps.sealos.io/v1beta1\nkind: Cluster\nmetadata: {name: default}\nspec: {hosts: 7}\n');
  expect(documents).toEqual({ configs: [], kubeadm: {}, policy: {}, nodes: new Map() });
  expect(problems).toMatchObject([{ severity: 'warning', where: expect.stringMatching(/more\.yaml:1$/) as string, message: 'a Cluster document is ignored here: the flags say what the cluster is', todo: expect.stringContaining('apply -f') as string }]);
});
