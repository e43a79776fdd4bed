export { strangerProblems, withNodes } from './beside';
export { type ClusterDocuments, type ClusterfileHost, type DocumentsBeside, loginOf, type SshSettings } from './documents';
export { parseBeside, parseClusterfile, type ParseOptions, type Reading, readClusterfile, renderedClusterfile } from './parse';
export { type TextFile, withoutErrors } from './report';
export { writeClusterfile } from './write';
export { editClusterfile } from './edit';
export { documentsOfSpec } from './of-spec';
