import type { z } from 'zod';
import type { ConfigDocument, EnvEntry } from '../cluster';
import { withoutSystemNames } from '../env';
import { parseHostKey } from '../host-key';
import { parseHost } from '../host-list';
import { normalAddress } from '../ip-range';
import { check, warnUnknown } from './check';
import type { ClusterDocuments, ClusterfileHost, SshSettings } from './documents';
import type { Report } from './report';
import { clusterSchema, clusterSpecSchema, configSchema, configSpecSchema, hostsSchema, sshSchema } from './schema';
import type { Source } from './yaml-source';

type FromCluster = Pick<ClusterDocuments, 'name' | 'images' | 'hosts' | 'ssh' | 'env' | 'command'>;

/** The Cluster document. */
export function readCluster(source: Source, report: Report): FromCluster | undefined {
  // Before anything else: a misspelled field may be why another one is missing.
  warnUnknown(clusterSpecSchema.shape, source, ['spec'], report);
  warnUnknown(sshSchema.shape, source, ['spec', 'ssh'], report);
  const document = check(clusterSchema, source, report);
  if (!document) return undefined;
  const { spec } = document;
  return {
    name: document.metadata.name,
    images: spec.image ?? [],
    hosts: readHosts(spec.hosts ?? [], source, report),
    ssh: readSsh(spec.ssh),
    env: readEnv(spec.env ?? [], source, ['spec', 'env'], report),
    command: spec.command ?? [],
  };
}

function readHosts(groups: z.output<typeof hostsSchema>[], source: Source, report: Report): ClusterfileHost[] {
  const seen = new Map<string, string>();
  return groups.flatMap((group, index) => {
    const path = ['spec', 'hosts', index];
    warnUnknown(hostsSchema.shape, source, path, report);
    warnUnknown(sshSchema.shape, source, [...path, 'ssh'], report);
    const { port: groupPort, ...ssh } = readSsh(group.ssh);
    const env = readEnv(group.env ?? [], source, [...path, 'env'], report);
    const hostKeys = readHostKeys(group.hostKeys ?? [], source, [...path, 'hostKeys'], report);
    return group.ips.flatMap((text, item): ClusterfileHost[] => {
      const where = source.at([...path, 'ips', item]);
      const host = parseHost(text.trim());
      const said = { roles: group.roles, ssh, env };
      if (!host) {
        report.error(where, `${JSON.stringify(text)} is no ip or ip:port`, 'Name every host by its address; ranges are for --masters and --nodes.');
        return [{ ...said, address: text.trim(), isUnread: true }];
      }
      const first = seen.get(normalAddress(host.address));
      if (first) report.error(where, `${host.address} is there twice, first at ${first}`, 'Name each host once.');
      seen.set(normalAddress(host.address), where);
      const port = host.port ?? groupPort;
      return [{ ...said, address: host.address, ...(port === undefined ? {} : { port }), ...(hostKeys.length > 0 ? { hostKeys } : {}) }];
    });
  });
}

function readHostKeys(items: readonly string[], source: Source, path: readonly PropertyKey[], report: Report): string[] {
  return items.flatMap((text, index) => {
    const key = parseHostKey(text);
    if (key === undefined) report.error(source.at([...path, index]), `${JSON.stringify(text)} is no host key`, 'Write it as ssh-keyscan prints it, or SHA256:... as ssh-keygen -l does.');
    return key ?? [];
  });
}

/** Empty texts, as sealos writes them, say nothing. */
function readSsh(ssh: z.output<typeof sshSchema> | undefined): SshSettings {
  const { user, passwd, pk, pkData, pkPasswd, port } = ssh ?? {};
  const said = Object.entries({ user, passwd, pk, pkData, pkPasswd, port }).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(said);
}

/** `NAME=VALUE`; the value is all that follows the first `=`, with commas and further `=`. */
function readEnv(items: readonly string[], source: Source, path: readonly PropertyKey[], report: Report): EnvEntry[] {
  const entries = items.flatMap((item, index): EnvEntry[] => {
    const at = item.indexOf('=');
    // The text may be a secret whose name was forgotten: it is not repeated.
    if (at < 1) report.error(source.at([...path, index]), `${path.map(String).join('.')}.${index}: not of the form NAME=VALUE`, 'Write it as NAME=VALUE.');
    return at < 1 ? [] : [{ name: item.slice(0, at).trim(), value: item.slice(at + 1) }];
  });
  const { kept, warnings } = withoutSystemNames(entries, source.at(path));
  for (const { where = '', message } of warnings) report.warning(where, message);
  return kept;
}

/** A Config document. */
export function readConfig(source: Source, report: Report): ConfigDocument | undefined {
  warnUnknown(configSpecSchema.shape, source, ['spec'], report);
  const document = check(configSchema, source, report);
  if (!document) return undefined;
  const { path, match, strategy, data } = document.spec;
  return {
    name: document.metadata.name,
    // Relative to the image's root, however it is written.
    path: path.replace(/^(?:\.?\/)+/, ''),
    strategy: strategy || 'override',
    data,
    ...(match ? { match } : {}),
  };
}
