/**
 * Runs of netfilter programs, after bpf_prog_test_run_nf() of Linux 6.12: the hook's state and an sk_buff, to which
 * the context points. Programs read both by BTF and the packet through a dynptr.
 */
import { ETH_HLEN, ETH_P_IP, ETH_P_IPV6 } from '../packets/ethernet.ts';
import { SKB_HEADROOM, SKB_SHARED_INFO, SkBuff } from '../packets/sk-buff.ts';
import type { Prepare, ProgramToRun } from './context.ts';
import { checkOptions, demandZero, RunMemory, readContext, refusal, repeatOf, viewOf } from './input.ts';
import { putAddress, takeEthernetHeader } from './sk-buff-run.ts';
import { nfHookStateFields as field, nfHookStateSize } from './uapi-structs.ts';

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const PAGE = 4096;
const NFPROTO_IPV4 = 2;
const NFPROTO_IPV6 = 10;
const NF_INET_LOCAL_OUT = 3;

export const prepareNetfilter: Prepare = (runtime, program, options) => {
  checkOptions(program, options, { data: IPV4_HEADER, context: true, repeat: true });
  const { data = new Uint8Array() } = options;
  if (data.length > PAGE - SKB_HEADROOM - SKB_SHARED_INFO) {
    throw refusal(program, 'EINVAL', `more than ${PAGE - SKB_HEADROOM - SKB_SHARED_INFO} bytes of data`);
  }
  const { hook, pf } = hookState(program, options.context);
  const memory = new RunMemory(runtime);
  const context = memory.reserve(16);
  const state = memory.reserve(nfHookStateSize);
  const skb = memory.reserve(8);
  const packet = new SkBuff(runtime, 0, data);
  const release = () => {
    packet.release();
    memory.free();
  };
  try {
    if (hook === NF_INET_LOCAL_OUT) packet.protocol = pf === NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6;
    else demandEthernet(program, packet, pf);
  } catch (error) {
    release();
    throw error;
  }
  const { u8, view } = runtime.memory;
  u8[state + field.hook] = hook;
  u8[state + field.pf] = pf;
  putAddress(view, context, state);
  putAddress(view, context + 8, skb);
  return {
    context,
    subject: packet,
    repeat: repeatOf(options),
    begin: () => {},
    finish: (retval) => ({ retval: retval | 0 }),
    release,
  };
};

function hookState(program: ProgramToRun, context: Uint8Array | undefined): { hook: number; pf: number } {
  if (context === undefined) return { hook: NF_INET_LOCAL_OUT, pf: NFPROTO_IPV4 };
  const given = readContext(program, context, nfHookStateSize);
  demandZero(program, given, [[field.in, field.okfn + 8]]);
  const view = viewOf(given);
  const pf = view.getUint8(field.pf);
  if (pf !== NFPROTO_IPV4 && pf !== NFPROTO_IPV6) throw refusal(program, 'EINVAL', `no protocol family ${pf} here`);
  return { hook: view.getUint8(field.hook), pf };
}

function demandEthernet(program: ProgramToRun, packet: SkBuff, pf: number): void {
  const least = (size: number) => {
    if (packet.length < size) throw refusal(program, 'EINVAL', `fewer than ${size} bytes of data`);
  };
  least(ETH_HLEN + IPV4_HEADER);
  const total = packet.length;
  takeEthernetHeader(packet);
  const isIpv6 = packet.protocol === ETH_P_IPV6;
  if (packet.protocol !== ETH_P_IP && !isIpv6) throw refusal(program, 'EPROTO', 'the data is no IP packet');
  if (isIpv6 && total < ETH_HLEN + IPV6_HEADER)
    throw refusal(program, 'EINVAL', 'the data ends within the IPv6 header');
  if (isIpv6 !== (pf === NFPROTO_IPV6)) throw refusal(program, 'EINVAL', `the packet is not of protocol family ${pf}`);
}
