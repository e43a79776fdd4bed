import { execFileSync } from 'node:child_process';
import { firstProcess, inside } from '../lab/inside';

/** A host as it is, section by section, one fact per line, sorted. */
export type Snapshot = Readonly<Record<string, readonly string[]>>;

/** Something that differs on any host that runs, cluster or not; named, so that nothing else hides behind it. */
export interface Volatile {
  readonly section: string;
  readonly line: RegExp;
  readonly why: string;
}

export const volatile: readonly Volatile[] = [
  { section: 'files', line: / \/var\/lib\/systemd\/(timers|random-seed|catalog|linger|timesync|credential\.secret)/, why: 'systemd notes when its timers ran' },
  { section: 'files', line: / \/var\/lib\/private(\/|$)/, why: 'made by systemd for services with a user of their own' },
  { section: 'files', line: / \/var\/lib\/sudo(\/|$)/, why: 'sudo notes who was lectured' },
  { section: 'files', line: / \/root\/\.bash_history$/, why: 'a person was there' },
  { section: 'places', line: / \/var\/log\/(journal|btmp|wtmp|lastlog|apt|private|README)/, why: 'logs of the system itself' },
  { section: 'places', line: / \/run\/(systemd|log|lock|user|sudo|utmp|dbus|credentials|sshd|motd)/, why: 'the system at work' },
  { section: 'places', line: /^d \/run\/keelson-fence$/, why: 'until the next boot: who has reset the host, so that no change comes late' },
  { section: 'places', line: / \/(var\/)?tmp\/systemd-private-/, why: 'folders of services' },
  { section: 'processes', line: /systemd-(hostnamed|localed|timedated|tmpfiles|logind|journald)|\(sd-pam\)|systemd --user|sshd|dbus-daemon|agetty|sftp-server/, why: 'come and go by themselves' },
  { section: 'processes', line: /\/usr\/bin\/(bash|find|sort|sha256sum|xargs|coreutils) /, why: 'the look itself' },
  { section: 'mounts', line: / \/run\/(user|credentials)\//, why: 'sessions and services' },
  { section: 'mounts', line: / \/proc\/sys\/fs\/binfmt_misc /, why: 'mounted when somebody looks, as this look does' },
  { section: 'units', line: /binfmt_misc/, why: 'mounted when somebody looks, as this look does' },
  { section: 'units', line: / (user@|user-|session-|systemd-|init\.scope|run-|apt-|dpkg-|logrotate|fstrim|e2scrub|man-db)/, why: 'come and go by themselves' },
];

/**
 * All that a reset must give back: files with their content, places where things are left, processes, units, settings of
 * the kernel, mounts and the whole network. Run by bash as root.
 */
const script = `
export LC_ALL=C
section() { echo "== $1"; }
section files
roots=(/etc /usr /opt /var/lib /root /home /boot /srv)
find "\${roots[@]}" ! -type f -printf '%y %m %u %l %p\\n' 2>/dev/null
find "\${roots[@]}" -type f -printf '%y %m %u %s %p\\n' 2>/dev/null
find "\${roots[@]}" -type f -print0 2>/dev/null | xargs -0 -r sha256sum 2>/dev/null | sed 's/^/sha256 /'
section places
find /run /tmp /var/log /var/tmp / -maxdepth 1 -printf '%y %p\\n' 2>/dev/null | grep -vE ' /(proc|sys|dev)$' | sort -u
section processes
for file in /proc/[0-9]*; do
  exe=$(readlink "$file/exe" 2>/dev/null) && printf '%s %s\\n' "$exe" "$(tr '\\0' ' ' <"$file/cmdline" 2>/dev/null)"
done
section units
systemctl list-unit-files --no-legend --plain 2>/dev/null | awk '{ print "file " $1 " " $2 }'
systemctl list-units --all --no-legend --plain --type=service,socket,slice,scope,timer,mount 2>/dev/null | awk '$2 != "not-found" { print "unit " $1 " " $3 }'
section settings
sysctl -a 2>/dev/null | grep -E '^(net\\.(ipv4\\.(ip_forward|conf\\.(all|default|eth0)\\.)|ipv6\\.conf\\.(all|default|eth0)\\.|bridge|netfilter\\.nf_conntrack_tcp_timeout)|kernel\\.(panic|keys)|vm\\.(overcommit_memory|panic_on_oom|max_map_count)|fs\\.inotify\\.max)'
section hosts
cat -A /etc/hosts; echo
section mounts
awk '{ for (i = 6; $i != "-"; i++); print $4, $5, $(i + 1) }' /proc/self/mountinfo
section interfaces
ip -o -d link show | sed -E 's/^[0-9]+: //; s/ (qlen|addrgenmode|numtxqueues|link\\/).*//'
section addresses
# An address of a new interface is tentative for a second, and its local route comes later.
ip -o addr show | sed -E 's/^[0-9]+: //; s/ tentative//; s/ valid_lft.*//'
section routes
ip -4 route show table all; ip -6 route show table all | grep -v '^local fe80:'; ip rule show; ip -6 rule show
section iptables
for variant in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  case $variant in iptables-legacy) names=/proc/net/ip_tables_names ;; ip6tables-legacy) names=/proc/net/ip6_tables_names ;; *) names= ;; esac
  if [ -z "$names" ]; then $variant-save 2>/dev/null; else for table in $(cat $names 2>/dev/null); do $variant-save -t "$table" 2>/dev/null; done; fi |
    grep -vE '^(#|$)' | sed -E "s/\\[[0-9]+:[0-9]+\\]//; s/^/$variant /"
done
section listening
ss -Hltnu | awk '{ print $1, $5 }'
`;

/**
 * Looks at a lab host from outside: hosts need not have nft, so that of this machine asks in the host's network.
 * `container` is the host's name, e.g. `keelson-demo-1`.
 */
export function snapshotHost(container: string): Snapshot {
  const said = execFileSync('nsenter', inside(container, 'bash'), { input: script, encoding: 'utf8', maxBuffer: 256 << 20 });
  const rules = execFileSync('nsenter', ['--target', String(firstProcess(container)), '--net', 'nft', '--stateless', 'list', 'ruleset'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64 << 20 });
  const sections: Record<string, string[]> = { nft: rules.split('\n').filter(Boolean) };
  let lines: string[] = [];
  for (const line of said.split('\n')) {
    const title = /^== (\w+)$/.exec(line)?.[1];
    if (title) lines = sections[title] = [];
    else if (line !== '') lines.push(line);
  }
  // Order says nothing in a section but where it is the content.
  return Object.fromEntries(Object.entries(sections).map(([name, all]) => [name, name === 'hosts' || name === 'nft' || name === 'iptables' ? all : [...new Set(all)].sort()]));
}

/**
 * What differs, as `section: - line` (gone) and `section: + line` (new). `listed` names what a test knows to differ, beside
 * what is volatile anyway.
 */
export function differences(before: Snapshot, after: Snapshot, listed: readonly Volatile[] = []): string[] {
  const known = [...volatile, ...listed];
  const isKnown = (section: string, line: string): boolean => known.some((one) => one.section === section && one.line.test(line));
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((section) => {
    const [old, now] = [before[section] ?? [], after[section] ?? []];
    const [oldSet, nowSet] = [new Set(old), new Set(now)];
    return [
      ...old.filter((line) => !nowSet.has(line) && !isKnown(section, line)).map((line) => `${section}: - ${line}`),
      ...now.filter((line) => !oldSet.has(line) && !isKnown(section, line)).map((line) => `${section}: + ${line}`),
    ];
  });
}
