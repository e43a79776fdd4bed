import { type OperationInput, operate } from './operation';
import type { OperationResult } from '../domain/entity';

/** From the current to the desired state. */
export async function reconcileCluster(input: OperationInput): Promise<OperationResult> {
  return operate(input);
}
