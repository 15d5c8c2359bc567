/** What docs/objects.md is made of. */
import { readFileSync } from 'node:fs';
import type { CType } from '../../../src/embedded/model/c-types.ts';
import { model, modelParts } from '../../../src/embedded/model/index.ts';
import { reasons } from './reasons.ts';

export interface Measured {
  readonly same: number;
  readonly filled: number;
  readonly differs: number;
  readonly absent: boolean;
}

const isToldOf = (type: CType): boolean =>
  type.kind === 'tagged' && type.tag === 'struct' && model.fieldsOf(type.name).length > 0;

/** @param root of the repository */
export function objectsPageFacts(root: URL) {
  const path = new URL('test/embedded/parity/measured.json', root);
  const measured: { kernel: string; fields: Record<string, Measured> } = JSON.parse(readFileSync(path, 'utf8'));
  const structs = modelParts.flatMap(({ structs: list }) =>
    list.map(({ name, fields }) => ({
      name,
      // A struct within another stands there by its own fields.
      fields: fields.flatMap(({ member, doc }) => (isToldOf(member.type) ? [] : [{ name: member.name, doc }])),
    })),
  );
  return { structs, measured, reasons };
}
