import { ClusterError } from '../domain/errors';

/** A cluster's name, when it is one; it becomes part of workflow ids, folders and kubeconfig contexts. Throws InvalidSpec. */
export function checkName(name: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new ClusterError('InvalidSpec', `${JSON.stringify(name)} is no name for a cluster`, { todo: 'use at most 40 small letters, digits and dashes, with no dash at the ends' });
}
