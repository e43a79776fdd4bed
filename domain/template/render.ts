import type { JsonObject } from '../cluster';
import { errorOf, TemplateFault, type TemplateSource } from './error';
import { functions } from './functions';
import { type Growth, printedLength } from './measure';
import { parse, type Node, type Operand, type Pipe } from './parse';
import { isList, isMap, isNil, isTrue, print, typeOf, weigh, type Value } from './value';

/** Far above any real template; they end what would not end by itself. */
const mostSteps = 200_000;
const mostText = 16 * 1024 * 1024;
/** Characters that functions go through. */
const mostWork = 500_000_000;
const mostVariables = 500;

/**
 * Renders a Go text/template: the part of its grammar, and of sprig's functions, that cluster images use (docs name it).
 * `data` is what `.` is: for image files the host's environment, flat, and again as `.Env`; for Clusterfiles `.Values`.
 * A missing key counts as nil and prints `<no value>`. Throws ClusterError (InvalidImage, or the given type) with file,
 * line and the offending text for whatever the grammar does not have. Never reads anything but its arguments.
 */
export function renderTemplate(source: string, data: JsonObject, where: TemplateSource): string {
  if (!source.includes('{{')) return source;
  try {
    return new Renderer(data, where.onMissing).run(parse(source));
  } catch (error) {
    if (error instanceof TemplateFault) throw errorOf(error, where);
    throw error;
  }
}

class Renderer {
  private readonly output: string[] = [];
  private steps = 0;
  private written = 0;
  private work = 0;
  /** Innermost last. `$` is the data. */
  private readonly scopes: { name: string; value: Value }[];
  private at = { line: 1, source: '' };

  constructor(private readonly data: JsonObject, private readonly onMissing?: (action: string) => void) {
    this.scopes = [{ name: '', value: data }];
  }

  run(nodes: readonly Node[]): string {
    this.nodes(nodes, this.data);
    return this.output.join('');
  }

  private nodes(nodes: readonly Node[], dot: Value): void {
    const depth = this.scopes.length;
    for (const node of nodes) this.node(node, dot);
    this.scopes.length = depth;
  }

  private node(node: Node, dot: Value): void {
    if (node.kind === 'text') return this.write(node.text);
    this.at = node;
    if (node.kind === 'print') {
      const value = this.pipe(node.pipe, dot);
      if (node.pipe.variables.length > 0) return;
      if (isNil(value)) this.onMissing?.(node.source);
      this.room({ text: printedLength(value) });
      this.write(print(value));
      return;
    }
    const depth = this.scopes.length;
    if (node.kind === 'range') this.range(node, dot);
    else {
      const value = this.pipe(node.pipe, dot);
      const inner = node.kind === 'with' && isTrue(value) ? value : dot;
      this.nodes(isTrue(value) ? node.body : node.otherwise, inner);
    }
    this.scopes.length = depth;
  }

  private range(node: Extract<Node, { pipe: Pipe; body: readonly Node[] }>, dot: Value): void {
    const over = this.commands(node.pipe, dot);
    if (!isNil(over) && !isList(over) && !isMap(over)) throw this.fault(`range wants a list or a map, this is ${typeOf(over)}`);
    const items: (readonly [Value, Value])[] = isList(over)
      ? over.map((value, index) => [index, value])
      : isMap(over) ? Object.keys(over).sort().map((key) => [key, over[key]]) : [];
    if (items.length === 0) return this.nodes(node.otherwise, dot);
    const { variables, declares } = node.pipe;
    for (const [key, value] of items) {
      this.at = node;
      this.spend(1);
      const depth = this.scopes.length;
      const values = variables.length === 2 ? [key, value] : [value];
      variables.forEach((name, index) => this.set(name, values[index], declares));
      this.nodes(node.body, value);
      this.scopes.length = depth;
    }
  }

  private pipe(pipe: Pipe, dot: Value): Value {
    const value = this.commands(pipe, dot);
    for (const name of pipe.variables) this.set(name, value, pipe.declares);
    return value;
  }

  private set(name: string, value: Value, declares: boolean): void {
    if (declares) {
      if (this.scopes.length > mostVariables) throw this.fault(`has more than ${mostVariables} variables`);
      this.scopes.push({ name, value });
      return;
    }
    this.variable(name).value = value;
  }

