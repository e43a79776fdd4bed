/** Programs that Keelson, the images' scripts and kubeadm call on a host, with the Debian package that brings each. */
export const neededTools = {
  awk: 'mawk',
  base64: 'coreutils',
  find: 'findutils',
  flock: 'util-linux',
  grep: 'grep',
  head: 'coreutils',
  ip: 'iproute2',
  mount: 'mount',
  nsenter: 'util-linux',
  sed: 'sed',
  ss: 'iproute2',
  systemctl: 'systemd',
  tar: 'tar',
  timeout: 'coreutils',
  xargs: 'findutils',
} as const satisfies Readonly<Record<string, string>>;

/** Either will do: the first one is faster. */
export const hashTools = ['openssl', 'sha256sum'] as const;

/** Packages that bring these programs, each once; the program's own name where none is known. */
export const packagesOf = (tools: readonly string[]): string[] =>
  [...new Set(tools.map((tool) => (neededTools as Readonly<Record<string, string>>)[tool] ?? (tool === 'sha256sum' ? 'coreutils' : tool)))].sort();
