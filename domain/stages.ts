/** The stages' names, as the pipeline gave them; also the condition types. Never renamed. */
export const stageTitles = {
  Check: 'Check every host before anything is changed',
  ConfirmOverrideApps: 'Ask before applications are installed again',
  PreProcess: 'Fetch the images and pin their digests',
  RunConfig: 'Merge the configuration into the images',
  MountRootfs: 'Bring the files to the hosts',
  MirrorRegistry: 'Fill and start the cluster registry',
  Upgrade: 'Bring Kubernetes to its new version',
  Settings: 'Bring changed settings to what runs',
  Bootstrap: 'Prepare container runtime and kubelet',
  Init: 'Start the first control plane',
  Join: 'Join the other hosts',
  Remove: 'Take hosts out of the cluster',
  RunGuest: "Run the images' own commands",
  PostProcess: 'See that the cluster is whole',
} as const;

export type StageName = keyof typeof stageTitles;
export const stageNames = Object.keys(stageTitles) as readonly StageName[];
