// Preloaded (--require) by without-gdal.test.ts: a machine on which GDAL's binding does not load.
const Module = require('node:module');

const load = Module._load;
Module._load = (request, ...rest) => {
  if (request === 'gdal-async') throw new Error('no gdal-async on this machine');
  return load(request, ...rest);
};
