import type { Command } from 'commander';
import { ClusterError } from '../../domain/errors';
import { exitCodes } from '../exit-codes';

/** `keelson completion bash|zsh|fish`: a script of commands and flags, made from the program itself. */
export function completion(shell: string, program: Command): number {
  const write = { bash, zsh, fish }[shell];
  if (!write) throw new ClusterError('InvalidSpec', `there is no completion for ${shell}`, { todo: 'bash, zsh and fish have one' });
  process.stdout.write(write(wordsOf(program)));
  return exitCodes.done;
}

interface Words {
  /** `run`, or `local start`. */
  readonly path: string;
  readonly description: string;
  readonly flags: readonly { readonly long: string; readonly description: string }[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

/** The program and all its commands, each with what may come next. */
export function wordsOf(program: Command, path = ''): Words[] {
  const commands = program.commands.map((command) => ({ name: command.name(), description: command.description() }));
  const flags = [...program.options, ...(path === '' ? [] : (program.parent?.options ?? []))]
    .flatMap(({ long, description }) => (long ? [{ long, description }] : []));
  const own = { path, description: program.description(), flags: [...flags, { long: '--help', description: 'show help' }], commands };
  return [own, ...program.commands.flatMap((command) => wordsOf(command, `${path} ${command.name()}`.trim()))];
}

const next = ({ flags, commands }: Words): string => [...commands.map(({ name }) => name), ...flags.map(({ long }) => long)].join(' ');

/** The longest known command among the words typed so far decides. */
function bash(words: readonly Words[]): string {
  const cases = words.filter(({ path }) => path !== '').map((one) => `    "${one.path}") words="${next(one)}" ;;`);
  return `# keelson completion for bash: source <(keelson completion bash)
_keelson() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${words.map(({ path }) => path.replaceAll(' ', '/')).filter(Boolean).join(' ')} " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done
  case "\${path/\\// }" in
${cases.join('\n')}
    *) words="${next(words[0] as Words)}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _keelson keelson
`;
}

function zsh(words: readonly Words[]): string {
  return `#compdef keelson
# keelson completion for zsh: source <(keelson completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(words).split('\n').slice(1).join('\n')}`;
}

function fish(words: readonly Words[]): string {
  const lines = words.flatMap(({ path, flags, commands }) => {
    const [top, sub] = path.split(' ');
    const when = path === '' ? '__fish_use_subcommand' : sub ? `__fish_seen_subcommand_from ${top}; and __fish_seen_subcommand_from ${sub}` : `__fish_seen_subcommand_from ${top}`;
    const line = (rest: string, description: string): string => `complete -c keelson -n '${when}' ${rest} -d ${quoted(description)}`;
    return [
      ...commands.map(({ name, description }) => line(`-f -a ${name}`, description)),
      ...flags.map(({ long, description }) => line(`-l ${long.slice(2)}`, description)),
    ];
  });
  return `# keelson completion for fish: keelson completion fish | source\n${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
