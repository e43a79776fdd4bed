import { type Host, isControlPlane, type JsonObject, type KubeadmDocuments } from './cluster';
import { withoutFixed } from './kubeadm/fixed';
import { isObject, listAt, without } from './kubeadm/json';

/** What of a running cluster takes new settings by itself, each with its own mark, job and way. */
export const settingsParts = ['kubelet', 'control-plane', 'kube-proxy'] as const;
export type SettingsPart = (typeof settingsParts)[number];

interface Part {
  /** The words by which a person knows where its settings are said. */
  readonly document: string;
  /**
   * What the Clusterfile says of it. Of what the image brings as a default it says nothing: that comes along when the part is
   * changed, and a document that says nothing is as good as none.
   */
  said(documents: KubeadmDocuments): JsonObject;
  /** The hosts that bear its mark. */
  runsOn(host: Pick<Host, 'roles'>): boolean;
  /** It is the cluster's and no host's: changed once, through the leader. */
  readonly ofCluster?: true;
}

const parts: Record<SettingsPart, Part> = {
  kubelet: { document: 'KubeletConfiguration', said: ({ kubelet = {} }) => without(kubelet, ['apiVersion', 'kind']), runsOn: () => true },
  'control-plane': { document: 'ClusterConfiguration', said: ({ cluster = {} }) => controlPlaneSettings(cluster), runsOn: isControlPlane },
  // Every control plane bears the mark of what was brought through the leader, so that another leader knows of it.
  'kube-proxy': { document: 'KubeProxyConfiguration', said: ({ kubeProxy = {} }) => withoutFixed('kubeProxy', without(kubeProxy, ['apiVersion', 'kind'])), runsOn: isControlPlane, ofCluster: true },
};

/** The version is the image's, and names of certificates are a set. */
function controlPlaneSettings(cluster: JsonObject): JsonObject {
  const { apiServer, ...rest } = withoutFixed('cluster', without(cluster, ['apiVersion', 'kind', 'kubernetesVersion']));
  if (!isObject(apiServer)) return rest;
  return { ...rest, apiServer: { ...apiServer, ...('certSANs' in apiServer ? { certSANs: listAt(apiServer, 'certSANs').map(String).sort() } : {}) } };
}

/** What is wanted of a part, to compare by digest. */
export const wantedSettings = (part: SettingsPart, documents: KubeadmDocuments): JsonObject => parts[part].said(documents);

export const settingsDocument = (part: SettingsPart): string => parts[part].document;

/** The parts of a host, in the order in which they are changed. */
export const partsOn = (host: Pick<Host, 'roles'>): SettingsPart[] => settingsParts.filter((part) => parts[part].runsOn(host));

/** Whether a part is the cluster's and no host's: it is changed once, through the leader. */
export const isOfCluster = (part: SettingsPart): boolean => parts[part].ofCluster ?? false;
