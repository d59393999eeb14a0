// What is done to a built page after Vite: large files are compressed, since the binary holds
// them as they lie here, and the licences of files that were copied whole are added.

import { gzipSync } from 'fflate';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const large = 8 << 10; // bytes; the rest is small enough as it is

/** A plugin for the build of a page into a folder. */
export function finish(folder: string): Plugin {
  return {
    name: 'tutorsocket-finish',
    apply: 'build',
    closeBundle() {
      const assets = join(folder, 'assets');
      if (!existsSync(assets)) return; // the build has failed, and said so
      for (const name of readdirSync(assets)) compress(join(assets, name));
      if (readdirSync(assets).some((name) => name.startsWith('swagger-ui-bundle'))) addSwaggerLicenses(folder);
      compress(join(folder, 'licenses.md'));
    },
  };
}

// The compressor is JavaScript, so that the result is the same wherever it is built: that of
// Node depends on its version and on the processor.
function compress(file: string): void {
  if (!existsSync(file)) return;
  const content = readFileSync(file);
  if (content.length < large) return;
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9, mtime: 0 }));
  rmSync(file);
}

function addSwaggerLicenses(folder: string): void {
  const home = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  const texts = ['NOTICE', 'LICENSE', 'swagger-ui-bundle.js.LICENSE.txt'].map((name) => readFileSync(join(home, name), 'utf8').trim());
  const file = join(folder, 'licenses.md');
  const before = existsSync(file) ? readFileSync(file, 'utf8').trim() : '# Licenses';
  writeFileSync(file, `${before}\n\n## swagger-ui-dist - ${version} (Apache-2.0)\n\n${texts.join('\n\n')}\n`);
}
