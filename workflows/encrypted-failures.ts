import { DefaultFailureConverter } from '@temporalio/common';

/** Puts message and stack of a failure into a payload, which the codec encrypts. Loaded by path where histories are encrypted. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
