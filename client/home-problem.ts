import { ClusterError } from '../domain/errors';
import { homeDir } from '../home/paths';

const notOurs = ['ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'EEXIST'];

/** An error of a file below KEELSON_HOME that we may not read or write, in words and as InvalidSpec; any other error as it is. */
export function homeProblem(error: unknown): unknown {
  const { code = '', path = '' } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  if (!notOurs.includes(code) || !path.startsWith(homeDir())) return error;
  return new ClusterError('InvalidSpec', `Keelson cannot keep its files below ${homeDir()} (${code}: ${path})`, { todo: 'check the rights of that folder, or name another one in KEELSON_HOME' }, { cause: error });
}
