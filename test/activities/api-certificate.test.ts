import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besidePki, renewApiCertificate } from '../../domain/commands/certificates';
import { hostConfiguration } from '../../domain/kubeadm/running-config';

/** Real bash over a folder of certificates, with a kubeadm that writes where its configuration says. */
describe('a new certificate of the API server', () => {
  let dir: string;
  let pki: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keelson-pki-'));
    pki = join(dir, 'pki');
    mkdirSync(pki);
    for (const name of ['ca.crt', 'ca.key', 'apiserver.crt', 'apiserver.key']) writeFileSync(join(pki, name), `old ${name}`);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs it with a kubeadm, or a mv, that does this. Gives how it ended. */
  function renew({ kubeadm = '', mv = '' }: { kubeadm?: string; mv?: string }): number | null {
    const program = (name: string, text: string): void => {
      writeFileSync(join(dir, name), `#!/bin/bash\n${text}`);
      chmodSync(join(dir, name), 0o755);
    };
    program('kubeadm', `[ "$*" = "init phase certs apiserver --config \${*: -1}" ] || exit 2
to=$(sed -n 's/^certificatesDir: //p' "\${*: -1}")
${kubeadm}
[ -s "$to/ca.key" ] && [ ! -e "$to/apiserver.crt" ] || exit 3
for name in apiserver.crt apiserver.key; do echo "new $name" >"$to/$name"; done`);
    program('mv', `${mv}\nexec /bin/mv "$@"`);
    const configuration = hostConfiguration('apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ncertificatesDir: /etc/kubernetes/pki\n', { address: '10.0.0.1' }, besidePki);
    const here = (text: string): string => text.replaceAll('/etc/kubernetes/pki', pki);
    return spawnSync('bash', ['--noprofile', '--norc', '-c', here(renewApiCertificate('').script)], { input: here(configuration), env: { PATH: `${dir}:${process.env.PATH ?? ''}` } }).status;
  }
  const pair = (): string[] => ['apiserver.crt', 'apiserver.key'].map((name) => readFileSync(join(pki, name), 'utf8').trim());
  const [old, fresh] = [['old apiserver.crt', 'old apiserver.key'], ['new apiserver.crt', 'new apiserver.key']];
  const nothingLeft = (): void => expect(readdirSync(pki).sort()).toEqual(['apiserver.crt', 'apiserver.key', 'ca.crt', 'ca.key']);

  test('takes the place of the old one, which stays where kubeadm fails', () => {
    expect(renew({ kubeadm: 'echo half >"$to/apiserver.key"; exit 1' })).toBe(1);
    expect(pair()).toEqual(old);
    nothingLeft();
    expect(renew({})).toBe(0);
    expect(pair()).toEqual(fresh);
    nothingLeft();
  });

  test('cut off while it is made: the API server still has its pair, and the next try ends well', () => {
    expect(renew({ kubeadm: 'echo half >"$to/apiserver.key"; kill -9 "$PPID"; exit 1' })).not.toBe(0);
    expect(pair()).toEqual(old);
    expect(renew({})).toBe(0);
    expect(pair()).toEqual(fresh);
    nothingLeft();
  });

  test('cut off between key and certificate: the certificate is the old one, so it is seen that names are missing', () => {
    expect(renew({ mv: 'case "$*" in *apiserver.crt*) kill -9 "$PPID"; exit 1 ;; esac' })).not.toBe(0);
    expect(pair()[0]).toBe('old apiserver.crt');
    expect(renew({})).toBe(0);
    expect(pair()).toEqual(fresh);
    nothingLeft();
  });

  test('a pair that an earlier version had set aside and was cut off with is no obstacle', () => {
    mkdirSync(join(pki, '.keelson-abcdef'));
    for (const name of ['apiserver.crt', 'apiserver.key']) rmSync(join(pki, name));
    expect(renew({})).toBe(0);
    expect(pair()).toEqual(fresh);
    nothingLeft();
  });
});
