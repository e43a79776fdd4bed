import { execFileSync } from 'node:child_process';
import type { Command } from '../../domain/command';
import { forgetHost, removeFiles } from '../../domain/commands/reset/files';
import { cleanFirewall } from '../../domain/commands/reset/firewall';
import { lookForLeftovers } from '../../domain/commands/reset/look';
import { removeInterfaces, removeRoutes, staleRoutes } from '../../domain/commands/reset/network';
import { chains, interfaces, tables } from '../../domain/commands/reset/parts';
import { readPodNetworks } from '../../domain/commands/reset/pod-networks';
import { kubeadmReset, stopKubelet, stopPods } from '../../domain/commands/reset/stop';

const known = { peers: ['10.0.0.2', 'fd00::2'], podSubnets: ['10.244.0.0/16', 'fd10::/48'], virtualIp: '10.103.97.2' };

test.each([
  '10.244.1.0/24 via 10.0.0.2 dev eth0',
  '10.244.1.7 via 10.0.0.2 dev eth0 proto bird onlink',
  'fd10:0:0:1::/64 via fd00::2 dev eth0 metric 1024',
  '10.103.97.2 via 10.0.0.1 dev eth0 metric 50',
])('a pod network has left: %s', (route) => {
  expect(staleRoutes([route], known)).toEqual([route]);
});

test.each([
  'default via 10.0.0.2 dev eth0',
  '10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1',
  '10.244.1.0/24 via 10.0.0.9 dev eth0',
  '10.244.1.0/24 dev br-own',
  '192.168.1.0/24 via 10.0.0.2 dev eth0',
  '10.244.0.0/16 via 10.0.0.2 dev eth0',
  '10.0.0.0/8 via 10.0.0.2 dev eth0',
  'blackhole 10.244.9.0/24',
  '',
])('somebody else has made: %s', (route) => {
  expect(staleRoutes([route], known)).toEqual([]);
});

const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
test.each([
  [interfaces, ['cni0', 'flannel.1', 'flannel-v6.1', 'kube-ipvs0', 'nodelocaldns', 'cali0123456789a', 'vxlan.calico'], ['eth0', 'docker0', 'cni-podman0', 'cni01', 'caliper0', 'br-cni0', 'flannel', 'tunl0', 'lo', 'veth1']],
  [tables, ['kube-proxy', 'flannel-ipv4', 'cni_hostport'], ['filter', 'nat', 'firewalld', 'kube-proxy-mine', 'f2b-table', 'docker']],
])('names of ours and of others', (pattern, ours, others) => {
  expect(ours.filter((name) => !whole(pattern).test(name))).toEqual([]);
  expect(others.filter((name) => whole(pattern).test(name))).toEqual([]);
});

test('chains of others are not ours', () => {
  const ours = new RegExp(`^${chains}`);
  expect(['KUBE-SERVICES', 'CNI-abc', 'FLANNEL-FWD', 'cali-INPUT'].every((name) => ours.test(name))).toBe(true);
  expect(['INPUT', 'DOCKER', 'DOCKER-USER', 'ufw-user-input', 'NETAVARK_FORWARD', 'MYKUBE-X', 'CNI'].some((name) => ours.test(name))).toBe(false);
});

test('where the network of pods is read from', () => {
  const { parse } = readPodNetworks('demo');
  const answer = { code: 0, stderr: '', stdout: '--cluster-cidr=10.244.0.0/16,fd10::/48\nFLANNEL_NETWORK=10.244.0.0/16\npodSubnet: "10.245.0.0/16"\n' };
  expect(parse?.(answer)).toEqual(['10.244.0.0/16', 'fd10::/48', '10.245.0.0/16']);
});

const files = { cluster: 'demo', uid: 'uid', controlPlane: true, registryData: "/var/lib/it's" };
const commands: Command<unknown>[] = [
  stopKubelet('uid'), kubeadmReset(true), kubeadmReset(false), stopPods, cleanFirewall("/x y/'", '10.103.97.2'), removeInterfaces,
  removeRoutes(['10.244.1.0/24 via 10.0.0.2 dev eth0']), removeFiles(files), forgetHost, lookForLeftovers(files),
];
test.each(commands.map((command) => [command.title, command] as const))('%s is bash, without a NUL byte', (_, { script }) => {
  expect(script).not.toContain('\0');
  execFileSync('bash', ['-n'], { input: script });
});

test('only the end of a whole cluster spares etcd the leave', () => {
  expect(kubeadmReset(false).script).toContain('--skip-phases=remove-etcd-member');
  expect(kubeadmReset(true).script).not.toContain('--skip-phases');
});

test('a worker may have an etcd of its own', () => {
  expect(removeFiles({ ...files, controlPlane: false }).script).not.toContain('/var/lib/etcd');
});
