import { ClusterError } from '../../domain/errors';
import { isAddress } from '../../domain/ip-range';
import type { Problem } from '../../domain/problem';
import { mistake, noted, refuse } from '../one-report';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';
import { watching, watchOperation } from '../watch';

/** `keelson cert [name] --alt-names a,b` or `--renew`: an operation over the control planes, one after another. */
export async function cert(name: string | undefined, flags: CommonFlags & { altNames?: string; renew?: boolean }): Promise<number> {
  const cluster = clusterOf(name, flags);
  const oneOf = mistake('either --alt-names or --renew', 'keelson cert --alt-names api.example.com,10.0.0.9, or keelson cert --renew');
  const problems: Problem[] = (flags.altNames === undefined) === (flags.renew === true) ? [] : [oneOf];
  const names = noted(problems, [], () => namesFrom(flags.altNames));
  refuse(problems);
  return withCluster(cluster, flags, async (client) => {
    const accepted = await client.task(cluster, flags.renew ? { kind: 'cert-renew' } : { kind: 'cert-sans', names }, actorOf(flags));
    return watchOperation(client, accepted, watching(flags));
  });
}

/** Addresses and DNS names, each once. Throws InvalidSpec for what is neither. */
export function namesFrom(text: string | undefined): string[] {
  const names = [...new Set((text ?? '').split(',').map((one) => one.trim()))];
  const wrong = names.filter((one) => !isName(one));
  if (text !== undefined && wrong.length > 0) {
    throw new ClusterError('InvalidSpec', `--alt-names: ${wrong.map((one) => JSON.stringify(one)).join(', ')} is neither a name nor an address`, { todo: 'write them as api.example.com,10.0.0.9' });
  }
  return text === undefined ? [] : names;
}

const isName = (one: string): boolean =>
  /^[\d.]+$|:/.test(one) ? isAddress(one) : /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i.test(one);
