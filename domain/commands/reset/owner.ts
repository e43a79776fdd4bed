import type { Command } from '../../command';
import { stateDir } from '../../host-paths';

/** The text of the claim, empty when the host bears none. */
export const readClaim: Command = {
  title: 'read whose the host is',
  script: `cat ${stateDir}/claim.json 2>/dev/null; exit 0`,
  parse: ({ stdout }) => stdout.trim(),
};
