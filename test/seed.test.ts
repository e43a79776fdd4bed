import fc from 'fast-check';

test('a property draws the same cases on every run', () => {
  const drawn = () => {
    const cases: number[] = [];
    fc.assert(fc.property(fc.integer(), (n) => void cases.push(n)));
    return cases;
  };
  expect(drawn()).toEqual(drawn());
});

test('a property that fails says how to draw the same cases again, and why it failed', () => {
  const failing = () => fc.assert(fc.property(fc.integer(), (n) => { if (n > 1000) throw new Error('too much'); }));
  expect(failing).toThrow(`The same cases again: KEELSON_SEED=${fc.readConfigureGlobal().seed}`);
  expect(failing).toThrow(expect.objectContaining({ cause: new Error('too much') }));
});

test('so does an asynchronous one', async () => {
  await expect(fc.assert(fc.asyncProperty(fc.integer(), () => Promise.reject(new Error('no'))))).rejects.toThrow(/KEELSON_SEED=-?\d+/);
});
