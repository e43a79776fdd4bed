import { type ClusterRecord, newEntity } from '../domain/entity';
import { type Anew, isMember, mayBeginAnew } from '../domain/lost';
import type { Seen } from '../domain/seen';

/**
 * The first look of whoever may begin a lost cluster anew. Where nothing of it is left, all that was known of it is forgotten
 * and its hosts are met for the first time, keys and all: what that look finds bare is planned as for a new cluster. Where
 * a host turns out to be a member after all, the first look counts. Gives the record that counts with the look.
 */
export async function lookAnew(anew: Anew | undefined, record: ClusterRecord, look: (record: ClusterRecord) => Promise<Seen>): Promise<{ seen: Seen; record: ClusterRecord; anew: boolean }> {
  const seen = await look(record);
  if (!anew || !mayBeginAnew(seen.lost, anew)) return { seen, record, anew: false };
  const forgotten = { ...newEntity('').current, conditions: record.conditions };
  const again = await look(forgotten);
  return !again.facts.some(isMember) ? { seen: again, record: forgotten, anew: true } : { seen, record, anew: false };
}
