import { stringify } from 'yaml';

/**
 * The kubeconfig for `discovery.file`: where the API is and which CA signs for it, nothing secret. A join with it does not
 * wait for the cluster-info ConfigMap to be signed, which takes seconds after an init.
 */
export const discoveryKubeconfig = ({ server, caData }: { readonly server: string; /** Base64 of the PEM. */ readonly caData: string }): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: '', cluster: { server, 'certificate-authority-data': caData } }],
    contexts: [],
    users: [],
    preferences: {},
    'current-context': '',
  }, { lineWidth: 0 });
