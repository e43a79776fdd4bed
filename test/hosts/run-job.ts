import { createRemote } from '../../activities/adapters/remote';
import { runJob } from '../../activities/job';
import type { HostTarget } from '../../domain/cluster';
import { labScope, openSecrets } from './lab-scope';

/** A Temporal worker in small, to be killed: runs the job that is described on its command line. */
const { target, id, script } = JSON.parse(process.argv[2] ?? '{}') as { target: HostTarget; id: string; script: string };
const scope = labScope({ log: (line) => process.stdout.write(`${line}\n`) });

void createRemote({ secrets: openSecrets }).to(target, scope)
  .then((session) => runJob(session, { id, title: 'killed', script, timeoutMs: 60_000, scope, maxFailures: 3 }));
