import { readYaml, YamlFault } from '../../domain/yaml';

/** Texts of some kilobytes that are nested without end, and what becomes of each: a stack that overflows may end the process. */
const outcome = (text: string): string => {
  try {
    readYaml(text);
    return 'read';
  } catch (error) {
    return error instanceof YamlFault ? 'refused' : String(error);
  }
};

console.log(JSON.stringify(['- ', '? ', '{a: ', '[', '[ {'].map((piece) => outcome(piece.repeat(20_000)))));
