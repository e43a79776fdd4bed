import { endScript, followScript, jobEnd, jobEnvironment, lookScript, reportScript, startScript } from '../../activities/job-script';
import type { Host } from '../host';
import { Job } from '../job';
import { like, rendered } from '../pattern';
import { readExports } from '../program';
import { acted, type Answer, type Call, fail, lines, type Simulation, unknown } from '../simulation';
import type { Registry } from './index';

const generations = ({ jobs }: Host, id: string): Job[] => jobs.filter((job) => job.id === id).sort((a, b) => a.generation - b.generation);

/** `<state> <generation> <exit code or -> <age in seconds> <failures>`, as the scripts of activities/job-script.ts say it. */
function said(host: Host, id: string): Answer {
  const all = generations(host, id);
  const job = all.at(-1);
  const failures = all.filter(({ code }) => code !== undefined && code !== 0).length;
  if (!job) return lines([`absent 0 - 0 ${failures}`]);
  return lines([`${job.state} ${job.generation} ${job.code ?? '-'} ${Math.floor((Date.now() - job.startedAt) / 1000)} ${failures}`]);
}

function start(registry: Registry, host: Host, { args: [id = ''], stdin, speaker }: Call): Answer {
  const last = generations(host, id).at(-1);
  if (last && ['running', 'failed', 'done'].includes(last.state)) return said(host, id);
  if (last?.state === 'vanished') last.interrupt();
  const given = stdin.toString('utf8');
  if (!given.endsWith(jobEnd)) return fail(`the script of ${id} did not arrive whole`);
  const job = new Job(id, (last?.generation ?? 0) + 1);
  host.jobs.push(job);
  const { env, script } = readExports((given.startsWith(jobEnvironment) ? given.slice(jobEnvironment.length) : given).slice(0, -jobEnd.length));
  const found = registry.find(script);
  const name = `job: ${found?.simulation.name ?? 'unknown'}`;
  const fault = registry.fault({ host, name, args: found?.args ?? [], ...(speaker ? { speaker } : {}) });
  const inside = async () => {
    if (!found) return { code: 127, log: `${unknown(script)}\n` };
    const answer = await acted(found.simulation, host, { args: found.args, env, stdin: Buffer.alloc(0), whole: true, half: fault?.kind === 'drop' && fault.when === 'during', ...(speaker ? { speaker } : {}) });
    return { code: answer?.code ?? 0, log: `${answer?.stdout?.toString() ?? ''}${answer?.stderr ?? ''}` };
  };
  void job.run(inside, fault);
  if (fault?.kind === 'reboot') registry.reboot(host, fault.ms);
  return said(host, id);
}

/** Detached jobs: start, look, follow, report, end. */
export const jobs = (registry: Registry): readonly Simulation[] => [
  { name: 'look at a job', reads: like((id) => lookScript(id!), 'sample-id'), act: (host, { args: [id = ''] }) => said(host, id) },
  { name: 'start a job', reads: like((id) => startScript(id!), 'sample-id'), act: (host, call) => start(registry, host, call) },
  {
    name: 'follow a job',
    reads: rendered(followScript, (script): [string, number] | undefined => {
      const [, id, generation] = /^id='([^']*)'\n[^]*\ndir=\$base\/\$id-(\d+)\nexec/.exec(script) ?? [];
      return id === undefined ? undefined : [id, Number(generation)];
    }, (id, generation) => [id, `${generation}`]),
    act: async (host, { args: [id, generation] }) => {
      const job = host.jobs.find((one) => one.id === id && `${one.generation}` === generation);
      await job?.ended;
      return { stdout: job?.log ?? '' };
    },
  },
  {
    name: 'report a job', reads: like((id) => reportScript(id!), 'sample-id'),
    act: (host, { args: [id = ''] }) => {
      const answer = said(host, id);
      const job = generations(host, id).at(-1);
      if (job?.state === 'failed') job.reported = true;
      return answer;
    },
  },
  ...(['cancelled', 'timeout'] as const).map((why): Simulation => ({
    name: 'end a job', reads: like((id) => endScript(id!, why), 'sample-id'),
    act: (host, { args: [id = ''] }) => {
      const job = generations(host, id).at(-1);
      const before = said(host, id);
      if (!job || !['running', 'vanished'].includes(job.state)) return before;
      job.end(why);
      return said(host, id);
    },
  })),
];
