import type { ConfigDocument, HostTarget } from '../domain/cluster';
import type { Command, CommandResult } from '../domain/command';
import type { ImageConfig, ImageFacts } from '../domain/images';

/** Who speaks to the host, for the journal, the fence and the logs; and how to stop. */
export interface Scope {
  readonly cluster: string;
  /** The cluster's identity: two clusters may bear one name. */
  readonly uid: string;
  /** Number of the operation; only grows. */
  readonly n: number;
  /** e.g. `init-1`. */
  readonly operation: string;
  readonly stage: string;
  readonly attempt: number;
  /**
   * What the attempt counts for, e.g. `Join/10.0.0.3`; default: the stage. The fence compares attempts of one step only:
   * two hosts' joins both speak to the leader and must not take each other for an old attempt.
   */
  readonly step?: string;
  /**
   * What the fence compares within one operation: grows from one attempt to the next, also when a person's retry starts
   * to count attempts anew. Default: the attempt.
   */
  readonly order?: number;
  /** It takes the host out of the cluster: the fence remembers that when all else of the cluster is gone. */
  readonly leaves?: boolean;
  /** Cancelled by Temporal, by a timeout or by shutdown. */
  readonly signal: AbortSignal;
  /** Tells Temporal that we live. `detail` is for people: small, no secret. */
  beat(detail?: string): void;
  /** A line for the log store and `keelson logs`. */
  log(line: string): void;
}

/** Reaches hosts. One connection per host and process, shared by all activities; opened when first needed. */
export interface Remote {
  /**
   * The host, ready for commands. Throws HostUnreachable, HostKeyMismatch, AuthenticationFailed or SudoDenied.
   * Scripts run as root: the probe for sudo happens here, once per connection.
   */
  to(host: HostTarget, scope: Scope): Promise<Session>;
  /** Closes every connection. */
  close(): Promise<void>;
}

export interface Session {
  readonly host: string;
  /** The key the host showed: `<type> <base64>`; empty for this machine. */
  readonly hostKey: string;
  /** `SHA256:...` as ssh-keygen prints it; empty for this machine. */
  readonly fingerprint: string;
  /** Runs a command and reads its answer. Throws CommandFailed, CommandTimedOut, Disconnected; CancelledFailure on cancel. */
  run<T = string>(command: Command<T>): Promise<T>;
  /** Like run, with a stream on stdin, pushed with back-pressure. */
  feed<T = string>(command: Command<T>, source: AsyncIterable<Buffer>): Promise<T>;
  /**
   * Like run, with a tar of these entries on stdin. A large one may leave by a process of its own.
   */
  send(command: Command, entries: readonly TreeEntry[], options?: SendOptions): Promise<void>;
  /** Like run, and hands stdout over as the bytes it is, in pieces that are good until the call returns. For files. */
  fetch(command: Command<unknown>, sink: (piece: Buffer) => void): Promise<void>;
  /** Like run, and hands over each line as it comes (stdout and stderr). For long reads such as following a log. */
  follow(command: Command<unknown>, line: (text: string) => void): Promise<CommandResult>;
}

export interface SendOptions {
  /** Others wait for these bytes: where the CPU is the limit, they go before those that nobody waits for. */
  readonly first?: boolean;
  /** Called now and then with the bytes that went out. */
  told?(sent: number): void;
}

/** One file, link or directory of a tree that goes to a host. */
export interface TreeEntry {
  /** Relative to the set's base, forward slashes, no leading slash, no `..`. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'dir';
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  /** Hex, files only. */
  readonly sha256?: string;
  /** Links only. */
  readonly target?: string;
  /** Where the content is on this machine; or the content itself. */
  readonly from?: string;
  readonly bytes?: Buffer;
}

/** An image unpacked on this machine. */
export interface ImageTree {
  readonly digest: string;
  /** Absolute path of the pristine tree. Never changed after it was unpacked. */
  readonly root: string;
  /** Everything but `registry/`, which has entries of its own: it goes to registry hosts only. */
  readonly entries: readonly TreeEntry[];
  readonly registry: readonly TreeEntry[];
  /** Names the registry must serve: `repository:tag`, from the Distribution layout below registry/. */
  readonly served: readonly string[];
  readonly config: ImageConfig;
}

/** The content store. Works without root and without a daemon; survives reboots. */
export interface Images {
  /**
   * Makes the image present and says what it is. Looks in the store first, then asks the source by name.
   * Throws ImageNotFound (which reference, where it was looked for, what to do) and InvalidImage.
   */
  resolve(ref: string, options: { signal: AbortSignal; beat(detail?: string): void }): Promise<ImageFacts>;
  /** The unpacked tree of an image that resolve() has seen; unpacks when needed, once however many ask. */
  tree(digest: string, options: { signal: AbortSignal; beat(detail?: string): void }): Promise<ImageTree>;
}

/** Makes a tree as one host should have it: Config documents merged, templates rendered. Pure but for reading files. */
export interface TreeRenderer {
  /**
   * `env` is complete for this host. Returns the entries of the tree with the changed ones in place of the pristine.
   * Throws InvalidImage with file and line for a template outside the grammar, InvalidSpec for a Config that cannot merge.
   */
  render(tree: ImageTree, options: { ref: string; configs: readonly ConfigDocument[]; env: Readonly<Record<string, string>> }): Promise<TreeEntry[]>;
}

/** Opens secrets. The only reader of the sealing key on this side. Throws KeyMissing. */
export interface Secrets {
  open(sealed: string, context: { cluster: string; field: string }): string;
}
