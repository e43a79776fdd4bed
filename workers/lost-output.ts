/** What cannot be printed, on a disk that is full, is left out: unheard, the stream's error would end the process and all its work. */
export const outliveLostOutput = (): void => void process.stderr.on('error', () => undefined);
