import { quote } from '../../../domain/command';
import { fenceDir, fenceName, partingDir, stateDir } from '../../../domain/host-paths';
import type { Scope } from '../../ports';

/** Exit code of a program that found a newer one in its place. */
export const BUSY = 97;
/** Exit code of a program that could not write down that it is the newest. */
export const UNNOTED = 96;

/**
 * Bash that refuses (exit BUSY) when the host has seen a newer operation of this cluster, or a newer attempt of this step,
 * and else writes this one down. An attempt that was given up by Temporal may live on behind a broken link: it must do
 * nothing more. Three places are looked at, each a line `<cluster uid> <operation> <order> <attempt> <step>`:
 * - the step's own file, for attempts of one operation;
 * - `.operation`, the newest one that has changed this host. Operations of a cluster follow each other, so an older one is
 *   over. What is no operation (number 0: a copy, a scheduled snapshot) may run beside one and is compared by its step only;
 * - the cluster's file in partingDir, where what takes a host out of the cluster writes: neither an older operation nor
 *   another step of the same one comes after that. It is in memory, so it outlives all that is removed, needs no room on a
 *   disk, and is gone with the next boot.
 * Another cluster's numbers mean nothing here, so they are never compared. What cannot be written down does not run (exit
 * UNNOTED), but for what takes the host out: a disk that is full must not keep it in.
 */
export function fenceLines(mark: string, scope: Pick<Scope, 'uid' | 'n' | 'order' | 'attempt' | 'step' | 'stage' | 'leaves'>): string {
  const [uid, step] = [fenceName(scope.uid), fenceName(scope.step ?? scope.stage)];
  const order = scope.order ?? scope.attempt;
  const isOperation = scope.n > 0;
  const own = `${fenceDir}/${quote(step)}`;
  const parting = `${partingDir}/${quote(uid)}`;
  return `
keelson_mine=${quote(`${uid} ${scope.n} ${order} ${scope.attempt} ${step}`)}
keelson_newer() {
  local whose n order attempt step
  read -r whose n order attempt step 2>/dev/null <"$1"
  [ "$whose" = ${quote(uid)} ] && [ "$n" -ge ${scope.n} ] || return
  if [ "$n" -eq ${scope.n} ]; then
    if [ "\${step:-${step}}" = ${quote(step)} ]; then [ "$order" -gt ${order} ] || return; else [ "$2" = whole ] || return; fi
  fi
  echo "${mark} busy operation $n, attempt $attempt" >&2
  exit ${BUSY}
}
keelson_unnoted() {
  echo "${mark} unnoted" >&2
  exit ${UNNOTED}
}
keelson_fence() {
  local seen='' whose='' n=''
${isOperation ? `  keelson_newer ${parting} whole
  keelson_newer ${fenceDir}/.operation
` : ''}${scope.leaves === true ? `  keelson_newer ${own}
  read -r seen 2>/dev/null <${parting}
  [ "$seen" = "$keelson_mine" ] && return
  { mkdir -p -m 700 ${partingDir} && printf '%s\\n' "$keelson_mine" >${parting}.new && mv -f ${parting}.new ${parting}; } 2>/dev/null
` : `  read -r seen 2>/dev/null <${own}
  [ "$seen" = "$keelson_mine" ] && return
  mkdir -p -m 700 ${stateDir} && mkdir -p ${fenceDir} || keelson_unnoted
  exec {keelson_lock}>>${fenceDir}/.lock && flock "$keelson_lock" || keelson_unnoted
  keelson_newer ${own}
${isOperation ? `  keelson_newer ${fenceDir}/.operation
  read -r whose n _ 2>/dev/null <${fenceDir}/.operation
  if [ "$whose $n" != ${quote(`${uid} ${scope.n}`)} ]; then
    printf '%s\\n' "$keelson_mine" >${fenceDir}/.operation.new && mv -f ${fenceDir}/.operation.new ${fenceDir}/.operation || keelson_unnoted
  fi
` : ''}  printf '%s\\n' "$keelson_mine" >${own}.new && mv -f ${own}.new ${own} || keelson_unnoted
  exec {keelson_lock}>&-
`}}
keelson_fence
unset -f keelson_fence keelson_newer keelson_unnoted
unset keelson_lock keelson_mine
`;
}
