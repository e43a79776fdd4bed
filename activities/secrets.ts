import { open } from '../home/seal';
import type { Secrets } from './ports';

/** Opens secrets with the key file of this machine. Reads it anew each time: a key that arrives late helps at once. */
export const createSecrets = (): Secrets => ({ open: (sealed, context) => open(sealed, context) });
