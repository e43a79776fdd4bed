import { Connection, type ConnectionOptions } from '@temporalio/client';
import { TemporalUnavailable } from './temporal-unavailable';

export interface ConnectOptions {
  /** Profile of the Temporal configuration file; TEMPORAL_PROFILE otherwise. */
  readonly profile?: string;
  /** Connect to this server, whatever the environment says. */
  readonly address?: string;
  readonly namespace?: string;
  /** The embedded server: `start` what is missing (default), or only `find` what runs. */
  readonly local?: 'start' | 'find';
  /** Lines for a person who waits for the embedded server. */
  readonly say?: (line: string) => void;
}

export interface Connected {
  readonly connection: Connection;
  readonly namespace: string;
  readonly address: string;
  /** URL of the embedded server's UI; absent for a server of your own. */
  readonly ui?: string;
}

/**
 * Whether Keelson's own server is used: nothing in the options or the environment names another. A configuration file that lies
 * where Temporal's own tools look for one is no word for Keelson; one that the environment names is.
 */
export const usesEmbedded = ({ profile, address }: ConnectOptions, env: NodeJS.ProcessEnv = process.env): boolean =>
  ![profile, address, env['TEMPORAL_PROFILE'], env['TEMPORAL_ADDRESS'], env['TEMPORAL_CONFIG_FILE']].some(Boolean);

/** Connects to the server that options and environment name, or else to the embedded one. Throws TemporalUnavailable. */
export async function connect(options: ConnectOptions): Promise<Connected> {
  if (!usesEmbedded(options)) return connectNamed(options);
  const { useLocal } = await import('./local.js');
  const { address, ui } = await useLocal({ start: options.local !== 'find', say: options.say ?? (() => undefined) });
  return { connection: await dial({ address }), namespace: 'default', address, ui };
}

async function connectNamed({ profile, address, namespace }: ConnectOptions): Promise<Connected> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const loaded = loadClientConnectConfig(profile ? { profile } : {});
  const target = { ...loaded.connectionOptions, ...(address ? { address } : {}) } as ConnectionOptions;
  refuseOpenKey(target);
  const connection = await dial(target);
  return { connection, namespace: namespace ?? loaded.namespace ?? 'default', address: target.address ?? 'localhost:7233' };
}

async function dial(target: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect({ connectTimeout: '10s', ...target });
  } catch (error) {
    throw new TemporalUnavailable(`the Temporal server at ${target.address ?? 'localhost:7233'} does not answer`, {
      cause: error, todo: 'check TEMPORAL_ADDRESS, TEMPORAL_CONFIG_FILE and the profile; without them Keelson starts a server of its own',
    });
  }
}

/** An API key without TLS would cross the network in clear. */
function refuseOpenKey({ apiKey, tls, address = '' }: ConnectionOptions): void {
  if (apiKey && tls === false && !/^(localhost|127\.|\[::1\])/.test(address)) {
    throw new TemporalUnavailable(`the API key for ${address} would travel in clear: TLS is switched off`, { todo: 'remove TEMPORAL_TLS=false' });
  }
}
