/** How often progress is told, in bytes: often enough for a person, too seldom to cost anything. */
const tellEveryBytes = 4 * 1024 * 1024;

/** Hands a stream through, and tells how many bytes have passed. */
export async function* counted(source: AsyncIterable<Buffer>, told?: (sent: number) => void): AsyncGenerator<Buffer> {
  let sent = 0;
  let last = 0;
  for await (const piece of source) {
    yield piece;
    sent += piece.length;
    if (sent - last < tellEveryBytes) continue;
    last = sent;
    told?.(sent);
  }
}
