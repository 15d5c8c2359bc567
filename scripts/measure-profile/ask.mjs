/** How the parts of measure-profile ask the running kernel: instructions, loads and their answers. */
import { closeSync } from 'node:fs';
import { kernelBtf } from '../../dist/host/index.js';
import { loadProgram } from '../../dist/host/program-load.js';
import { encodeAll } from '../../dist/isa/index.js';
import { BPF_F_SLEEPABLE, BPF_LOG_LEVEL1, BPF_LOG_LEVEL2 } from '../../dist/uapi/index.js';

export const btf = kernelBtf();

export const mov = (dst, immediate) => ({ kind: 'alu', width: 64, op: 'mov', dst, source: { immediate } });
export const copy = (dst, register) => ({ kind: 'alu', width: 64, op: 'mov', dst, source: { register } });
export const add = (dst, immediate) => ({ kind: 'alu', width: 64, op: 'add', dst, source: { immediate } });
/** dst = r10 + offset */
export const stackAddress = (dst, offset) => [copy(dst, 10), add(dst, offset)];
export const load = (dst, base, off, size = 8) => ({ kind: 'load', size, signed: false, dst, base, off });
export const store = (base, off, source, size = 8) => ({ kind: 'store', size, base, off, source });
export const callHelper = (id) => ({ kind: 'call', target: { kind: 'helper', id } });
export const callSubprogram = (off) => ({ kind: 'call', target: { kind: 'subprogram', off } });
export const loadMap = (dst, fd) => ({ kind: 'ld_imm64', dst, source: { kind: 'map_fd', fd } });
export const jump = (condition, dst, source, off) => ({ kind: 'jump', width: 64, condition, dst, source, off });
export const exit = { kind: 'exit' };
/** `if (register == NULL) return 0;` */
export const returnIfNull = (register) => [jump('ne', register, { immediate: 0 }, 2), mov(0, 0), exit];
/** r1 ... as zeroes on the stack: eight words below r10. */
export const zeroStack = Array.from({ length: 8 }, (_, i) => store(10, -8 * (i + 1), { immediate: 0 }));

const statistics = /^(processed \d+ insns|verification time|stack depth|peak_states|max_states)/;

/**
 * Loads a program and throws it away.
 * @returns { accepted, errno, log, message }: errno positive, message the last line that says something
 */
export function tryLoad(kind, insns, { level = 0, ...rest } = {}) {
  const { result, log } = loadProgram(
    {
      type: kind.type,
      expectedAttachType: kind.attach,
      attachBtfId: kind.btfId,
      flags: kind.sleepable ? BPF_F_SLEEPABLE : 0,
      license: 'GPL',
      insns: encodeAll(insns),
      ...rest,
    },
    level,
  );
  if (result >= 0) closeSync(result);
  const message = log.split('\n').findLast((line) => line.trim() !== '' && !statistics.test(line)) ?? '';
  return { accepted: result >= 0, errno: result < 0 ? -result : 0, log, message: message.trim() };
}

/** Loads with the state after each instruction in the log. */
export const tryLoadVerbosely = (kind, insns) => tryLoad(kind, insns, { level: BPF_LOG_LEVEL1 | BPF_LOG_LEVEL2 });

/**
 * What the log says of a register, the first time: 'scalar', 'pkt', 'trusted_ptr_or_null_ task_struct' (a BTF pointer
 * and its struct in two words).
 */
export function registerOf(log, register) {
  const text = new RegExp(`\\bR${register}(?:_w)?=(\\w+)`).exec(log)?.[1] ?? 'unknown';
  const pointer = /^((?:[a-z]+_)*?ptr_(?:or_null_)?)(\w+)$/.exec(text);
  return pointer ? `${pointer[1]} ${pointer[2]}` : text;
}
