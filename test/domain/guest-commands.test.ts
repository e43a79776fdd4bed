import fc from 'fast-check';
import { expandVariables, guestCommands, readCommands } from '../../domain/guest-commands';

const env = { NAME: 'calico', NAMES: 'other', OPTS: '--set a=$HOME', empty: '', constructorless: 'x' };

test.each([
  ['helm install $(NAME) charts/${NAME} -n $NAME', 'helm install calico charts/calico -n calico'],
  ['$NAMES and $NAMESPACE', 'other and $NAMESPACE'],
  ['$(OPTS)', '--set a=$HOME'],
  ['[$empty$(empty)${empty}]', '[]'],
  ['$(unknown) ${unknown} $unknown ${NAME:-x} $1 $? $(date +%s) $((1 + 2)) $', '$(unknown) ${unknown} $unknown ${NAME:-x} $1 $? $(date +%s) $((1 + 2)) $'],
  ['$$NAME $$(NAME) $$$NAME', '$NAME $(NAME) $calico'],
  ['$constructor $toString', '$constructor $toString'],
])('%j becomes %j', (text, expanded) => expect(expandVariables(text, env)).toBe(expanded));

test('text without a dollar never changes, and values are put in as they are', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (text, value) => {
    const plain = text.replaceAll('$', '');
    expect(expandVariables(plain, { A: value })).toBe(plain);
    expect(expandVariables('<${A}>', { A: value })).toBe(`<${value}>`);
  }));
});

test('the shell form and the list form give whole commands', () => {
  expect(readCommands(['/bin/sh', '-c', 'bash entrypoint.sh'])).toEqual(['bash entrypoint.sh']);
  expect(readCommands(['cp opt/helm /usr/bin/', 'kubectl apply -f a'])).toEqual(['cp opt/helm /usr/bin/', 'kubectl apply -f a']);
  expect(readCommands(undefined)).toEqual([]);
});

test('what the user gives takes the place of CMD, not of ENTRYPOINT', () => {
  const image = { entrypoint: ['first $(NAME)'], cmd: ['second'] };
  expect(guestCommands(image, env)).toEqual(['first calico', 'second']);
  expect(guestCommands(image, env, ['mine ${NAME}'])).toEqual(['first calico', 'mine calico']);
});
