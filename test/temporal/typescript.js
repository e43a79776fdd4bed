// Lets plain Node load our TypeScript: `node -r ./typescript.js program.ts`. For processes that a test may kill.
const Module = require('node:module');
const { transformFileSync } = require('@swc/core');

require.extensions['.ts'] = (module, file) => {
  const { code } = transformFileSync(file, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } });
  module._compile(code, file);
};

// Imports at run time bear the name of the compiled file.
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, parent, ...rest) => {
  const isOurs = /^\.\.?\/.*\.js$/.test(request) && parent?.filename?.endsWith('.ts');
  return resolve(isOurs ? request.slice(0, -'.js'.length) : request, parent, ...rest);
};
