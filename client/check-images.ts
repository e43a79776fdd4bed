import { ClusterError } from '../domain/errors';

/** Refuses what cannot be an image's name before anything is started. Throws InvalidSpec. */
export function checkImages(images: readonly string[]): void {
  const wrong = images.filter((image) => image.trim() === '' || /\s/.test(image) || image.startsWith('-'));
  if (wrong.length > 0) {
    throw new ClusterError('InvalidSpec', `no image is called ${wrong.map((image) => JSON.stringify(image)).join(', ')}`, { todo: 'name images as registry/repository:tag' });
  }
}
