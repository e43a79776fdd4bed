import type { HostFacts } from './facts';
import { marks } from './marks';

/** The host has joined, and its join was confirmed. */
export const isMember = ({ done }: Pick<HostFacts, 'done'>): boolean => done.some((mark) => mark === marks.init || mark.startsWith('join:'));

/** This cluster has begun to change the host, and the host has not joined. */
export const isHalf = (facts: HostFacts, uid: string): boolean => facts.reachable && facts.claim?.uid === uid && !isMember(facts);
