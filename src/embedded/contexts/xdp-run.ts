/**
 * Runs of XDP programs, after net/bpf/test_run.c of Linux 6.12 and the behaviour of 6.18. Live frames, which go out on
 * a device, are the host kernel's.
 */
import { BpfiterError } from '../../errors.ts';
import { BPF_F_TEST_XDP_LIVE_FRAMES, BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from '../../uapi/index.ts';
import { ETH_HLEN } from '../packets/ethernet.ts';
import { MAX_FRAGMENTS, PAGE, XDP_FRAME, XDP_HEADROOM, XDP_TAILROOM, XdpBuff } from '../packets/xdp-buff.ts';
import type { Prepare, ProgramToRun } from './context.ts';
import { checkOptions, RunMemory, readContext, refusal, repeatOf, viewOf } from './input.ts';
import { xdpMdFields as field, xdpMdSize } from './uapi-structs.ts';

const LOOPBACK = 1;

export const prepareXdp: Prepare = (runtime, program, options) => {
  checkOptions(program, options, { data: ETH_HLEN, context: true, repeat: true, flags: BPF_F_TEST_XDP_LIVE_FRAMES });
  const { data = new Uint8Array() } = options;
  if ([BPF_XDP_DEVMAP, BPF_XDP_CPUMAP].includes(program.expectedAttachType)) {
    throw refusal(program, 'EINVAL', 'programs of devmaps and cpumaps do not run by themselves');
  }
  if (((options.flags ?? 0) & BPF_F_TEST_XDP_LIVE_FRAMES) !== 0) {
    throw new BpfiterError('unsupported', `program '${program.name}': live frames need the host kernel`);
  }
  const given = options.context === undefined ? undefined : readContext(program, options.context, xdpMdSize);
  const { meta, linear } = layOut(program, given, data.length);
  const memory = new RunMemory(runtime);
  const context = memory.reserve(xdpMdSize);
  const packet = new XdpBuff(runtime, context, data, linear, XDP_HEADROOM - meta);
  packet.data += meta;
  packet.sync();
  runtime.memory.u32[(context + field.ingress_ifindex) >> 2] = LOOPBACK;

  return {
    context,
    subject: packet,
    repeat: repeatOf(options),
    begin: () => {},
    finish(retval) {
      const out = given?.slice();
      if (out !== undefined) {
        const view = viewOf(out);
        view.setUint32(field.data, packet.data - packet.dataMeta, true);
        view.setUint32(field.data_end, packet.dataEnd - packet.dataMeta, true);
      }
      return { retval: retval | 0, dataOut: packet.bytes(), ...(out !== undefined && { contextOut: out }) };
    },
    release() {
      packet.release();
      memory.free();
    },
  };
};

/**
 * A given xdp_md counts from the data's first byte: `data` says how much of it is metadata, `data_end` how much lies
 * in the first page.
 */
function layOut(program: ProgramToRun, given: Uint8Array | undefined, size: number): { meta: number; linear: number } {
  const refuse = (because: string): never => {
    throw refusal(program, 'EINVAL', because);
  };
  let meta = 0;
  let wanted = size;
  if (given !== undefined) {
    const view = viewOf(given);
    const get = (name: keyof typeof field) => view.getUint32(field[name], true);
    if (get('data_meta') !== 0) refuse('data_meta of the context must be 0');
    if (get('data_end') > size) refuse(`data_end is beyond the ${size} bytes of data`);
    if (get('data') > get('data_end')) refuse('data is behind data_end');
    meta = get('data');
    wanted = get('data_end');
    if ((meta & 3) !== 0 || meta > 255 || meta > XDP_HEADROOM - XDP_FRAME) refuse(`metadata of ${meta} bytes`);
  }
  const linear = Math.min(wanted, PAGE - (XDP_HEADROOM - meta) - XDP_TAILROOM);
  if (size - meta < ETH_HLEN) refuse(`fewer than ${ETH_HLEN} bytes behind the metadata`);
  if (given !== undefined) checkDevice(program, viewOf(given));
  if (size > linear + MAX_FRAGMENTS * PAGE) {
    throw refusal(program, 'ENOMEM', `more than ${MAX_FRAGMENTS} fragments of ${PAGE} bytes`);
  }
  return { meta, linear };
}

function checkDevice(program: ProgramToRun, given: DataView): void {
  const ingress = given.getUint32(field.ingress_ifindex, true);
  const queue = given.getUint32(field.rx_queue_index, true);
  if (given.getUint32(field.egress_ifindex, true) !== 0) {
    throw refusal(program, 'EINVAL', 'egress_ifindex of the context must be 0');
  }
  if (ingress === 0 && queue !== 0) throw refusal(program, 'EINVAL', 'rx_queue_index without ingress_ifindex');
  if (ingress > LOOPBACK) throw refusal(program, 'ENODEV', 'the embedded kernel has the loopback device only');
  if (queue !== 0) throw refusal(program, 'EINVAL', 'the loopback device has one receive queue');
}
