import { quote } from '../domain/command';

/**
 * The parts of a detached job that are bash. All state of a job is on its host, so that whoever comes next finds it:
 *
 *     /var/lib/keelson/jobs/<id>-<generation>/   0700
 *       script       what runs, with its environment; removed as soon as it is open, as it may hold secrets
 *       run          what supervises it
 *       log          its output
 *       pid          pid, start time and boot of its first process: a pid alone may be somebody else's by now
 *       exit.new     the place on the disk for its exit code: who fills a disk hears how that ended
 *       exit         its exit code, last of all
 *       reported     somebody was told of the failure; the next call tries again
 *       cancelled, interrupted   ended by us; gone with a reboot or a kill
 */
const PRELUDE = `
umask 077
base=/var/lib/keelson/jobs

alive() {
  local pid start boot now stat
  read -r pid start boot 2>/dev/null <"$dir/pid" || return 1
  read -r now 2>/dev/null </run/keelson-boot || return 1
  [ "$boot" = "$now" ] || return 1
  read -r stat 2>/dev/null <"/proc/$pid/stat" || return 1
  set -- \${stat##*) }
  [ "\${20}" = "$start" ] && [ "$1" != Z ]
}

# state: absent, running, done, failed (nobody was told), over (somebody was), vanished.
look() {
  local path number value
  generation=0 failures=0 code=- age=0
  for path in "$base/$id"-*; do
    number=\${path##*-}
    [[ $number =~ ^[0-9]+$ && $path = "$base/$id-$number" ]] || continue
    [ "$number" -le "$generation" ] || generation=$number
    read -r value 2>/dev/null <"$path/exit" && [ -n "$value" ] && [ "$value" != 0 ] && failures=$((failures + 1))
  done
  dir=$base/$id-$generation unit=keelson-$id-$generation
  if [ "$generation" = 0 ]; then state=absent; return; fi
  read -r value 2>/dev/null <"$dir/started" && age=$((EPOCHSECONDS - value))
  if [ -e "$dir/cancelled" ] || [ -e "$dir/interrupted" ]; then state=over; return; fi
  if alive; then state=running; return; fi
  # In this order: a job that ends just now has its exit code before its process is gone. A power cut may leave an empty one.
  if ! read -r code 2>/dev/null <"$dir/exit" || [ -z "$code" ]; then state=vanished code=-; return; fi
  if [ "$code" = 0 ]; then state=done; elif [ -e "$dir/reported" ]; then state=over; else state=failed; fi
}

say() { echo "$state $generation $code $age $failures"; }

pause() { read -r -t "$1" <> <(:); }

# Ends all processes of the newest generation; false when something stays.
end_job() {
  local pid try
  read -r pid _ 2>/dev/null <"$dir/pid"
  if [ -d /run/systemd/system ]; then
    systemctl stop "$unit.service" 2>/dev/null
    ! systemctl is-active --quiet "$unit.service" || return 1
  fi
  if [ -n "$pid" ] && { alive || [ ! -d /run/systemd/system ]; }; then
    kill -TERM -- "-$pid" 2>/dev/null
    for try in {1..100}; do
      kill -0 -- "-$pid" 2>/dev/null || break
      [ "$try" -ne 20 ] || kill -KILL -- "-$pid" 2>/dev/null
      pause 0.1
    done
  fi
  rm -f "$dir/script"
  ! alive
}
`;

/**
 * What supervises the script: a file of its own, as systemd would expand the dollars of an argument. Its argument is the
 * folder of the job.
 */
const SUPERVISOR = `dir=$1
exec >"$dir/log" 2>&1 </dev/null 3<"$dir/script"
rm -f "$dir/script"
read -r stat <"/proc/$$/stat"
read -r boot </run/keelson-boot
set -- \${stat##*) }
echo "$$ \${20} $boot" >"$dir/pid.new"
mv "$dir/pid.new" "$dir/pid"
cd /
umask 022
bash --noprofile --norc /dev/fd/3
echo "$?" 1<>"$dir/exit.new" && mv "$dir/exit.new" "$dir/exit"
`;

