/**
 * Runs of programs that Linux does not test-run, but that need no more than the struct which is their context: it is
 * given as UAPI has it, goes back as the program left it, and pointers in it are filled in here. Where the struct
 * points at bytes (a message, an option's value, headers), they are the run's data.
 */
import {
  BPF_PROG_TYPE_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE_CGROUP_SOCKOPT,
  BPF_PROG_TYPE_CGROUP_SYSCTL,
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SK_MSG,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SOCK_OPS,
  BPF_PROG_TYPE_TRACEPOINT,
} from '../../uapi/index.ts';
import { EFAULT, EINVAL } from '../packets/errno.ts';
import { Packet } from '../packets/packet.ts';
import type { Runtime } from '../runtime.ts';
import type { Prepare, ProgramToRun } from './context.ts';
import { checkOptions, demandZero, misuse, RunMemory, readContext, refusal, repeatOf } from './input.ts';
import { putAddress } from './sk-buff-run.ts';
import { sockFields, sockSize } from './uapi-structs.ts';

interface StructContext {
  readonly struct: string;
  /** Of the whole struct, or the most where it may be shorter (records of tracepoints). */
  readonly size: number;
  /** 8-byte fields that point at the data and behind it; one field where both are the same. */
  readonly data?: readonly [start: number, end: number];
  /** 8-byte field of the socket, and which fields of the struct it has too. */
  readonly sk?: number;
  readonly sock?: Readonly<Partial<Record<keyof typeof sockFields, number>>>;
  /** Without one: the socket is there only if this 4-byte field is not 0. */
  readonly skIf?: number;
  /** 4-byte field that holds how many bytes of data there are. */
  readonly length?: number;
}

export const structContexts: ReadonlyMap<number, StructContext> = new Map<number, StructContext>([
  [BPF_PROG_TYPE_KPROBE, { struct: 'pt_regs', size: 168 }],
  [BPF_PROG_TYPE_TRACEPOINT, { struct: 'tracepoint record', size: 8192 }],
  [BPF_PROG_TYPE_PERF_EVENT, { struct: 'bpf_perf_event_data', size: 184 }],
  [BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, { struct: 'row of arguments', size: 96, data: [0, 0] }],
  [BPF_PROG_TYPE_LIRC_MODE2, { struct: 'sample', size: 4 }],
  [BPF_PROG_TYPE_CGROUP_SOCK, { struct: 'bpf_sock', size: sockSize }],
  [BPF_PROG_TYPE_CGROUP_DEVICE, { struct: 'bpf_cgroup_dev_ctx', size: 12 }],
  [
    BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
    { struct: 'bpf_sock_addr', size: 72, sk: 64, sock: { family: 28, type: 32, protocol: 36 } },
  ],
  [BPF_PROG_TYPE_CGROUP_SYSCTL, { struct: 'bpf_sysctl', size: 8 }],
  [BPF_PROG_TYPE_CGROUP_SOCKOPT, { struct: 'bpf_sockopt', size: 40, sk: 0, data: [8, 16] }],
  [
    BPF_PROG_TYPE_SOCK_OPS,
    {
      struct: 'bpf_sock_ops',
      size: 224,
      data: [192, 200],
      sk: 184,
      skIf: 72,
      sock: {
        family: 20,
        dst_ip4: 24,
        src_ip4: 28,
        dst_ip6: 32,
        src_ip6: 48,
        dst_port: 66,
        src_port: 68,
        state: 88,
      },
    },
  ],
  [
    BPF_PROG_TYPE_SK_MSG,
    {
      struct: 'sk_msg_md',
      size: 80,
      data: [0, 8],
      length: 68,
      sk: 72,
      sock: { family: 16, dst_ip4: 20, src_ip4: 24, dst_ip6: 28, src_ip6: 44, dst_port: 62, src_port: 64 },
    },
  ],
  [
    BPF_PROG_TYPE_SK_REUSEPORT,
    { struct: 'sk_reuseport_md', size: 56, data: [0, 8], length: 16, sk: 40, sock: { protocol: 24 } },
  ],
]);

/** How many bytes each copied field of struct bpf_sock has. */
const widths: Readonly<Partial<Record<keyof typeof sockFields, number>>> = { src_ip6: 16, dst_ip6: 16, dst_port: 2 };

/** What stands behind the context: where the data is, and what helpers keep of this run. */
export class GivenStruct extends Packet {
  readonly context: number;
  readonly #row: StructContext;
  readonly #memory: RunMemory;
  /** Offset of the data, and of what is behind it. */
  start: number;
  end: number;
  /** Of bpf_set_retval(). */
  retval = 0;
  /** Of bpf_msg_apply_bytes() and bpf_msg_cork_bytes(). */
  applyBytes = 0;
  corkBytes = 0;
  /** Offset of the socket that the struct points at, or 0. */
  sock = 0;

