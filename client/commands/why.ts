import { type Why, whyOf } from '../../domain/why';
import { ago } from '../ago';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { clusterOf, type CommonFlags, withCluster } from '../session';
import { columns } from '../table';

/** `keelson why [name]`: what the cluster waits for, since when, and what a person can type. Exits with 3 when it waits for a person in an operation. */
export async function why(name: string | undefined, flags: CommonFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  return withCluster(cluster, flags, async (client) => {
    const report = await client.status(cluster);
    if (!report) throw noSuchCluster(cluster);
    if (!report.view) {
      console.log(flags.json ? JSON.stringify({ cluster, summary: 'no Temporal worker answers' }) : `${cluster}: no Temporal worker answers; \`keelson local start\`, or \`keelson worker\` beside a server of your own`);
      return exitCodes.noTemporal;
    }
    const { running } = report.view;
    const status = running ? await client.operation(`cluster/${cluster}/${running.operation}`).status().catch(() => undefined) : undefined;
    const answer = whyOf(report.view, status, new Date());
    if (flags.json) console.log(JSON.stringify({ cluster, ...answer }, undefined, 2));
    else for (const line of render(cluster, answer, new Date())) console.log(line);
    return running?.waiting && answer.waitsForPerson ? exitCodes.parked : exitCodes.done;
  });
}

function render(cluster: string, { summary, since, nextCheckAt, reasons, commands }: Why, now: Date): string[] {
  return [
    `${cluster}: ${summary}`,
    ...(since ? [`  since ${since} (${ago(since, now)})`] : []),
    ...(nextCheckAt ? [`  next check ${nextCheckAt}`] : []),
    ...reasons.map((reason) => `  - ${reason}`),
    ...(commands.length > 0 ? ['What you can do:', ...columns(commands.map(({ command, does }) => [`  ${command}`, does]))] : []),
  ];
}
