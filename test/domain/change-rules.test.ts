import { changeProblems } from '../../domain/change-rules';
import { someImages } from '../fixtures';

const record = (version: string, created = true) => ({ conditions: [], hostKeys: {}, created, images: [{ ref: 'k', digest: 'd', kind: 'rootfs', version }] });

test('another Kubernetes version on a cluster that exists is refused, with both versions', () => {
  const [problem] = changeProblems(record('v1.33.13'), someImages());
  expect(problem).toMatchObject({ severity: 'error', type: 'UnsafePlan' });
  expect(problem?.message).toMatch(/v1\.33\.13.*v1\.34\.2/);
});

test('the same version, and a cluster that never came up, are no change', () => {
  expect(changeProblems(record('v1.34.2'), someImages())).toEqual([]);
  expect(changeProblems(record('v1.33.13', false), someImages())).toEqual([]);
});
