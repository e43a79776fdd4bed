import { imageName, withImages } from '../../domain/image-name';

test.each([
  ['web:1', 'web'],
  ['labring/helm:v3.12.0', 'labring/helm'],
  ['docker.io/labring/helm:v3', 'labring/helm'],
  ['docker://docker.io/library/web', 'web'],
  ['registry.local:5000/app/web:2', 'registry.local:5000/app/web'],
  ['registry.local:5000/app/web', 'registry.local:5000/app/web'],
  ['web:1@sha256:abc', 'web'],
  ['oci-archive:/images/web.tar', '/images/web.tar'],
])('%s is a version of %s', (ref, name) => {
  expect(imageName(ref)).toBe(name);
});

test('another version takes the place of the one before, and what is new comes last', () => {
  expect(withImages(['kubernetes:1', 'web:1', 'db:1'], ['cache:1', 'web:2'])).toEqual(['kubernetes:1', 'web:2', 'db:1', 'cache:1']);
  expect(withImages(['kubernetes:1', 'web:1'], ['web:1'])).toEqual(['kubernetes:1', 'web:1']);
});
