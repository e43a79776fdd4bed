import type { ImageFacts } from '../domain/images';
import type { Where } from '../domain/where';
import type { Deps } from './deps';
import { inScope } from './scope';

export interface PreProcessInput {
  readonly where: Where;
  readonly ref: string;
}

/** Makes an image present, pins its digest, says what it is, and unpacks it so that later stages find it warm. */
export const preProcessImage = (deps: Deps) => async ({ where, ref }: PreProcessInput): Promise<ImageFacts> =>
  inScope(deps, where, 'images', async (scope) => {
    const facts = await deps.images.resolve(ref, scope);
    await deps.images.tree(facts.digest, scope);
    scope.log(`${ref} is ${facts.digest}, ${facts.kind}`);
    return facts;
  });
