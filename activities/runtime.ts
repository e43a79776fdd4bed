import { readRuntime, type Runtime } from '../domain/commands/bootstrap';
import type { Session } from './ports';

/** The container runtime of a host; where there are several, the one that the image's variables name. */
export const runtimeOf = (session: Session, env: Readonly<Record<string, string>>): Promise<Runtime> =>
  session.run(readRuntime(env['SEALOS_SYS_CRI_ENDPOINT'] ?? ''));