const head = (id: string): string => `id=${quote(id)}\n${PRELUDE}\n`;

/** First lines of a job's script: systemd gives a service neither of these, and the script's own file is no business of its. */
export const jobEnvironment = `exec 3<&-
export HOME=/root LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
`;

/**
 * Last line of a job's script. A link that breaks in the middle is an early end of stdin for the host: a script without
 * this line came in half. It would run to where it was cut, and count as done.
 */
export const jobEnd = '\n\n#keelson-end';

/** Says `<state> <generation> <exit code or -> <age in seconds> <failures>`. */
export const lookScript = (id: string): string => `${head(id)}look; say`;

/**
 * Starts the next generation, unless there is one that runs or is not reported yet; the script is on stdin. Says what there
 * is then. The lock covers looking and starting: two callers at once start one job.
 */
export const startScript = (id: string): string => `${head(id)}
mkdir -p "$base" || exit 1
exec 8>>"$base/.lock"
flock 8
look
case $state in running | failed | done) say; exit 0 ;; esac
if [ "$state" = vanished ]; then
  end_job || { echo "what is left of $dir could not be ended" >&2; exit 1; }
  : >"$dir/interrupted"
fi
generation=$((generation + 1))
dir=$base/$id-$generation unit=keelson-$id-$generation
mkdir "$dir" && cat >"$dir/script" && echo "$EPOCHSECONDS" >"$dir/started" && printf '\\n\\n\\n\\n' >"$dir/exit.new" || exit 1
[ "$(tail -c ${jobEnd.trim().length} "$dir/script")" = ${quote(jobEnd.trim())} ] || { rm -rf "$dir"; echo "the script of $dir did not arrive whole" >&2; exit 1; }
[ -s /run/keelson-boot ] || cat /proc/sys/kernel/random/uuid >/run/keelson-boot
printf %s ${quote(SUPERVISOR)} >"$dir/run"
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
  systemd-run --quiet --collect --unit="$unit" --service-type=exec -p TimeoutStopSec=5 bash "$dir/run" "$dir" 8>&- || { rm -rf "$dir"; exit 1; }
else
  setsid bash "$dir/run" "$dir" </dev/null >/dev/null 2>&1 8>&- &
fi
for try in {1..200}; do
  [ ! -e "$dir/pid" ] || break
  pause 0.05
done
[ -e "$dir/pid" ] || { end_job; : >"$dir/interrupted"; echo "$dir did not start" >&2; exit 1; }
look
say`;

/** Prints the log from its start, and what is added, until the job is no longer there. */
export const followScript = (id: string, generation: number): string => `${head(id)}
dir=$base/$id-${generation}
exec {tick}<> <(:)
while [ ! -e "$dir/exit" ] && [ ! -e "$dir/cancelled" ] && alive; do read -r -t 0.15 -u "$tick"; done &
tail -q -s 0.15 --pid=$! -c +1 -f "$dir/log" 2>/dev/null
exit 0`;

/** Marks a failure as told. Says the state as it was before, with the count of failures. */
export const reportScript = (id: string): string => `${head(id)}look; say; [ "$state" != failed ] || : >"$dir/reported"`;

/** Ends the job. As a failure (exit code 124, counted and reported) when its time was over. Exit 1 when something stays. */
export const endScript = (id: string, why: 'cancelled' | 'timeout'): string => `${head(id)}
look
case $state in running | vanished) ;; *) say; exit 0 ;; esac
end_job || exit 1
if [ -e "$dir/exit" ]; then :; elif [ ${why} = timeout ]; then echo 124 1<>"$dir/exit.new" && mv "$dir/exit.new" "$dir/exit"; : >"$dir/reported"; else : >"$dir/cancelled"; fi
look
say`;
