import { ClusterError, type ErrorType } from '../errors';

/** Where a template comes from, and which error its faults are: an image's (the default) or the user's. */
export interface TemplateSource {
  /** What people read in errors, e.g. `etc/registry.yml.tmpl`. */
  readonly file: string;
  readonly errorType?: ErrorType;
  /** Hears of each action that had no value and printed `<no value>`: its text, braces included. */
  readonly onMissing?: (action: string) => void;
}

/** A fault inside the template; the caller of the engine adds the file. */
export class TemplateFault extends Error {
  constructor(readonly line: number, message: string, readonly text = '') {
    super(message);
  }
}

/** The fault as an error for people: `file:line: what is wrong: the offending text`. */
export function errorOf(fault: TemplateFault, { file, errorType = 'InvalidImage' }: TemplateSource): ClusterError {
  const text = fault.text === '' ? '' : `: ${fault.text.length > 120 ? `${fault.text.slice(0, 117)}...` : fault.text}`;
  return new ClusterError(errorType, `${file}:${fault.line}: template: ${fault.message}${text}`, {
    todo: 'Correct the template. Keelson knows the part of Go templates and of their sprig functions that cluster images use.',
  });
}
