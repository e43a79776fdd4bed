import { guestScript } from '../domain/commands/scripts';
import { dropMarks, markDone, readMarks } from '../domain/commands/state';
import { ClusterError } from '../domain/errors';
import { guestCommands } from '../domain/guest-commands';
import { hostPaths } from '../domain/host-paths';
import { marks } from '../domain/marks';
import type { Deps } from './deps';
import { envFor } from './host-env';
import type { HostInput } from './host-input';
import { openImages } from './image-set';
import { scriptEnv } from './registry-password';
import { inScope } from './scope';
import { runStep } from './step-job';

export interface RunGuestInput extends HostInput {
  /** Digest of the image. */
  readonly image: string;
  /** Run commands again that ran in an earlier operation. */
  readonly force: boolean;
}

/** One image's ENTRYPOINT and CMD on one host: one command at a time, each with its own job, exit code and mark. */
export const runGuest = (deps: Deps) => async ({ where, host, cluster, image: digest, force }: RunGuestInput): Promise<void> =>
  inScope(deps, where, host.id, async (scope) => {
    const session = await deps.remote.to(host, scope);
    const images = await openImages(deps, cluster, scope);
    const image = images.find(({ facts }) => facts.digest === digest);
    if (!image) throw new ClusterError('ImageNotFound', `image ${digest} is not among the cluster's`, { host: host.id });
    const { values: env, secrets } = envFor(deps, cluster, host, image);
    const { rootfs, workdir } = hostPaths(cluster.name);
    const dir = image.facts.kind === 'application' ? workdir(image.facts.mountName) : rootfs;
    const override = digest === cluster.images[0]?.digest && cluster.command.length > 0 ? cluster.command : undefined;
    const commands = guestCommands(image.tree.config, env, override);
    const there = await session.run(readMarks);
    // A version that is replaced by this one has to run again when it comes back.
    const former = there.filter((mark) => marks.isFormerGuest(mark, cluster.images.map(({ digest: one }) => one)));
    if (former.length > 0) await session.run(dropMarks(former));
    const done = force ? [] : there;
    for (const [index, command] of commands.entries()) {
      if (done.includes(marks.guestCommand(digest, index))) continue;
      scope.beat(`${image.facts.ref}: command ${index + 1} of ${commands.length}`);
      await runStep(session, {
        step: `guest-${image.facts.mountName}-${index}`, title: `${image.facts.ref}, command ${index + 1}`,
        script: guestScript(dir, command), env: scriptEnv(env, image.tree, command), secrets, timeoutMs: 60 * 60_000, scope,
      });
      await session.run(markDone(marks.guestCommand(digest, index), { keepOthers: true }));
    }
    await session.run(markDone(marks.guest(digest), { keepOthers: true }));
  });
