// Loaded before anything else, by whatever Node.js is there: says in one sentence what is missing.
'use strict';
var fs = require('fs');
var path = require('path');

var modules = path.join(__dirname, '..', 'node_modules');
var problem;
if (!fs.existsSync(path.join(modules, 'undici'))) {
  problem = 'Nothing is installed yet: run `npm ci` first.';
} else if (Number(process.versions.node.split('.')[0]) < 24) {
  problem =
    'Node.js ' +
    process.versions.node +
    ' is too old, and the one that the packages bring is missing: run `npm ci` without --ignore-scripts.';
}
if (problem !== undefined) {
  process.stderr.write(problem + '\n');
  process.exit(1);
}
