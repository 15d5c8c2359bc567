/**
 * The hash of a packet's flow. Linux takes a secret key from boot to boot, so that its values mean nothing outside of
 * one: only that packets of one flow, in either direction, have the same one, and that none has 0.
 */
import { ETH_P_IP, ETH_P_IPV6 } from './ethernet.ts';
import type { SkBuff } from './sk-buff.ts';

const PROTOCOLS_WITH_PORTS = new Set([6, 17, 132]);

export function flowHash(packet: SkBuff): number {
  const { u8, view } = packet.runtime.memory;
  const network = packet.data + packet.networkOffset;
  const left = packet.tail - network;
  if (packet.protocol === ETH_P_IP && left >= 20) {
    const headerLength = ((u8[network] as number) & 0xf) * 4;
    return hashFlow(
      [view.getUint32(network + 12)],
      [view.getUint32(network + 16)],
      u8[network + 9] as number,
      headerLength,
    );
  }
  if (packet.protocol === ETH_P_IPV6 && left >= 40) {
    const words = (from: number) => [0, 4, 8, 12].map((at) => view.getUint32(from + at));
    return hashFlow(words(network + 8), words(network + 24), u8[network + 6] as number, 40);
  }
  return mix([packet.protocol]);

  function hashFlow(source: number[], destination: number[], protocol: number, headerLength: number): number {
    const ports =
      PROTOCOLS_WITH_PORTS.has(protocol) && left >= headerLength + 4
        ? [view.getUint16(network + headerLength), view.getUint16(network + headerLength + 2)]
        : [0, 0];
    const ends = [
      [...source, ports[0] as number],
      [...destination, ports[1] as number],
    ].sort(compareWords);
    return mix([protocol, ...ends.flat()]);
  }
}

function compareWords(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((word, index) => word !== b[index]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** FNV-1a over words, with a last stir so that low bits depend on all. */
function mix(words: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const word of words) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 0xff), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0 || 1;
}
