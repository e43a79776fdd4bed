export { strangerProblems, withNodes } from './beside';
export { type ClusterDocuments, type ClusterfileHost, type DocumentsBeside, loginOf, type NodeSettings, type SshSettings } from './documents';
export { parseBeside, parseClusterfile, type ParseOptions, renderedClusterfile } from './parse';
export type { TextFile } from './report';
export { writeClusterfile } from './write';
export { editClusterfile } from './edit';
export { documentsOfSpec } from './of-spec';