  private variable(name: string): { value: Value } {
    const found = this.scopes.findLast((scope) => scope.name === name);
    if (!found) throw this.fault(`there is no variable $${name}`);
    return found;
  }

  private commands(pipe: Pipe, dot: Value): Value {
    let value: Value;
    pipe.commands.forEach((words, index) => {
      const [first, ...rest] = words;
      if (first?.kind !== 'call') {
        value = first && this.operand(first, dot);
        return;
      }
      const before = value;
      const args = rest.map((word) => () => this.operand(word, dot));
      value = this.call(first.name, index === 0 ? args : [...args, () => before]);
    });
    return value;
  }

  private operand(operand: Operand, dot: Value): Value {
    this.spend(1);
    switch (operand.kind) {
      case 'value': return operand.value;
      case 'dot': return dot;
      case 'variable': return this.variable(operand.name).value;
      case 'call': return this.call(operand.name, []);
      case 'pipe': return this.commands(operand.pipe, dot);
      case 'path': return operand.names.reduce<Value>((from, name) => this.field(from, name), this.operand(operand.from, dot));
    }
  }

  private field(from: Value, name: string): Value {
    if (isNil(from)) return undefined;
    if (!isMap(from)) throw this.fault(`.${name} asked of ${typeOf(from)}`);
    return Object.hasOwn(from, name) ? from[name] : undefined;
  }

  private call(name: string, args: readonly (() => Value)[]): Value {
    if (name === 'and' || name === 'or') return this.shortcut(name, args);
    const found = functions.get(name);
    if (!found) throw this.fault(name === 'env' ? 'env is refused: it would read the environment of Keelson itself; set spec.env' : `unknown function ${name}`);
    if (args.length < found.least || args.length > found.most) throw this.fault(`${name} takes ${found.least === found.most ? found.most : `${found.least} to ${found.most}`} arguments, not ${args.length}`);
    const values = args.map((arg) => arg());
    try {
      this.toil(values, found.searches === true);
      if (found.grows) this.room(found.grows(...values));
      return this.measured(found.call(...values));
    } catch (error) {
      if (error instanceof TemplateFault) throw error;
      throw this.fault(`${name} ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Go's and, or: the first argument that decides, the others are not evaluated. */
  private shortcut(name: 'and' | 'or', args: readonly (() => Value)[]): Value {
    if (args.length === 0) throw this.fault(`${name} wants arguments`);
    let value: Value;
    for (const arg of args) {
      value = arg();
      if (isTrue(value) === (name === 'or')) break;
    }
    return value;
  }

  /** Results count by their size: a list of lists of lists doubles with every line. */
  private measured(value: Value): Value {
    if (typeof value === 'string') this.count(value.length);
    else this.spend(weigh(value, mostSteps));
    return value;
  }

  /** A function takes as long as its texts are; one that searches, as one of them at every place of the other. */
  private toil(values: readonly Value[], searches: boolean): void {
    const lengths = values.map((value) => (typeof value === 'string' ? value.length : 1));
    this.work += lengths.reduce((sum, length) => sum + length, 0);
    if (searches) this.work += (lengths[0] ?? 0) * (lengths.at(-1) ?? 0);
    if (this.work > mostWork) throw this.endless();
  }

  /** What would be too much is not made. */
  private room({ text = 0, items = 0 }: Growth): void {
    if (this.written + text > mostText) throw this.tooLong();
    if (this.steps + items > mostSteps) throw this.endless();
  }

  private write(text: string): void {
    this.count(text.length);
    this.output.push(text);
  }

  private count(length: number): void {
    this.written += length;
    if (this.written > mostText) throw this.tooLong();
  }

  private spend(steps: number): void {
    this.steps += steps;
    if (this.steps > mostSteps) throw this.endless();
  }

  private tooLong = (): TemplateFault => this.fault(`makes more than ${mostText} characters`);
  private endless = (): TemplateFault => this.fault('does not come to an end');

  private fault(message: string): TemplateFault {
    return new TemplateFault(this.at.line, message, this.at.source);
  }
}
