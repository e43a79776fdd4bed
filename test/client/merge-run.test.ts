import { mergeRun } from '../../client/merge-run';
import { aCluster } from '../fixtures';

const merged = (images: string[], more: string[]) => mergeRun(aCluster(1, 0, { images }), aCluster(0, 0, { images: more })).images;

test.each([
  [['k:v1', 'flannel:v0'], ['k:v1'], ['k:v1', 'flannel:v0']],
  [['k:v1', 'flannel:v0'], ['web:v1'], ['k:v1', 'flannel:v0', 'web:v1']],
  [['k:v1', 'flannel:v0'], ['k:v2'], ['k:v2', 'flannel:v0']],
  [['reg:5000/a/k:v1'], ['reg:5000/a/k@sha256:00'], ['reg:5000/a/k@sha256:00']],
  [['reg:5000/a/k'], ['reg:5000/b/k:v2'], ['reg:5000/a/k', 'reg:5000/b/k:v2']],
])('%j and run %j make %j: another tag is another version of the same', (before, said, after) => expect(merged(before, said)).toEqual(after));
