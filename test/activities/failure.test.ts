import { type ApplicationFailure } from '@temporalio/common';
import { toFailure } from '../../activities/failure';
import { ClusterError } from '../../domain/errors';

test('the last lines of a host move no cursor: neither in the words of a failure nor in its details', () => {
  const line = '\u001b[1Aall is well';
  const failure = toFailure(new ClusterError('CommandFailed', `kubeadm join failed: ${line}`, { host: '10.0.0.2', tail: [line] })) as ApplicationFailure;
  expect(failure).toMatchObject({ type: 'CommandFailed', message: 'kubeadm join failed: \ufffd[1Aall is well', details: [{ host: '10.0.0.2', tail: ['\ufffd[1Aall is well'] }] });
});
