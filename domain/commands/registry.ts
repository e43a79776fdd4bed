import { encodeBase64 } from '../base64';
import { type Command, quote } from '../command';

/** The registry's data folder becomes a link into the cluster's files. A real folder with content is never replaced. */
export const linkRegistryData = (registryData: string, target: string): Command => ({
  title: 'link the registry data',
  changes: true,
  script: `set -eu
mkdir -p ${quote(target)} "$(dirname ${quote(registryData)})"
if [ -L ${quote(registryData)} ] || [ ! -e ${quote(registryData)} ]; then ln -sfn ${quote(target)} ${quote(registryData)}
elif [ -d ${quote(registryData)} ] && [ -z "$(ls -A ${quote(registryData)})" ]; then rmdir ${quote(registryData)} && ln -s ${quote(target)} ${quote(registryData)}
else printf '%s is a folder with content of its own: move it away\\n' ${quote(registryData)} >&2; exit 1; fi`,
});

/** Writes a file only the owner can read; its content travels on stdin. */
export const writePrivateFile = (title: string, path: string, content: string, mode = '600'): Command => ({
  title,
  changes: true,
  stdin: content,
  script: `set -eu
umask 077
mkdir -p "$(dirname ${quote(path)})"
cat > ${quote(`${path}.new`)}
chmod ${mode} ${quote(`${path}.new`)}
mv -f ${quote(`${path}.new`)} ${quote(path)}`,
});

export interface RegistryAccess {
  readonly domain: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
}

/** A small HTTP client in bash: hosts need not have curl. Prints the status code of each path, one per line. */
const httpStatus = `status() { # method path
  local crlf=$'\\r\\n' code
  exec 3<>"/dev/tcp/$REGISTRY_HOST/$REGISTRY_PORT" || return 1
  printf '%s' "$1 $2 HTTP/1.1$crlf" "Host: $REGISTRY_HOST$crlf" "\${REGISTRY_AUTH:+Authorization: Basic $REGISTRY_AUTH$crlf}" \\
    "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json$crlf" \\
    "Connection: close$crlf$crlf" >&3
  IFS=' ' read -r -t 5 _ code _ <&3; exec 3<&- 3>&-
  printf '%s\\n' "\${code:-0}"
}
`;

const access = ({ domain, port, username, password }: RegistryAccess, host: string) => ({
  REGISTRY_HOST: host || domain, REGISTRY_PORT: port,
  ...(username ? { REGISTRY_AUTH: encodeBase64(`${username}:${password}`) } : {}),
});

/** Whether the registry answers at /v2/, asked on a host by the registry's name. */
export const registryAnswers = (registry: RegistryAccess): Command<boolean> => ({
  title: `GET http://${registry.domain}:${registry.port}/v2/`,
  env: access(registry, ''),
  secrets: secretsOf(registry),
  script: `${httpStatus}status GET /v2/ 2>/dev/null || echo 0`,
  parse: ({ stdout }) => stdout.trim() === '200',
});

/** Which of these `repository:tag` the registry does not serve. */
export const registryMissing = (registry: RegistryAccess, names: readonly string[]): Command<string[]> => ({
  title: `ask the registry for ${names.length} manifests`,
  env: access(registry, ''),
  secrets: secretsOf(registry),
  stdin: names.map((name) => `${name}\n`).join(''),
  script: `${httpStatus}while IFS= read -r name; do
  code=$(status HEAD "/v2/\${name%:*}/manifests/\${name##*:}" 2>/dev/null); [ "$code" = 200 ] || echo "$name \${code:-no answer}"
done`,
  parse: ({ stdout }) => stdout.split('\n').filter(Boolean),
});

const secretsOf = ({ username, password }: RegistryAccess): string[] => (password ? [password, encodeBase64(`${username}:${password}`)] : []);
