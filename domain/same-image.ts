import type { ClusterSpec } from './cluster';
import type { ImageFacts } from './images';
import type { Problem } from './problem';

/** The references of a spec, each once: what is written twice is used once. */
export const refsOf = ({ images }: Pick<ClusterSpec, 'images'>): string[] => [...new Set(images)];

/** The first of all that are the same image: two tags may name one digest. */
const firstOf = (image: ImageFacts, images: readonly ImageFacts[]): ImageFacts => images.find(({ digest }) => digest === image.digest) ?? image;

/** Each image once, by its first reference: jobs, folders and marks know an image by its digest. */
export const eachOnce = (images: readonly ImageFacts[]): ImageFacts[] => images.filter((image) => firstOf(image, images) === image);

/** A warning for each reference that names an image of another one. */
export const twinProblems = (images: readonly ImageFacts[]): Problem[] => images.flatMap((image): Problem[] => {
  const first = firstOf(image, images);
  return first === image ? [] : [{
    severity: 'warning', type: 'InvalidSpec', where: image.ref, message: `it is the same image as ${first.ref}; it is used once, by that name`,
    todo: 'Name it once; what a Config matches is that name.',
  }];
});
