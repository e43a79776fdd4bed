import { type Command, quote } from '../command';
import { objectOf, readJson, text, word } from '../form';
import { stateDir } from '../host-paths';

/**
 * Takes the host for a cluster, or reads whose it is. The answer is the claim that stands there afterwards; the caller
 * compares the uid. Written beside and renamed: half a claim would lock the host for ever.
 */
export const claimHost = (cluster: string, uid: string): Command<{ cluster: string; uid: string }> => ({
  title: 'claim the host',
  changes: true,
  script: `set -eu
umask 077
mkdir -p ${stateDir}/done
claim=${stateDir}/claim.json
if [ ! -s "$claim" ]; then
  printf '%s\\n' ${quote(JSON.stringify({ cluster, uid }))} > "$claim.new"
  mv -n "$claim.new" "$claim"
  rm -f "$claim.new"
fi
cat "$claim"`,
  parse: ({ stdout }) => readJson(stdout, objectOf({ cluster: text, uid: word })),
});

/** Marks a step as finished. Earlier marks of the same step (the part before the colon) go, unless they are to stay. */
export const markDone = (mark: string, options: { keepOthers?: boolean } = {}): Command => {
  const prefix = mark.slice(0, mark.indexOf(':') + 1);
  const drop = prefix !== '' && !options.keepOthers ? `find . -maxdepth 1 -name ${quote(`${prefix}*`)} ! -name ${quote(mark)} -delete\n` : '';
  return {
    title: `mark ${mark}`,
    changes: true,
    script: `set -eu\numask 077\nmkdir -p ${stateDir}/done\ncd ${stateDir}/done\n: > ${quote(mark)}\n${drop}`,
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
