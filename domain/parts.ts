/**
 * The parts of a text between separators, one after the other, as `split` gives them. `split` makes all of them at once, which
 * takes many times the memory of a text that is nearly all separators. Throws an Error when there are more than `most`.
 */
export function* partsOf(text: string, separator: string, most: number): Generator<string> {
  let from = 0;
  for (let count = 1; ; count += 1) {
    if (count > most) throw new Error(`more than ${most} parts`);
    const end = text.indexOf(separator, from);
    yield end < 0 ? text.slice(from) : text.slice(from, end);
    if (end < 0) return;
    from = end + separator.length;
  }
}
