/**
 * Runs of socket lookup programs, after bpf_prog_test_run_sk_lookup() of Linux 6.12. There are no sockets to find, so
 * the cookie of what was selected is 0 unless the program assigned one that it had from a map.
 */
import { AF_INET, AF_INET6 } from '../socket-numbers.ts';
import type { Prepare } from './context.ts';
import { checkOptions, demandZero, misuse, RunMemory, readContext, refusal, repeatOf, viewOf } from './input.ts';
import { skLookupFields as field, skLookupSize } from './uapi-structs.ts';

/** What stands behind the context. */
export class SocketLookup {
  readonly context: number;
  /** Offset of the socket that bpf_sk_assign() chose, 0 for none. */
  selected = 0;
  readonly family: number;
  readonly protocol: number;

  constructor(context: number, family: number, protocol: number) {
    this.context = context;
    this.family = family;
    this.protocol = protocol;
  }
}

const SK_PASS = 1;

export const prepareSkLookup: Prepare = (runtime, program, options) => {
  checkOptions(program, options, { context: true, repeat: true });
  if (options.context === undefined) throw misuse(program, 'needs a context (struct bpf_sk_lookup)');
  const given = readContext(program, options.context, skLookupSize);
  demandZero(program, given, [
    [field.sk, field.sk + 8],
    [field.local_port + 4, skLookupSize],
  ]);
  const view = viewOf(given);
  const localPort = view.getUint32(field.local_port, true);
  if (localPort > 0xffff) throw refusal(program, 'ERANGE', `${localPort} is no port`);
  const family = view.getUint32(field.family, true) & 0xffff;
  if (family !== AF_INET && family !== AF_INET6) throw refusal(program, 'EAFNOSUPPORT');

  const seen = new Uint8Array(skLookupSize);
  const seenView = viewOf(seen);
  const protocol = view.getUint32(field.protocol, true) & 0xffff;
  seenView.setUint32(field.family, family, true);
  seenView.setUint32(field.protocol, protocol, true);
  seenView.setUint32(field.remote_port, view.getUint32(field.remote_port, true) & 0xffff, true);
  seenView.setUint32(field.local_port, localPort, true);
  const copy = (from: number, size: number) => seen.set(given.subarray(from, from + size), from);
  for (const at of family === AF_INET ? [field.remote_ip4, field.local_ip4] : []) copy(at, 4);
  for (const at of family === AF_INET6 ? [field.remote_ip6, field.local_ip6] : []) copy(at, 16);

  const memory = new RunMemory(runtime);
  const context = memory.put(seen);
  const lookup = new SocketLookup(context, family, protocol);
  return {
    context,
    subject: lookup,
    repeat: repeatOf(options),
    begin() {
      lookup.selected = 0;
      runtime.memory.view.setBigUint64(context + field.sk, 0n, true);
    },
    finish(retval) {
      const out = given.slice();
      // Without a socket's own id its offset tells sockets apart as well.
      viewOf(out).setBigUint64(field.cookie, BigInt(retval === SK_PASS ? lookup.selected : 0), true);
      return { retval: retval | 0, contextOut: out };
    },
    release: () => memory.free(),
  };
};
