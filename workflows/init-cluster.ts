import { type OperationInput, operate } from './operation';
import type { OperationResult } from '../domain/entity';

/** From bare hosts to a cluster. */
export async function initCluster(input: OperationInput): Promise<OperationResult> {
  return operate(input);
}
