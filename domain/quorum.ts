/** As much of a member of etcd as its quorum depends on. */
interface Voter {
  readonly address: string;
  readonly healthy: boolean;
}

/** More than half. */
export const quorumOf = (members: number): number => Math.floor(members / 2) + 1;

/** Whether more than half of these members answer. */
export const hasMajority = (members: readonly Voter[]): boolean => members.filter(({ healthy }) => healthy).length >= quorumOf(members.length);

/** The members that are left when the one at this address has gone. */
export const membersWithout = <T extends Voter>(members: readonly T[], address: string): T[] => members.filter((one) => one.address !== address);
