import { leftBehind, notBare, observe, ranTwice } from '../../testing';
import { figure } from '../fleet/figures';
import { type Cost, costOf, loadOf } from '../fleet/scale';
import { commands, Stand, version } from '../fleet/stand';
import { ended } from '../fleet/temporal';
import { patiently } from '../temporal/cluster-under-test';
import { type HostsLook, taskQueue } from '../../workflows/messages';

/**
 * `make bench-hosts`: one cluster of HOSTS=1000 simulated hosts, three of them control planes, is made, applied again, and
 * loses ten hosts. PARALLEL=20 hosts at once in a stage. Prints what it has cost beside what Temporal allows.
 */
async function main(): Promise<void> {
  const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
  const [count, parallel] = [number('HOSTS', 1000), number('PARALLEL', 20)];
  // As the Temporal worker of the product is set up where nobody says otherwise.
  process.env['KEELSON_ACTIVITIES'] ??= '100';
  const stand = await Stand.start();
  const worker = stand.work();
  let open = 0;
  const watching = setInterval(() => { if (worker.exitCode === null && worker.signalCode === null) open = Math.max(open, loadOf(worker.pid!).open); }, 1_000);
  try {
    const made = await stand.cluster(3, count - 3);
    const spec = { ...made.spec, policy: { ...made.spec.policy, parallel } };
    const say = (what: string, cost: Cost): void => { process.stdout.write(`${what}: ${words(cost)}\n`); };
    const from = Date.now();
    const progress = setInterval(() => {
      void made.cluster.operation('init-1').describe().then(({ historyLength, raw }) => {
        const bytes = Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
        process.stdout.write(`  ${((Date.now() - from) / 1000).toFixed(0)} s: ${made.hosts.filter(({ host }) => host.kubernetes).length} hosts have joined, ${stand.fleet.journal.entries.length} entries in the journal, ${historyLength} events, ${mib(bytes)}\n`);
      }, () => undefined);
    }, 30_000);
    const install = await costOf(stand, made, spec).finally(() => { clearInterval(progress); });
    say(`${count} hosts are made a cluster`, install);
    const wrong = [...observe({ name: made.cluster.name, version, ...made, commands }), ...leftBehind(made.hosts), ...ranTwice(stand.fleet.journal, made.hosts)];
    const again = await costOf(stand, made, spec);
    say('applied again', again);
    const began = Date.now();
    const plan = await made.cluster.preview({ ...spec, hosts: spec.hosts.slice(0, -10) });
    process.stdout.write(`dry run: ${((Date.now() - began) / 1000).toFixed(1)} s, ${plan.jobs.length} jobs\n`);
    const view = await made.cluster.view();
    const glanced = Date.now();
    const { facts } = await stand.client.workflow.execute<(one: object) => Promise<HostsLook>>('lookAtHosts', {
      workflowId: `${made.cluster.entity.workflowId}/look`, taskQueue, args: [{ spec: { ...spec, name: made.cluster.name }, uid: view.uid, hostKeys: view.hostKeys }],
    });
    const away = facts.filter(({ reachable }) => !reachable).length;
    process.stdout.write(`a look for \`keelson status\`: ${((Date.now() - glanced) / 1000).toFixed(1)} s, ${away} of ${facts.length} hosts taken for away\n`);
    if (away > 0) wrong.push(`${away} hosts were taken for away`);
    const fewer = await costOf(stand, made, { ...spec, hosts: spec.hosts.slice(0, -10) });
    say('ten hosts leave', fewer);
    wrong.push(...notBare(made.hosts.slice(-10)), ...observe({ name: made.cluster.name, version, controlPlanes: made.controlPlanes, workers: made.workers.slice(0, -10), commands }));
    const { peakMiB } = loadOf(worker.pid!);
    await ended(worker, 'SIGKILL');
    stand.work();
    const killed = Date.now();
    await patiently(() => made.cluster.status(install.operation));
    process.stdout.write(`another Temporal worker has read the history of ${install.operation} anew after ${((Date.now() - killed) / 1000).toFixed(1)} s\n`);
    process.stdout.write(`Temporal worker: at most ${peakMiB} MiB and ${open} files and connections\n`);
    process.stdout.write(wrong.slice(0, 20).map((line) => `WRONG ${line}\n`).join(''));
    figure(`a cluster of ${count} simulated hosts is made, seconds`, install.seconds.toFixed(0));
    process.exitCode = wrong.length === 0 && [install, again, fewer].every(({ outcome }) => outcome === 'Success') ? 0 : 1;
  } finally {
    clearInterval(watching);
    await stand.close();
  }
}

const words = ({ outcome, seconds, commands: asked, events, historyBytes, runs, largest, statusBytes, statusMs }: Cost): string => [
  `${outcome} in ${seconds.toFixed(0)} s`, `${asked} commands (${(asked / seconds).toFixed(0)} a second)`,
  `${events} events (of 51200)${runs > 1 ? ` in the longest of ${runs} runs` : ''} and ${mib(historyBytes)} of history (of 50)`,
  `largest payload ${kib(largest.bytes)} (of 2048) in ${largest.event}`, `status ${kib(statusBytes)} after ${statusMs} ms`,
].join(', ');

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
