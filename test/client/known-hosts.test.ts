import { createHmac } from 'node:crypto';
import { knownHosts } from '../../client/known-hosts';

const hashed = (name: string): string => {
  const salt = Buffer.from('a salt of 20 bytes..');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};

const keys = knownHosts(`
# a comment
10.0.0.1,node-1 ssh-ed25519 AAAAone one@somewhere
10.0.0.1 ssh-rsa AAAArsa
[10.0.0.1]:2222 ssh-ed25519 AAAAport
${hashed('10.0.0.7')} ssh-ed25519 AAAAhashed
${hashed('[10.0.0.7]:2200')} ssh-ed25519 AAAAhashedport
10.0.1.*,!10.0.1.9 ecdsa-sha2-nistp256 AAAAwild
@revoked 10.0.0.3 ssh-ed25519 AAAAbad
@cert-authority *.example.com ssh-ed25519 AAAAca
half-a-line
`);

test.each([
  ['10.0.0.1', 22, ['ssh-ed25519 AAAAone', 'ssh-rsa AAAArsa']],
  ['10.0.0.1', 2222, ['ssh-ed25519 AAAAport']],
  ['10.0.0.7', 22, ['ssh-ed25519 AAAAhashed']],
  ['10.0.0.7', 2200, ['ssh-ed25519 AAAAhashedport']],
  ['10.0.1.5', 22, ['ecdsa-sha2-nistp256 AAAAwild']],
  ['10.0.1.9', 22, []],
  ['10.0.0.3', 22, ['@revoked ssh-ed25519 AAAAbad']],
  ['10.0.0.3', 2222, []],
  ['10.0.0.10', 22, []],
])('the keys known for %s port %i', (address, port, expected) => {
  expect(keys(address, port)).toEqual(expected);
});
