/** Addresses of IPv4 and IPv6 as people write them (RFC 4291, section 2.2), and as the tables of /proc/net show them. */

export interface Endpoint {
  /** 4 bytes or 16. */
  readonly address: Uint8Array;
  readonly port: number;
}

const LARGEST_PORT = 0xffff;

/** @param text `127.0.0.1:80`, `[::1]:80` @returns undefined for what is no such thing */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, six, four, digits] = /^(?:\[([\da-fA-F:.]+)\]|([\d.]+)):(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  const address = six === undefined ? parseIpv4(four ?? '') : parseIpv6(six);
  return address === undefined || !(port <= LARGEST_PORT) ? undefined : { address, port };
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':').map(bytesOfGroup)));
  const [before = [], after] = halves;
  if (halves.length > 2 || halves.flat().includes(undefined)) return undefined;
  const head = before.flatMap((group) => group ?? []);
  const tail = after?.flatMap((group) => group ?? []);
  const missing = 16 - head.length - (tail?.length ?? 0);
  // Two colons stand for a group of zeros at least.
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]);
}

/** The last group may be an IPv4 address; elsewhere one would make an address of a wrong length. */
function bytesOfGroup(group: string): readonly number[] | undefined {
  if (group.includes('.')) {
    const four = parseIpv4(group);
    return four && [...four];
  }
  if (!/^[\da-fA-F]{1,4}$/.test(group)) return undefined;
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

/** `0100007F:0050`: words as a little-endian machine has them in memory, then the port. */
export function endpointText({ address, port }: Endpoint): string {
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  const words = Array.from({ length: address.length / 4 }, (_, index) => view.getUint32(index * 4, true));
  return `${words.map((word) => hex(word, 8)).join('')}:${hex(port, 4)}`;
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
