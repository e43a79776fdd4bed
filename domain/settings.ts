import type { Host, JsonObject, KubeadmDocuments } from './cluster';
import { without } from './kubeadm/json';

/** What of a running cluster takes new settings by itself, each with its own mark, job and way. */
export const settingsParts = ['kubelet'] as const;
export type SettingsPart = (typeof settingsParts)[number];

interface Part {
  /** The words by which a person knows where its settings are said. */
  readonly document: string;
  /**
   * What the Clusterfile says of it. Of what the image brings as a default it says nothing: that comes along when the part is
   * changed, and a document that says nothing is as good as none.
   */
  said(documents: KubeadmDocuments): JsonObject;
  /** Whether it runs on a host, or is changed from there. */
  runsOn(host: Pick<Host, 'id' | 'roles'>, leader: string): boolean;
}

const parts: Record<SettingsPart, Part> = {
  kubelet: { document: 'KubeletConfiguration', said: ({ kubelet = {} }) => without(kubelet, ['apiVersion', 'kind']), runsOn: () => true },
};

/** What is wanted of a part, to compare by digest. */
export const wantedSettings = (part: SettingsPart, documents: KubeadmDocuments): JsonObject => parts[part].said(documents);

export const settingsDocument = (part: SettingsPart): string => parts[part].document;

/** The parts of a host, in the order in which they are changed. */
export const partsOn = (host: Pick<Host, 'id' | 'roles'>, leader: string): SettingsPart[] => settingsParts.filter((part) => parts[part].runsOn(host, leader));
