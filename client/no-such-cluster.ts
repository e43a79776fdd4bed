import { ClusterError } from '../domain/errors';

/** Nobody knows a cluster of that name. */
export const noSuchCluster = (name: string, cause?: unknown): ClusterError =>
  new ClusterError('InvalidSpec', `there is no cluster ${name}`, { todo: '`keelson status` lists the clusters there are' }, { cause });
