import { type Command, quote } from '../command';
import { numberIn } from '../form';
import { stateDir } from '../host-paths';
import { marks } from '../marks';
import type { SettingsPart } from '../settings';
import { putAside } from './put-back';
import { diskMs, toDisk } from './state';

/**
 * What a change of settings leaves on its host while it lasts:
 *
 *     /var/lib/keelson/settings/<part>/
 *       before/      files as they were, by their paths; complete when `saved` is there
 *       failed       why they have to come back
 *       tries        how many changes came to an end, this way or the other: the next one is another job
 *
 * The host's mark of the part goes before anything is changed, and stands there again when it runs with what the mark says:
 * a host without one is looked at by the next apply, whatever became of this one.
 */
export const settingsDir = (part: SettingsPart): string => `${stateDir}/settings/${part}`;
const doneDir = `${stateDir}/done`;

export interface SettingsState {
  readonly marks: readonly string[];
  /** A change was begun and has not come to its end. */
  readonly begun: boolean;
  /** Why what ran before has to come back; empty: it has not. */
  readonly failed: string;
  readonly tries: number;
}

/** How far the change of a part has come. Changes nothing. */
export const readSettings = (part: SettingsPart): Command<SettingsState> => ({
  title: `look how far the settings of the ${part} are`,
  script: `shopt -s nullglob
cd ${settingsDir(part)} 2>/dev/null && { [ ! -e saved ] || echo begun=yes; [ ! -e failed ] || echo "failed=$(head -n1 failed)"; [ ! -e tries ] || echo "tries=$(cat tries)"; }
for file in ${doneDir}/${marks.anySettings(part)}*; do echo "mark=\${file##*/}"; done
exit 0`,
  parse: ({ stdout }) => {
    const of = (key: string): string[] => stdout.split('\n').filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1).trim());
    return { marks: of('mark'), begun: of('begun').length > 0, failed: of('failed')[0] ?? '', tries: numberIn(of('tries')[0]) };
  },
});

/** The host is about to be changed: its mark goes, and these files are kept as they are. Once: what is kept is what ran before. */
export const beginSettings = (part: SettingsPart, files: readonly string[]): Command => ({
  title: `begin the change of the ${part}'s settings`,
  changes: true,
  script: `set -eu
umask 077
find ${doneDir} -maxdepth 1 -name ${quote(`${marks.anySettings(part)}*`)} -delete
mkdir -p ${settingsDir(part)}
cd ${settingsDir(part)}
[ ! -e saved ] || exit 0
rm -rf before
${putAside(files, `${settingsDir(part)}/before`)}
: > saved`,
});

/** Makes the next apply look at a part and change what differs: its mark goes, nothing else. */
export const forgetSettings = (part: SettingsPart): Command => ({
  title: `forget what the settings of the ${part} were`, changes: true, script: `rm -f ${doneDir}/${marks.anySettings(part)}*`,
});

/** Notes why what ran before comes back, before it does: whoever goes on from here knows it. */
export const noteSettingsFailure = (part: SettingsPart, why: string): Command => ({
  title: `note why the ${part}'s settings are taken back`, changes: true, stdin: `${why.replaceAll('\n', ' ').slice(0, 2_000)}\n`,
  script: `umask 077; mkdir -p ${settingsDir(part)} && cat > ${settingsDir(part)}/failed`,
});

const over = (part: SettingsPart, tries: number): string => `cd ${settingsDir(part)}\necho ${tries + 1} > tries\nfind . -mindepth 1 ! -name tries -delete`;

/** What ran before runs again, after a power cut as well. Nothing stays but the count. */
export const settingsAreBack = (part: SettingsPart, tries: number): Command => ({
  title: `the ${part} has its former settings again`, changes: true, timeoutMs: diskMs, script: `set -eu\numask 077\n${toDisk}\n${over(part, tries)}`,
});

/** The host runs with what the mark says, and has it on its disk: a power cut never leaves the mark alone. */
export const endSettings = (part: SettingsPart, mark: string, tries: number): Command => ({
  title: `the ${part} has its settings`, changes: true, timeoutMs: diskMs, script: `set -eu\numask 077\n${toDisk}\n: > ${quote(`${doneDir}/${mark}`)}\n${over(part, tries)}`,
});
