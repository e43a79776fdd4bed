import { ClusterError } from '../../domain/errors';
import { ensureKeys, forgetKey, loadKeys, rotateKey } from '../../home/key';
import type { KeyRing } from '../../home/key-file';
import { keyFile } from '../../home/paths';
import { exitCodes } from '../exit-codes';
import { withClient } from '../session';
import { TemporalUnavailable } from '../temporal-unavailable';

interface KeyFlags {
  readonly json?: boolean;
  readonly leaked?: boolean;
  readonly force?: boolean;
  readonly profile?: string;
}

/** `keelson key show`: the ids of the sealing keys; never the keys. */
export function showKeys(flags: KeyFlags): number {
  return print(loadKeys(), flags);
}

/** `keelson key make`: the first sealing key, for other machines to have it before anything is sealed. One that is there stays as it is. */
export const makeKey = (flags: KeyFlags): number => print(ensureKeys(), flags);

/** `keelson key rotate`: a new current key. What runs goes on: what the former one sealed still opens. */
export async function rotate({ leaked = false, ...flags }: KeyFlags): Promise<number> {
  ensureKeys();
  const code = print(await rotateKey({ now: new Date().toISOString(), leaked }), flags);
  if (!flags.json) {
    console.log('  -> copy the file to every other machine with a client or a Temporal worker, then run or apply once for each cluster: it seals with the new key');
    if (leaked) console.log('  -> whoever has the former key can read what it sealed: change those passwords and keys on the hosts, too');
  }
  return code;
}

/**
 * `keelson key forget ID`: takes a former key away. Refused (UnsafePlan) while a cluster's secrets are sealed with it, or
 * nobody can tell; `--force` does it all the same.
 */
export async function forget(id: string, flags: KeyFlags): Promise<number> {
  if (!flags.force && loadKeys().former.some((one) => one.id === id)) await refuseInUse(id, flags);
  return print(await forgetKey(id), flags);
}

async function refuseInUse(id: string, flags: KeyFlags): Promise<void> {
  const anyway = '`keelson key forget --force` does it all the same: what the key has sealed is lost then';
  const users = await usersOf(id, flags).catch((error: unknown) => {
    if (!(error instanceof TemporalUnavailable)) throw error;
    throw new ClusterError('UnsafePlan', `nobody can say whether a cluster still needs key ${id}: ${error.message}`, { todo: `${error.todo}; ${anyway}` }, { cause: error });
  });
  if (users.length === 0) return;
  throw new ClusterError('UnsafePlan', `key ${id} still seals the secrets of ${users.join(', ')}`, {
    todo: `run or apply once for each of them, which seals with the current key; ${anyway}`,
  });
}

/** The clusters whose desired state holds something that the key has sealed. */
const usersOf = (id: string, flags: KeyFlags): Promise<string[]> =>
  withClient(flags, async (client) => {
    const names = await client.list();
    const kept = await Promise.all(names.map(async (name) => ({ name, text: JSON.stringify([await client.desired(name), await client.file(name)]) })));
    return kept.filter(({ text }) => text.includes(`"sealed:v1:${id}:`)).map(({ name }) => name);
  });

function print({ current, former }: KeyRing, { json }: KeyFlags): number {
  const shown = ({ id, madeAt }: KeyRing['current']): { id: string; madeAt?: string } => ({ id, ...(madeAt ? { madeAt } : {}) });
  if (json) console.log(JSON.stringify({ file: keyFile(), current: shown(current), former: former.map(shown) }, undefined, 2));
  else {
    console.log(`File:    ${keyFile()}`);
    console.log(`Current: ${current.id}${current.madeAt ? `  made ${current.madeAt}` : ''}`);
    for (const { id, madeAt } of former) console.log(`Former:  ${id}${madeAt ? `  made ${madeAt}` : ''}`);
  }
  return exitCodes.done;
}
