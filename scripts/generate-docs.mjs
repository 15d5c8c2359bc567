/** Writes the pages under docs/ that are made from tables: `npm run docs`, which builds dist/ first. */
import { writeFileSync } from 'node:fs';
import { FEATURES, SECTION_DEFINITIONS } from '../dist/object/index.js';
import * as uapi from '../dist/uapi/index.js';
import { kernelsPage } from './kernels-page.mjs';

const page = kernelsPage({ ...uapi, features: FEATURES.values(), sections: SECTION_DEFINITIONS });
writeFileSync(new URL('../docs/kernels.md', import.meta.url), page);
