/** `keelson/testing`: simulated hosts for whoever writes stages of their own. testing/README.md says how. */
export type { Deps } from '../activities/deps';
export type { Remote, Scope, Session } from '../activities/ports';
export { type Command, type CommandResult, quote } from '../domain/command';
export { createActivities, fleetDeps, type FleetDepsOptions, type FleetLogin, type FleetSessions, fleetSessions, inScope } from './deps';
export { type Sudo } from './elevation';
export { type Fault, type FaultPlan, type Moment } from './faults';
export { Fleet, type FleetHost } from './fleet';
export { Host } from './host';
export { fleetImages } from './images';
export { Journal, type JournalEntry } from './journal';
export { Kubernetes, type SimulatedNode } from './kubernetes';
export { type Expected, leftBehind, notBare, observe, ranTwice } from './observer';
export { exactly, like, oneOf, type Reader, rendered } from './pattern';
export { pick, type Random, sample, seeded } from './random';
export { fleetRemote } from './remote';
export { type Answer, type Call, type Simulation } from './simulation';
