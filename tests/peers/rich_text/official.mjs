// What Bluesky's official library makes of each text: `node official.mjs FOLDER`, texts as JSON on standard input.
//
// FOLDER has the installed Bluesky server, which depends on the library.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { RichText } = createRequire(join(process.argv[2], 'package.json'))('@atproto/api');

const KINDS = { mention: ['mention', 'did'], link: ['link', 'uri'], tag: ['tag', 'tag'] };

function answer(text) {
  const rich = new RichText({ text });
  rich.detectFacetsWithoutResolution();
  const facets = (rich.facets ?? []).map(({ index, features }) => {
    const [kind, name] = KINDS[features[0].$type.split('#')[1]];
    return { byte_start: index.byteStart, byte_end: index.byteEnd, kind, value: features[0][name] };
  });
  return { text, graphemes: rich.graphemeLength, utf8_bytes: rich.length, facets };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(answer)));
