import { utf8ToBytes } from '@noble/hashes/utils';
import { textOfBase64 } from '../base64';
import { type Command, quote } from '../command';
import { hostPaths, stateDir } from '../host-paths';

const file = `${stateDir}/state.json`;

/** The claim and the copy of the state, as they lie on the host; a line each, empty where there is none. */
export const readStateCopy: Command<{ claim: string; copy: string }> = {
  title: 'read the copy of the state',
  script: `one() { [ ! -s "$1" ] || base64 -w0 "$1"; echo; }
one ${stateDir}/claim.json; one ${file}`,
  parse: ({ stdout }) => {
    const [claim = '', copy = ''] = stdout.split('\n', 2).map((line) => textOfBase64(line));
    return { claim, copy };
  },
};

/** Puts a copy there, whole or not at all: a link that breaks is an early end of stdin. Only root reads it. On a host that was reset since it was asked whose it is nothing is left. */
export const writeStateCopy = (text: string): Command => ({
  title: 'write the copy of the state',
  changes: true,
  stdin: text,
  script: `set -eu
umask 077
[ -s ${stateDir}/claim.json ] || exit 0
cat > ${file}.new
[ "$(wc -c < ${file}.new)" -eq ${utf8ToBytes(text).length} ] || { rm -f ${file}.new; echo 'the copy of the state did not arrive whole' >&2; exit 1; }
mv -f ${file}.new ${file}`,
});

/** The password of the cluster's registry as the rendered files of the rootfs have it; a secret. Empty where none is said. */
export const readRegistryPassword = (cluster: string): Command => ({
  title: 'read the registry password',
  answerIsSecret: true,
  script: `cat ${quote(`${hostPaths(cluster).etc}/registry.yml`)} ${quote(`${hostPaths(cluster).rootfs}/etc/registry.yml`)} 2>/dev/null | sed -n 's/^password: *//p' | head -n1 || true`,
  parse: ({ stdout }) => stdout.trim().replace(/^(["'])(.*)\1$/, '$2'),
});
