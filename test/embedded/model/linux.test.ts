import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { describe, expect, it } from 'vitest';
import { model } from '../../../src/embedded/model/index.ts';
import { readKernelBtf } from '../../../src/host/kernel-btf.ts';
import { kfuncs } from '../../../src/verifier/profile/linux-6.18/kfuncs.ts';
import { describeMembers, describeType, describeValues } from './types.ts';

const comparable = existsSync('/sys/kernel/btf/vmlinux') && release().startsWith('6.18.') && process.arch === 'x64';
const ours = model.btf;

/** Interfaces of the kernel: what programs and the kernel agree on, byte by byte. */
const interfaces = [
  ...[...model.parts].flatMap((part) =>
    /Contexts$|Iterators|Objects of programs|Headers of packets/.test(part.title) ? part.declarations : [],
  ),
]
  .filter(({ tag, name }) => tag === 'struct' && name !== 'bpf_key' && name !== 'bpf_crypto_ctx')
  .map(({ name }) => name);

it('declares every kfunc that the verifier knows, and marks it', () => {
  const marked = new Set<string>();
  for (let id = 1; id < ours.endId; id++) {
    const type = ours.type(id);
    if (type.kind === 'decl_tag' && type.name === 'bpf_kfunc') marked.add(ours.nameOf(type.type));
  }
  expect([...marked].sort()).toEqual([...kfuncs.keys()].sort());
});

describe.skipIf(!comparable)('like the running Linux 6.18', () => {
  const theirs = comparable ? readKernelBtf() : undefined;

  it.each([...kfuncs.keys()])('has kfunc %s', (name) => {
    expect(describeType(ours, ours.find(name, 'func') ?? 0)).toBe(
      describeType(theirs ?? ours, theirs?.find(name, 'func') ?? 0),
    );
  });

  const attachable = model.parts.flatMap(({ title, declarations }) =>
    title === 'Tracing'
      ? declarations.filter(({ tag, name }) => tag === 'function' || name.startsWith('btf_trace_'))
      : [],
  );

  it.each(attachable.map(({ tag, name }) => [name, tag === 'function' ? 'func' : 'typedef'] as const))(
    'has %s to attach to',
    (name, kind) => {
      const id = theirs?.find(name, kind);
      if (theirs === undefined || id === undefined) return;
      // Tracepoints have parameters without names there.
      const text = (btf: typeof ours, type: number) => {
        const found = btf.type(type);
        return describeType(btf, found.kind === 'typedef' ? found.type : type);
      };
      expect(text(ours, ours.find(name, kind) ?? 0)).toBe(text(theirs, id));
    },
  );

  // No file tells whose a Unix socket is.
  const smaller: ReadonlySet<string> = new Set(['bpf_iter__unix']);

  it.each(interfaces.filter((name) => !smaller.has(name)))('lays out struct %s', (name) => {
    const id = theirs?.find(name, 'struct');
    // A target or a feature that the running kernel was built without.
    if (theirs === undefined || id === undefined) return;
    expect(describeMembers(ours, ours.find(name, 'struct') ?? 0)).toBe(describeMembers(theirs, id));
  });

  it.each(['bpf_map_type', 'bpf_prog_type', 'bpf_attach_type', 'bpf_func_id', 'pid_type'])('counts enum %s', (name) => {
    const id = theirs?.find(name, 'enum');
    if (theirs === undefined || id === undefined) return;
    expect(describeValues(ours, ours.find(name, 'enum') ?? 0)).toEqual(describeValues(theirs, id));
  });
});
