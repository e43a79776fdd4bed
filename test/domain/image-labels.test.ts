import { factsOf, kindOf, lifecycleOf, mountNameOf, vipOf } from '../../domain/image-labels';
import type { ImageConfig } from '../../domain/images';

const digest = `sha256:${'1234567890abcdef'.repeat(4)}`;
const configOf = (labels: Record<string, string>, more: Partial<ImageConfig> = {}): ImageConfig => ({ labels, env: {}, entrypoint: [], cmd: [], ...more });
const facts = (config: ImageConfig) => factsOf({ ref: 'labring/x:v1', digest, config, unpackedBytes: 7 });

test.each([
  [{ 'sealos.io.type': 'rootfs' }, 'rootfs'], [{ 'apps.sealos.io/type': 'rootfs' }, 'rootfs'],
  [{ 'sealos.io.type': '', 'apps.sealos.io/type': 'patch' }, 'patch'], [{ 'sealos.io.type': 'addons' }, 'patch'],
  [{ 'sealos.io.type': 'application' }, 'application'], [{}, 'application'],
])('%j is %s', (labels, kind) => expect(kindOf(labels as Record<string, string>)).toBe(kind));

test.each([
  ['docker.io/labring/kubernetes:v1.34.2', 'kubernetes'], ['localhost:5000/a/b', 'b'], ['kubernetes:v1', 'kubernetes'],
  ['localhost:5000/a/b@sha256:00', 'b'], ['oci-archive:/tmp/my image.tar', 'my-image'], ['oci:/var/x/', 'x'],
  ['docker://quay.io/a/flannel:v1', 'flannel'], ['containers-storage:localhost/web:v2', 'web'], ['..', 'image'],
])('%s is mounted as %s-12345678', (ref, name) => expect(mountNameOf(ref, digest)).toBe(`${name}-12345678`));

test('facts of a rootfs image: version, contract, virtual IP from its own ENV', () => {
  const config = configOf(
    { 'sealos.io.type': 'rootfs', 'sealos.io.version': 'v1beta1', version: 'v1.34.2', vip: '$defaultVIP', 'keelson.dev/api-balancer': 'haproxy:2' },
    { env: { default: 'wrong', defaultVIP: '10.0.0.9' }, cmd: ['a', 'b'], entrypoint: ['c'] },
  );
  expect(facts(config)).toEqual({
    ref: 'labring/x:v1', digest, kind: 'rootfs', version: 'v1.34.2', contract: 'v1beta1', vip: '10.0.0.9', unpackedBytes: 7,
    mountName: 'x-12345678', commands: 3, apiBalancer: 'haproxy:2',
  });
});

test.each([undefined, '', '1.34.2', 'latest'])('a rootfs image whose version is %j is refused', (version) => {
  expect(() => facts(configOf({ 'sealos.io.type': 'rootfs', ...(version === undefined ? {} : { version }) })))
    .toThrow(expect.objectContaining({ type: 'InvalidImage' }));
});

test('a distribution that nobody knows is refused', () => {
  expect(() => facts(configOf({ 'sealos.io.type': 'rootfs', version: 'v1.34.2', 'sealos.io.distribution': 'other' }))).toThrow(/distribution "other"/);
});

test('without a label the virtual IP is the one of sealos 4.1', () => expect(vipOf(configOf({}))).toBe('10.103.97.2'));

test('lifecycle lines: usual names, then rootfs, then patches; applications have no say', () => {
  const lines = lifecycleOf([
    { kind: 'application', labels: { init: 'evil.sh', check: 'evil.sh' } },
    { kind: 'patch', labels: { init: 'patched.sh' } },
    { kind: 'rootfs', labels: { init: 'init-cri.sh && bash init.sh', check: 'check.sh $registryData', auth: 'auth.sh' } },
  ]);
  expect(lines).toEqual({
    init: 'patched.sh', check: 'check.sh $registryData', auth: 'auth.sh', clean: 'clean.sh',
    'init-registry': 'init-registry.sh', 'clean-registry': 'clean-registry.sh',
  });
});