  constructor(runtime: Runtime, row: StructContext, memory: RunMemory, context: number, data: Uint8Array) {
    super(runtime);
    this.#row = row;
    this.#memory = memory;
    this.context = context;
    this.start = memory.put(data);
    this.end = this.start + data.length;
    this.sync();
  }

  get length(): number {
    return this.end - this.start;
  }

  pointer(offset: number, length: number): number {
    return offset + length <= this.length ? this.start + offset : 0;
  }

  load(offset: number, to: number, length: number): number {
    const { u8 } = this.runtime.memory;
    const from = this.pointer(offset, length);
    if (from === 0) {
      u8.fill(0, to, to + length);
      return EFAULT;
    }
    u8.copyWithin(to, from, from + length);
    return 0;
  }

  /** Programs write what their struct points at directly, where they may at all. */
  store(): number {
    return EINVAL;
  }

  get bytes(): Uint8Array {
    return this.runtime.memory.u8.slice(this.start, this.end);
  }

  /** The data is another from here on. */
  replace(bytes: Uint8Array): void {
    this.start = this.#memory.put(bytes);
    this.end = this.start + bytes.length;
    this.sync();
  }

  /** Lets the program see a part of the data only, until it is another (bpf_msg_pull_data). */
  show(from: number, to: number): void {
    this.#point(this.start + from, this.start + to);
  }

  /** Writes what the struct says about the data. */
  sync(): void {
    this.#point(this.start, this.end);
    const { length } = this.#row;
    if (length !== undefined) this.runtime.memory.view.setUint32(this.context + length, this.length, true);
  }

  #point(from: number, to: number): void {
    const { data } = this.#row;
    if (data === undefined) return;
    const { view } = this.runtime.memory;
    const [start, end] = data;
    if (end !== start) putAddress(view, this.context + end, to);
    putAddress(view, this.context + start, from);
  }
}

export const prepareStruct: Prepare = (runtime, program, options) => {
  const row = structContexts.get(program.type);
  if (row === undefined) throw new RangeError(`no struct for program type ${program.type}`);
  const takesData = row.data !== undefined || program.type === BPF_PROG_TYPE_CGROUP_SYSCTL;
  checkOptions(program, options, { context: true, repeat: true, ...(takesData && { data: 0 }) });
  const given = contextOf(program, row, options.context);
  const memory = new RunMemory(runtime);
  const context = memory.put(given);
  const subject = new GivenStruct(runtime, row, memory, context, options.data ?? new Uint8Array());
  subject.sock = addSock(runtime, row, memory, context);
  return {
    context,
    subject,
    repeat: repeatOf(options),
    begin: () => {},
    finish: (retval) => ({
      retval: retval | 0,
      ...(options.data !== undefined && { dataOut: subject.bytes }),
      ...(options.context !== undefined && { contextOut: withoutPointers(row, memory.take(context, row.size)) }),
    }),
    release: () => memory.free(),
  };
};

function contextOf(program: ProgramToRun, row: StructContext, context: Uint8Array = new Uint8Array()): Uint8Array {
  if (context.length < Math.min(program.maxContextOffset, row.size)) {
    const what = `it uses ${program.maxContextOffset} bytes of its context (${row.struct})`;
    // Pointers are not for the user to give.
    if (context.length > 0) throw refusal(program, 'EINVAL', `${what}, and ${context.length} are given`);
    throw misuse(program, `needs a context (${row.struct} of ${row.size} bytes)`);
  }
  const given = readContext(program, context, row.size);
  const pointers = [...(row.data ?? []), ...(row.sk === undefined ? [] : [row.sk])];
  demandZero(
    program,
    given,
    pointers.map((at) => [at, at + 8] as const),
  );
  return given;
}

function addSock(runtime: Runtime, row: StructContext, memory: RunMemory, context: number): number {
  if (row.sk === undefined) return 0;
  if (row.skIf !== undefined && runtime.memory.u32[(context + row.skIf) >> 2] === 0) return 0;
  const sock = memory.reserve(sockSize);
  const { u8, view } = runtime.memory;
  for (const [name, from] of Object.entries(row.sock ?? {})) {
    const to = sockFields[name as keyof typeof sockFields];
    u8.copyWithin(sock + to, context + from, context + from + (widths[name as keyof typeof sockFields] ?? 4));
  }
  putAddress(view, context + row.sk, sock);
  return sock;
}

/** Addresses of this run mean nothing to the caller. */
function withoutPointers(row: StructContext, context: Uint8Array): Uint8Array {
  for (const at of [...(row.data ?? []), ...(row.sk === undefined ? [] : [row.sk])]) context.fill(0, at, at + 8);
  return context;
}
