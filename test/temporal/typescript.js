// Lets plain Node load our TypeScript: `node -r ./typescript.js program.ts`. For processes that a test may kill.
const { transformFileSync } = require('@swc/core');

require.extensions['.ts'] = (module, file) => {
  const { code } = transformFileSync(file, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
  module._compile(code, file);
};
