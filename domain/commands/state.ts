import { type Command, quote } from '../command';
import { objectOf, readJson, text, word } from '../form';
import { stateDir } from '../host-paths';

/** How long a disk may take to write down what waits for it, milliseconds. */
export const diskMs = 5 * 60_000;

/** What steps have changed on a host is on its disk afterwards. Before coreutils 8.24 `sync` takes no paths. */
export const toDisk = `sync -f ${stateDir} /etc /usr 2>/dev/null || sync`;

/**
 * Takes the host for a cluster, or reads whose it is. The answer is the claim that stands there afterwards; the caller
 * compares the uid. Written beside, brought to the disk and renamed: half a claim would lock the host for ever. An empty one is
 * nobody's: a power cut has left it.
 */
export const claimHost = (cluster: string, uid: string): Command<{ cluster: string; uid: string }> => ({
  title: 'claim the host',
  changes: true,
  timeoutMs: diskMs,
  script: `set -eu
umask 077
mkdir -p ${stateDir}/done
claim=${stateDir}/claim.json
if [ ! -s "$claim" ]; then
  printf '%s\\n' ${quote(JSON.stringify({ cluster, uid }))} > "$claim.new"
  sync "$claim.new"
  [ -s "$claim" ] || rm -f "$claim"
  mv -n "$claim.new" "$claim"
  rm -f "$claim.new"
fi
cat "$claim"`,
  parse: ({ stdout }) => readJson(stdout, objectOf({ cluster: text, uid: word })),
});

/**
 * Marks a step as finished. Earlier marks of the same step (the part before the colon) go, unless they are to stay. What the
 * step has done is on the disk before: a power cut never leaves the mark alone.
 */
export const markDone = (mark: string, options: { keepOthers?: boolean } = {}): Command => {
  const prefix = mark.slice(0, mark.indexOf(':') + 1);
  const drop = prefix !== '' && !options.keepOthers ? `find . -maxdepth 1 -name ${quote(`${prefix}*`)} ! -name ${quote(mark)} -delete\n` : '';
  return {
    title: `mark ${mark}`,
    changes: true,
    timeoutMs: diskMs,
    script: `set -eu\numask 077\nmkdir -p ${stateDir}/done\ncd ${stateDir}/done\n${toDisk}\n: > ${quote(mark)}\n${drop}`,
  };
};

/** Takes marks away: what they say is true no more. */
export const dropMarks = (marks: readonly string[]): Command => ({
  title: `drop ${marks.length === 1 ? 'the mark' : 'the marks'} ${marks.join(', ')}`.slice(0, 200),
  changes: true,
  script: `set -eu\ncd ${stateDir}/done\nrm -f -- ${marks.map((mark) => quote(mark)).join(' ')}`,
});

/** The marks on the host. */
export const readMarks: Command<string[]> = {
  title: 'read the marks',
  script: `ls ${stateDir}/done 2>/dev/null || true`,
  parse: ({ stdout }) => stdout.split('\n').filter(Boolean),
};
