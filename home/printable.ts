/**
 * A text of somebody else as a terminal may show it: control characters, which could colour, move and hide what stands there, are
 * seen as such. Tabs and ends of lines stay; a carriage return, by which programs draw their progress, goes.
 */
export const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/\r/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
