import { isAbsent } from '../../domain/absent';
import type { EntityView } from '../../domain/entity';
import { withStalled } from '../../domain/stalled';
import type { HostsLook } from '../../workflows/messages';
import { ago } from '../ago';
import { exitCodes } from '../exit-codes';
import { conditionsNow, expiryOf, hostStates } from '../host-table';
import type { ClusterReport, KeelsonClient } from '../keelson-client';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, mayHaveClusters, withClient, withCluster } from '../session';
import { columns, oneLine } from '../table';
import { renderTable } from '../view';

/** `--no-look`: only what is stored. */
export type StatusFlags = CommonFlags & { readonly look?: boolean };

/** `keelson status [name]`: one cluster in full, or a line for each. */
export async function status(name: string | undefined, flags: StatusFlags): Promise<number> {
  const wanted = name === undefined && flags.cluster === undefined ? undefined : clusterOf(name, flags);
  // Without a database nothing was ever done here: no need to start a server to say so.
  if (!mayHaveClusters(flags)) {
    if (wanted) throw noSuchCluster(wanted);
    console.log(flags.json ? '[]' : 'no clusters yet; `keelson run --help` shows how to make one');
    return exitCodes.done;
  }
  return wanted ? withCluster(wanted, flags, (client) => one(client, wanted, flags)) : withClient(flags, (client) => all(client, flags));
}

async function all(client: KeelsonClient, flags: CommonFlags): Promise<number> {
  const names = await client.list();
  const reports = (await Promise.all(names.map((name) => client.status(name)))).filter((report) => report !== undefined);
  if (flags.json) console.log(JSON.stringify(reports, undefined, 2));
  else if (reports.length === 0) console.log('no clusters');
  else for (const line of table(reports)) console.log(line);
  return exitCodes.done;
}

async function one(client: KeelsonClient, name: string, flags: StatusFlags): Promise<number> {
  // The look may take a while: what runs is asked in the same moment as the rest.
  const known = client.status(name).then(async (report) => {
    const operation = report?.view?.running?.operation;
    return { report, running: operation ? await client.operation(`cluster/${name}/${operation}`).status().catch(() => undefined) : undefined };
  });
  const [{ report: stored, running }, look] = await Promise.all([known, flags.look === false ? undefined : client.look(name)]);
  if (!stored) throw noSuchCluster(name);
  const report = stored.view ? { ...stored, view: { ...stored.view, conditions: withStalled(stored.view.conditions, running, new Date()) } } : stored;
  if (flags.json) {
    const hosts = report.view ? { view: { ...report.view, conditions: conditionsNow(report.view, look) }, hosts: hostStates(report.view, look), ...(look ? { lookedAt: look.at } : {}) } : {};
    console.log(JSON.stringify({ ...report, ...hosts, ...(running ? { operation: running } : {}) }, undefined, 2));
    return exitCodeOf(report);
  }
  if (!report.view) {
    console.log(`${name}: no Temporal worker answers; ${report.running.length > 0 ? `${report.running.join(', ')} runs` : 'no operation runs'}`);
    console.log('  -> `keelson local start`, or `keelson worker` beside a Temporal server of your own');
    return exitCodeOf(report);
  }
  for (const line of describe(report.view, look, { asked: flags.look !== false, now: new Date() })) console.log(line);
  if (running) for (const line of ['', ...renderTable(running, { now: new Date().toISOString(), width: process.stdout.columns || 120, color: false, whole: true })]) console.log(line);
  return exitCodeOf(report);
}

const exitCodeOf = ({ view }: ClusterReport): number => (!view ? exitCodes.noTemporal : view.running?.waiting ? exitCodes.parked : exitCodes.done);

/** A line for each cluster, below a head. */
export function table(reports: readonly ClusterReport[]): string[] {
  const rows = reports.map(({ name, view }) => [
    name, view?.phase ?? '-', versionOf(view), view ? String(view.hosts.length) : '-', nowOf(view),
  ]);
  return columns([['CLUSTER', 'PHASE', 'VERSION', 'HOSTS', 'NOW'], ...rows]);
}

const versionOf = (view: EntityView | undefined): string => view?.images.find(({ version }) => version)?.version ?? '-';

