import fc from 'fast-check';

/** A text with something cut out, put in or doubled at some place: nearer to what is read than a text by chance. */
export const mutated = (of: string): fc.Arbitrary<string> => {
  const piece = fc.oneof(
    fc.string(), fc.string({ unit: 'binary' }),
    fc.constantFrom('{', '}', '[', ']', '{{', '}}', '---\n', ': ', '- ', '&a ', '*a', '<<: *a', '!!binary ', '"', "'", '|', '\t', '\0', '\r', '\u2028', '#', '__proto__: {polluted: 1}\n', '99999999999999999999', '-1', '1e999', 'null', '~', '.inf'),
  );
  const edit = fc.record({ at: fc.nat({ max: of.length }), cut: fc.nat({ max: 40 }), put: piece });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => edits.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), of));
};

/** Longest time for one input from outside, milliseconds of CPU: on a busy machine the same work takes several times as much. */
export const longestMs = 20_000;

/** How long this process has worked since; time that other processes took on a machine under load does not count. */
export function spentMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
