import fc from 'fast-check';
import { canonicalJson, digestOf } from '../../domain/digest';
import { aCluster } from '../fixtures';

const sealed = (fp: string, nonce: string, keyId = 'k1') => `sealed:v1:${keyId}:${fp}:${nonce}:${nonce}cipher`;
const withPassword = (password: string) => aCluster(1, 1, { credentials: { default: { user: 'root', password } } });

test('the order of keys does not matter, the order of a list does', () => {
  expect(digestOf({ a: 1, b: { c: 2, d: 3 } })).toBe(digestOf({ b: { d: 3, c: 2 }, a: 1 }));
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
});

test('an absent field and an undefined one are the same', () => {
  expect(digestOf({ a: 1, b: undefined })).toBe(digestOf({ a: 1 }));
});

test('what JSON carries arrives with the same digest', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(digestOf(JSON.parse(JSON.stringify(value)))).toBe(digestOf(value));
  }));
});

test('canonical JSON is JSON', () => {
  // Objects of fast-check may hold __proto__, which assignment would swallow; JSON.parse keeps it.
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
  }));
});

test('a password sealed anew changes nothing, nor does another key', () => {
  expect(digestOf(withPassword(sealed('fp1', 'nonce1')))).toBe(digestOf(withPassword(sealed('fp1', 'nonce2', 'k2'))));
  expect(digestOf(withPassword(sealed('fp1', 'nonce1')))).toBe(digestOf(withPassword(sealed('fp1', 'nonce2'))));
});

test.each([
  ['another password', sealed('fp2', 'nonce1')],
  ['a password in clear', 'fp1'],
])('%s changes the digest', (_what, other) => {
  expect(digestOf(withPassword(other))).not.toBe(digestOf(withPassword(sealed('fp1', 'nonce1'))));
});

test('a sealed secret ends where its string ends', () => {
  const two = (after: string) => digestOf({ a: sealed('fp1', 'nonce1'), b: after });
  expect(two('x')).not.toBe(two('y'));
});

test('it is SHA-256 over the canonical text', () => {
  expect(digestOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
