import { servedNames } from '../../domain/registry-layout';

const at = (path: string): string => `registry/docker/registry/v2/${path}`;

test('reads repository and tag from the layout of Distribution, and nothing else', () => {
  expect(servedNames([
    at('repositories/pause/_manifests/tags/3.9/current/link'),
    at('repositories/calico/node/_manifests/tags/v3.22.1/current/link'),
    at('repositories/calico/node/_manifests/tags/v3.22.1/current/link'),
    at('repositories/calico/node/_manifests/tags/v3.22.1/index/sha256/ab/link'),
    at('repositories/calico/node/_manifests/revisions/sha256/ab/link'),
    at('repositories/calico/node/_layers/sha256/ab/link'),
    at('blobs/sha256/ab/abcd/data'),
  ])).toEqual(['calico/node:v3.22.1', 'pause:3.9']);
});
