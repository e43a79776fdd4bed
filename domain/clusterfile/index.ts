export { strangerProblems, withNodes } from './beside';
export { type ClusterDocuments, type ClusterfileHost, type DocumentsBeside, loginOf, type SshSettings } from './documents';
export { parseClusterfile, type ParseOptions, readDocumentsBeside, type Reading, readClusterfile, renderedClusterfile } from './parse';
export { type TextFile, withoutErrors } from './report';
export { type Locate } from './locate';
export { writeClusterfile } from './write';
export { editClusterfile } from './edit';
export { documentsOfSpec } from './of-spec';
