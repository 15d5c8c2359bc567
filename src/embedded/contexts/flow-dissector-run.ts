/**
 * Runs of flow dissectors: a __sk_buff with nothing but the data and the keys that the program fills, which are what
 * comes back as data. After bpf_prog_test_run_flow_dissector() and bpf_flow_dissect() of Linux 6.12.
 */
import { ETH_ADDRESSES, ETH_HLEN } from '../packets/ethernet.ts';
import type { Prepare } from './context.ts';
import { checkOptions, demandZero, RunMemory, readContext, refusal, repeatOf, viewOf } from './input.ts';
import { putAddress } from './sk-buff-run.ts';
import { flowKeysSize, flowKeysFields as key, skBuffFields, skBuffSize } from './uapi-structs.ts';

const PAGE = 4096;

/** What stands behind the context: there is no sk_buff, so bpf_flow_dissector_load_bytes() fails. */
export class FlowDissection {
  readonly context: number;

  constructor(context: number) {
    this.context = context;
  }
}

export const prepareFlowDissector: Prepare = (runtime, program, options) => {
  checkOptions(program, options, { data: ETH_HLEN, context: true, repeat: true });
  const { data = new Uint8Array() } = options;
  if (data.length > PAGE) throw refusal(program, 'EINVAL', `more than ${PAGE} bytes of data`);
  let flags = 0;
  if (options.context !== undefined) {
    const given = readContext(program, options.context, flowKeysSize);
    demandZero(program, given, [
      [0, key.flags],
      [key.flags + 4, flowKeysSize],
    ]);
    flags = viewOf(given).getUint32(key.flags, true);
  }
  const memory = new RunMemory(runtime);
  const context = memory.reserve(skBuffSize);
  const start = memory.put(data);
  const keys = memory.reserve(flowKeysSize);
  const { view } = runtime.memory;
  view.setUint32(context + skBuffFields.data, start, true);
  view.setUint32(context + skBuffFields.data_end, start + data.length, true);
  putAddress(view, context + skBuffFields.flow_keys, keys);

  return {
    context,
    subject: new FlowDissection(context),
    repeat: repeatOf(options),
    begin() {
      const memoryNow = runtime.memory;
      memoryNow.u8.fill(0, keys, keys + flowKeysSize);
      memoryNow.u8.copyWithin(keys + key.n_proto, start + ETH_ADDRESSES, start + ETH_HLEN);
      memoryNow.view.setUint16(keys + key.nhoff, ETH_HLEN, true);
      memoryNow.view.setUint16(keys + key.thoff, ETH_HLEN, true);
      memoryNow.view.setUint32(keys + key.flags, flags, true);
    },
    finish(retval) {
      const now = runtime.memory.view;
      const clamp = (field: number, least: number) => {
        const value = Math.min(Math.max(now.getUint16(keys + field, true), least), data.length);
        now.setUint16(keys + field, value, true);
        return value;
      };
      clamp(key.thoff, clamp(key.nhoff, ETH_HLEN));
      return { retval: retval | 0, dataOut: memory.take(keys, flowKeysSize) };
    },
    release: () => memory.free(),
  };
};
