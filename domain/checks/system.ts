import type { HostFacts } from '../facts';
import type { ImageFacts } from '../images';
import type { Problem } from '../problem';
import { packagesOf } from '../tools';
import { finding } from './finding';

/** Releases that Keelson was tried on, or that are close to one. */
const tried: Readonly<Record<string, readonly string[]>> = { debian: ['11', '12', '13'], ubuntu: ['22.04', '24.04'] };
/** Systems where Kubernetes runs but nobody tried Keelson. */
const likely: readonly string[] = ['rhel', 'centos', 'rocky', 'almalinux', 'fedora', 'ol', 'amzn', 'opensuse-leap', 'sles', 'openEuler', 'anolis', 'kylin'];

/** Operating system, architecture, systemd and programs. */
export function systemProblems(facts: HostFacts, images: readonly ImageFacts[]): Problem[] {
  return [...osProblems(facts), ...architectureProblems(facts, images), ...systemdProblems(facts), ...toolProblems(facts)];
}

function osProblems({ host, os }: HostFacts): Problem[] {
  if (!os || (Object.hasOwn(tried, os.id) && tried[os.id]?.includes(os.version))) return [];
  const name = `${os.id || 'an operating system that does not say its name'} ${os.version}`.trim();
  const known = Object.hasOwn(tried, os.id) || likely.includes(os.id);
  return [finding('warning', host, known ? `Keelson was not tested on ${name}` : `${name} is not known to Keelson`, 'Debian 11 to 13 and Ubuntu 22.04 and 24.04 are tested')];
}

function architectureProblems({ host, arch }: HostFacts, images: readonly ImageFacts[]): Problem[] {
  if (!arch) return [];
  const wrong = images.filter(({ architecture, kind }) => architecture && architecture !== arch && kind !== 'application');
  const problems = wrong.map(({ ref, architecture }) => finding('error', host, `it is ${arch}, and ${ref} was made for ${architecture ?? ''}`, `use an image for ${arch}`));
  if (problems.length > 0 || arch === 'amd64') return problems;
  return [finding('warning', host, `Keelson was not tested on ${arch}`, 'amd64 is tested')];
}

const systemdProblems = ({ host, systemd }: HostFacts): Problem[] =>
  (systemd === false ? [finding('error', host, 'it does not run systemd, which starts kubelet and container runtime', 'use a host with systemd')] : []);

function toolProblems({ host, missingTools = [], os }: HostFacts): Problem[] {
  if (missingTools.length === 0) return [];
  const packages = packagesOf(missingTools);
  const install = os && Object.hasOwn(tried, os.id) ? `apt-get install ${packages.join(' ')}` : `install the packages that bring them (on Debian: ${packages.join(', ')})`;
  return [finding('error', host, `these programs are missing: ${missingTools.join(', ')}`, install)];
}
