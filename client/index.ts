/** Keelson for programs. */
export { KeelsonClient, type ApplyOptions, type ClusterReport, type ResetOptions } from './keelson-client';
export { HostsRun, type Selection } from './hosts-run';
export { OperationHandle, type FollowOptions, type OperationEnd } from './operation';
export { type ConnectOptions } from './connect';
export { loadSpec, type LoadOptions } from './load-spec';
export { TemporalUnavailable } from './temporal-unavailable';
export { ClusterError, type ErrorType } from '../domain/errors';
export { type ClusterSpec, type Credential, type Host } from '../domain/cluster';
export { type EntityView } from '../domain/entity';
export { type HostResult } from '../domain/on-hosts';
export { type Plan } from '../domain/plan';
export { type Condition, type OperationStatus } from '../domain/status';
export { type Accepted } from '../workflows/messages';
