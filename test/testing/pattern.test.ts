import fc from 'fast-check';
import { quote } from '../../domain/command';
import { claimHost } from '../../domain/commands/state';
import { writePrivateFile } from '../../domain/commands/registry';
import { exactly, like } from '../../testing';

describe('a script is recognised by the function that renders it', () => {
  test('whatever stands in its quotes', () => {
    const reads = like((path, mode) => writePrivateFile('', path!, '', mode).script, 'sample-path', 'sample-mode');
    fc.assert(fc.property(fc.string({ minLength: 1 }), (path) => {
      expect(reads(writePrivateFile('', path, '', '600').script)).toEqual([path, '600']);
    }));
  });

  test('two arguments side by side, and one that is there twice', () => {
    const render = (a = '', b = ''): string => `x ${quote(a)} ${quote(b)}; y ${quote(a)}`;
    const reads = like(render, 'sample-a', 'sample-b');
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
      const found = reads(render(a, b));
      // Text that looks like the end of a quote may be read in another way, but never as another script.
      if (found) expect(render(...found)).toBe(render(a, b));
    }));
    expect(reads(render("it's", '$x'))).toEqual(["it's", '$x']);
    expect(reads(`x 'a' 'b'; y 'c'`)).toBeUndefined();
  });

  test('and no other script', () => {
    const reads = like((cluster, uid) => claimHost(cluster!, uid!).script, 'sample-cluster', 'sample-uid');
    const script = claimHost('demo', 'uid-1').script;
    expect(reads(script)).toEqual(['demo', 'uid-1']);
    expect(reads(`${script} `)).toBeUndefined();
    expect(reads(script.replace('umask 077', 'umask 022'))).toBeUndefined();
    expect(exactly(script)(`${script}\n`)).toBeUndefined();
  });
});
