import { Command } from 'commander';

/** What commander calls where an option does not exist; it is not in its types. */
interface Refusing {
  unknownOption(flag: string): void;
}

/** A command that names every option which does not exist, and not only the first, and each word too many. */
export class ThoroughCommand extends Command {
  override createCommand(name?: string): Command {
    return new ThoroughCommand(name);
  }

  /** Called with the first one; `args` has the others, behind all that could be read. */
  unknownOption(first: string): void {
    const from = this.args.indexOf(first);
    const flags = this.args.slice(from < 0 ? this.args.length : from + 1).filter((arg) => arg.startsWith('-') && arg !== '-' && arg !== '--');
    const told: string[] = [];
    const { error } = this;
    this.error = ((message: string) => void told.push(message)) as typeof error;
    try {
      for (const flag of [first, ...new Set(flags)]) (Command.prototype as unknown as Refusing).unknownOption.call(this, flag);
    } finally {
      this.error = error;
    }
    this.error(told.join('\n'), { code: 'commander.unknownOption' });
  }

  /**
   * The name of a cluster is a word where a command is about nothing else, and an option where hosts are named as well: whoever
   * takes one for the other hears how it is said.
   */
  _excessArguments(words: readonly string[]): void {
    const most = this.registeredArguments.length;
    if (words.length <= most) return;
    const more = words.slice(most).join(' ');
    const hint = most === 0 && this.options.some(({ long }) => long === '--cluster') ? `; a cluster is named with --cluster ${more}` : '';
    this.error(`error: ${this.name()} takes no more words: ${more}${hint}`, { code: 'commander.excessArguments' });
  }
}