function nowOf(view: EntityView | undefined): string {
  if (!view) return 'no Temporal worker answers';
  const { running } = view;
  if (!running) return heldBy(view) ?? lastWord(view);
  return running.waiting ? `${running.operation} is parked: ${brief(running.waiting.message)}` : `${running.operation} runs since ${running.at}`;
}

function heldBy({ paused }: EntityView): string | undefined {
  return paused && `held still by ${paused.by}${paused.reason ? ` (${brief(paused.reason)})` : ''}`;
}

function lastWord({ log }: EntityView): string {
  const last = log.at(-1);
  return last ? brief(last.message || `${last.operation}: ${last.outcome.toLowerCase()}`) : 'nothing was done yet';
}

/** The cluster for people: what it is, its hosts as they were seen, its conditions, who did what when. */
export function describe(view: EntityView, look: HostsLook | undefined, { asked, now }: { asked: boolean; now: Date }): string[] {
  const states = hostStates(view, look);
  const hosts = states.map(({ id, role, leader, state, unschedulable, version, problem, lastError }) => [
    `  ${id}`, leader ? `${role}, leader` : role, unschedulable ? `${state}, SchedulingDisabled` : state, version ?? '-',
    problem ? brief(problem) : lastError ? `last error: ${lastError.stage} in ${lastError.operation} (${ago(lastError.at, now)}): ${brief(lastError.message)}` : '',
  ]);
  const images = view.images.map(({ ref, digest, kind, since }) => [`  ${ref}`, kind, digest.slice(0, 19), since ? `since ${since}` : 'not finished yet']);
  const conditions = conditionsNow(view, look).map(({ type, status, reason, lastTransitionTime, message }) => [`  ${type}`, status, reason, ago(lastTransitionTime, now), brief(message)]);
  const log = view.log.slice(-5).map(({ operation, outcome, by, endedAt, message }) => [`  ${operation}`, outcome, endedAt, by, brief(message)]);
  const acts = view.acts.slice(-5).map(({ at, by, what, operation, note }) => [`  ${what}`, operation ?? '', at, by, brief(note ?? '')]);
  return [
    `${view.name}: ${view.phase ?? 'not there yet'} ${versionOf(view) === '-' ? '' : `(Kubernetes ${versionOf(view)})`}`.trimEnd(),
    ...(isAbsent(view) ? [`  nothing of it is left that is known of; \`run\` and \`apply\` make it again, \`keelson forget ${view.name}\` ends its record`] : []),
    ...(view.appliedAt ? [`  spec ${view.generation ?? 1}, applied by ${view.appliedBy ?? 'somebody'} ${ago(view.appliedAt, now)}`] : []),
    ...(view.paused ? [`  ${heldBy(view) ?? ''} ${ago(view.paused.at, now)}: nothing is begun; \`keelson resume ${view.name}\``] : []),
    ...section(`Hosts (${age(view, look, { asked, now })})`, hosts), ...leavingLine(view), ...[expiryOf(states, now)].filter((line) => line !== undefined), ...section('Images', images), ...section('Conditions', conditions), ...section('Operations', log), ...section('Said', acts),
    ...(view.running ? [`Now: ${nowOf(view)}, asked for by ${view.running.by}`] : []),
  ];
}

/** Hosts that are on their way out. With nothing running, their removal was cut off. */
function leavingLine({ leaving = [], running }: EntityView): string[] {
  if (leaving.length === 0) return [];
  const ids = leaving.map(({ id }) => id).join(', ');
  return [running ? `  leaving: ${ids}` : `  still to be removed: ${ids}; the next apply goes on with it, or \`keelson delete\` (--force where it cannot be reached)`];
}

/** How old it is what the table of hosts shows. */
function age(view: EntityView, look: HostsLook | undefined, { asked, now }: { asked: boolean; now: Date }): string {
  if (look) return 'looked at just now';
  const last = view.log.at(-1)?.endedAt;
  return `${asked ? 'nobody could look; ' : ''}${last ? `as the last operation left them ${ago(last, now)}` : 'never looked at'}`;
}

const section = (title: string, rows: readonly string[][]): string[] => (rows.length > 0 ? [title, ...columns(rows)] : []);

/** One line of a message, as much as a table bears; `--json` and `watch` have all of it. */
function brief(message: string): string {
  const line = oneLine(message);
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
