import { hostEnv, imageEndpoint, isSecretName, withoutSystemNames } from '../../domain/env';
import { semverCompare } from '../../domain/template/semver-compare';

const entry = (name: string, value: string) => ({ name, value });

test('the host wins over the cluster, the cluster over the image; PATH of the image does not count', () => {
  const { values } = hostEnv({
    image: { PATH: '/image', a: 'image', b: 'image', c: 'image' }, spec: [entry('b', 'spec'), entry('c', 'spec')], host: [entry('c', 'host=1,2')],
    roles: ['master', 'amd64'], kubeVersion: 'v1.34.2',
  });
  expect(values).toEqual({
    a: 'image', b: 'spec', c: 'host=1,2',
    SEALOS_SYS_KUBE_VERSION: 'v1.34.2', SEALOS_SYS_RUN_MODE: 'master,amd64', SEALOS_SYS_SEALOS_VERSION: '5.1.0+keelson',
  });
});

test('what only the system sets is dropped from the user and kept from the image', () => {
  const { values, dropped } = hostEnv({
    image: { SEALOS_SYS_CRI_ENDPOINT: '/image.sock', SEALOS_SYS_RUN_MODE: 'master' },
    spec: [entry('SEALOS_SYS_CRI_ENDPOINT', '/mine')], host: [entry('SEALOS_SYS_RUN_MODE', 'x')], roles: ['node'],
  });
  expect(values['SEALOS_SYS_CRI_ENDPOINT']).toBe('/image.sock');
  expect(values['SEALOS_SYS_RUN_MODE']).toBe('node');
  expect(values['SEALOS_SYS_KUBE_VERSION']).toBeUndefined();
  expect(dropped).toEqual(['SEALOS_SYS_CRI_ENDPOINT', 'SEALOS_SYS_RUN_MODE']);
  const { kept, warnings } = withoutSystemNames([entry('a', '1'), entry('SEALOS_SYS_X', '2')], 'spec.env');
  expect(kept).toEqual([entry('a', '1')]);
  expect(warnings).toEqual([expect.objectContaining({ severity: 'warning', where: 'spec.env', message: expect.stringContaining('SEALOS_SYS_X') })]);
});

test('the image endpoint has a default only where there is a shim', () => {
  expect(imageEndpoint({})).toBeUndefined();
  expect(imageEndpoint({}, true)).toBe('/var/run/image-cri-shim.sock');
  expect(imageEndpoint({ SEALOS_SYS_IMAGE_ENDPOINT: '/x.sock' }, true)).toBe('/x.sock');
  expect(hostEnv({ image: {}, spec: [], host: [], roles: [], hasShim: true }).values['SEALOS_SYS_IMAGE_ENDPOINT']).toBe('/var/run/image-cri-shim.sock');
});

test('images that compare the version take us for a sealos of the newest contract', () => {
  const version = hostEnv({ image: {}, spec: [], host: [], roles: [] }).values['SEALOS_SYS_SEALOS_VERSION'] ?? '';
  expect(semverCompare('^5.0.0', version)).toBe(true);
  expect(semverCompare('>=5.1.0', version)).toBe(true);
});

test.each([
  ['registryPassword', true], ['DB_PASSWD', true], ['API_TOKEN', true], ['client_secret', true], ['AWS_ACCESS_KEY_ID', true], ['sshPassphrase', true],
  ['registryDomain', false], ['criData', false], ['BIN_DIR', false],
])('the name %s is a secret: %s', (name, expected) => {
  expect(isSecretName(name)).toBe(expected);
});
