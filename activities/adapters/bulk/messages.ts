import type { HostTarget } from '../../../domain/cluster';
import type { Command } from '../../../domain/command';
import type { ErrorDetails, ErrorType } from '../../../domain/errors';
import type { Scope, TreeEntry } from '../../ports';

/** What a sending process is told over its IPC channel. Credentials stay sealed: it opens them with the key file itself. */
export interface BulkRequest {
  readonly target: HostTarget;
  readonly scope: Omit<Scope, 'signal' | 'beat' | 'log'>;
  readonly command: Pick<Command, 'title' | 'script' | 'env' | 'changes' | 'timeoutMs'>;
  readonly entries: readonly TreeEntry[];
}

export type ToSender = { readonly send: BulkRequest } | { readonly cancel: true };

/** What it tells: bytes that went out, lines for the log, and in the end how it went. */
export type FromSender =
  | { readonly sent: number }
  | { readonly log: string }
  | { readonly done: true }
  | { readonly cancelled: true }
  | { readonly failed: { readonly type?: ErrorType; readonly message: string; readonly details?: ErrorDetails } };
