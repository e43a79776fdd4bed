export { type ClusterDocuments, type ClusterfileHost, loginOf, type SshSettings } from './documents';
export { parseClusterfile, type ParseOptions } from './parse';
export type { TextFile } from './report';
export { writeClusterfile } from './write';
