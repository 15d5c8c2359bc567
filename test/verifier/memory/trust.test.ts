import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Btf, type TypeId } from '../../../src/btf/index.ts';
import { trustOfField } from '../../../src/verifier/memory/trust.ts';
import { TRUSTED_FIELDS } from '../../../src/verifier/profile/linux-6.18/trusted-fields.ts';
import { isProfiledKernel } from '../kernel-answers.ts';

/** Depend on how a kernel was built. */
const optional = new Set(['mm_struct.owner']);

const reason = isProfiledKernel ? '' : ' (skipped: needs the BTF of Linux 6.18)';
describe.skipIf(!isProfiledKernel)(`the table of trusted fields${reason}`, () => {
  const btf = isProfiledKernel ? Btf.parse(readFileSync('/sys/kernel/btf/vmlinux')) : undefined;
  const required = TRUSTED_FIELDS.filter(({ struct, field }) => !optional.has(`${struct}.${field}`));

  test.each(required)("$struct.$field is in the kernel's list", ({ struct, field, pointee, kind }) => {
    const id = btf?.find(pointee, 'struct') as TypeId; // a name of the table
    expect(btf && trustOfField(btf, struct, field, id)).toBe(kind);
  });

  test("has every field of the kernel's list", () => {
    const named = new Set(TRUSTED_FIELDS.map(({ struct, field, kind }) => `${struct}.${field} ${kind}`));
    const listed: string[] = [];
    for (let id = 1; btf !== undefined && id < btf.endId; id++) {
      const [, struct, kind] = /^(\w+?)__safe_((?:rcu|trusted)(?:_or_null)?)$/.exec(btf.nameOf(id)) ?? [];
      const type = btf.type(id);
      if (struct === undefined || type.kind !== 'struct') continue;
      listed.push(...type.members.map(({ name }) => `${struct}.${name} ${kind}`));
    }
    expect(listed.length).toBeGreaterThan(10);
    expect(listed.filter((entry) => !named.has(entry))).toEqual([]);
  });

  test('a field counts only with its type', () => {
    const other = btf?.find('file', 'struct') as TypeId; // every kernel has it
    expect(btf && trustOfField(btf, 'task_struct', 'real_parent', other)).toBeUndefined();
  });
});
