import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { encryptedFailures } from '../home/data-converter';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const dist = join(__dirname, '..');

/** How failures are written is part of a bundle: there is one for histories in clear, and one for encrypted ones. */
const bundles = [['workflow-bundle.js', {}], ['workflow-bundle-encrypted.js', { failureConverterPath: require.resolve(encryptedFailures) }]] as const;

/** Part of the build: bundles the workflows, and says which build this is. */
async function build(): Promise<void> {
  for (const [file, more] of bundles) {
    const { code } = await bundleWorkflowCode({ workflowsPath: join(dist, 'workflows'), logger: new DefaultLogger('WARN'), ...more });
    writeFileSync(join(dist, file), code);
  }
  const { version } = JSON.parse(readFileSync(join(dist, '..', 'package.json'), 'utf8')) as { version: string };
  writeFileSync(join(dist, 'build.json'), `${JSON.stringify({ version, hash: hashOf(dist) })}\n`);
}

/** Over all that the Temporal worker runs; what only clients run does not count, so changing it restarts nothing. */
function hashOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !['client', 'examples', 'testing'].includes(file.split(sep)[0] ?? ''))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0').update(readFileSync(join(folder, file))).update('\0');
  return hash.digest('hex').slice(0, 16);
}

build().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
