import { joinScript } from '../../domain/commands/join';
import { BashHost } from './bash-host';

const ca = '/etc/kubernetes/pki/ca.crt';

describe('kubeadm join where /run is full, in real bash', () => {
  let host: BashHost;
  beforeEach(() => {
    host = new BashHost();
    for (const name of ['kubeadm', 'systemctl']) host.program(name, '');
  });
  afterEach(() => host.remove());

  /** mktemp makes no folder of that kind; what would then lie at the root of the host is in `root/` of the test. */
  function join(without: string): number | null {
    host.write('root/x', '');
    host.program('mktemp', `case "$*" in *${without}*) exit 1 ;; esac; d=${host.path('run')}/made-$RANDOM; mkdir "$d" && echo "$d"`);
    const script = joinScript({ config: 'token', discovery: 'token', criSocket: 'unix:///s', rootfs: '/none', preserve: [ca] });
    return host.run(['$dir/', '$keep/'].reduce((text, path) => text.replaceAll(path, `${host.path('root')}${path}`), script)).status;
  }

  test.each(['keelson-join', 'keelson-keep'])('asks for nothing and puts nothing elsewhere: %s', (without) => {
    host.write('/etc/kubernetes/kubelet.conf', '');
    host.write(ca, 'ca');
    expect(join(without)).not.toBe(0);
    expect(['discovery.conf', 'join.yaml', 'ca.crt'].filter((name) => host.has(`root/${name}`))).toEqual([]);
    expect(host.calls('kubeadm')).toEqual([]);
  });
});
