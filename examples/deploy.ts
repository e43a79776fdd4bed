import { KeelsonClient, loadSpec, type OperationStatus } from 'keelson';

/**
 * Applies a Clusterfile, follows the operation, and exits with its result: 0 for a cluster that is there, 1 for one that
 * is not. After `make build`:
 *
 *   node dist/examples/deploy.js examples/cluster.yaml [--set name=value]...
 *
 * With TEMPORAL_ADDRESS it talks to that server, without it to the embedded one, which it starts.
 */
async function deploy(file: string, set: readonly string[]): Promise<number> {
  const client = await KeelsonClient.connect({ say: console.error });
  try {
    const spec = await loadSpec(file, { set });
    const accepted = await client.apply(spec, { by: 'deploy script' });
    console.log(`${accepted.workflowId}${accepted.attached ? ' runs already' : ' began'}`);

    const operation = client.operation(accepted);
    const end = await operation.follow({ onStatus: (status) => console.log(inOneLine(status)), enough: ({ waiting }) => waiting !== undefined });
    if (!end) console.error(`it waits: ${(await operation.status()).waiting?.message ?? 'nobody knows for what'}`);
    else console.log(`${end.outcome}: ${end.message}`);
    return end?.outcome === 'Success' ? 0 : 1;
  } finally {
    await client.close();
  }
}

/** `Check 3/3, MountRootfs 1/3`. */
function inOneLine({ stages }: OperationStatus): string {
  const begun = stages.filter(({ jobs }) => jobs.length > 0);
  return begun.map(({ name, jobs }) => `${name} ${jobs.filter(({ state }) => state === 'done').length}/${jobs.length}`).join(', ');
}

const [file = 'examples/cluster.yaml', ...rest] = process.argv.slice(2);
deploy(file, rest.filter((word) => word !== '--set')).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
