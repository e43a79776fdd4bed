export { type ClusterDocuments, type ClusterfileHost, loginOf, type SshSettings } from './documents';
export { parseClusterfile, type ParseOptions, renderedClusterfile } from './parse';
export type { TextFile } from './report';
export { writeClusterfile } from './write';
export { editClusterfile } from './edit';
export { documentsOfSpec } from './of-spec';
