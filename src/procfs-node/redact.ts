/**
 * Takes what is private out of files of /proc, and leaves what programs go by: how many arguments and variables there
 * are and how long, which addresses are the same, ports, how far symbols of the kernel are apart.
 */

const NUL = 0;
const STAR = 0x2a;
const EQUALS = 0x3d;

/** Everything behind the name of the program. */
export function redactArguments(bytes: Uint8Array): Uint8Array {
  const first = bytes.indexOf(NUL);
  return bytes.map((byte, index) => (byte === NUL || first < 0 || index < first ? byte : STAR));
}

/** Everything behind the name of a variable. */
export function redactEnvironment(bytes: Uint8Array): Uint8Array {
  let value = false;
  return bytes.map((byte) => {
    if (byte === NUL) value = false;
    else if (value) return STAR;
    else if (byte === EQUALS) value = true;
    return byte;
  });
}

/** `ffffffff81000000 T _stext`, with `\t[module]` behind it for those of modules. */
const SYMBOL = /^([\da-f]{16})( \S \S+(\t\[)?)/gm;
/** Where Linux on x86-64 has itself and its modules when it does not choose by chance (KASLR). */
const KERNEL_BASE = 0xffff_ffff_8100_0000n;
const MODULE_BASE = 0xffff_ffff_a000_0000n;
/** Of symbols of the kernel's, not of offsets into the memory of a processor. */
const FIRST_ADDRESS = 0xffff_0000_0000_0000n;
const PAGE = 0xfffn;

/**
 * Puts the kernel, and its modules, where they would be if chance had not moved them: where that was is a secret of the
 * machine that keeps attackers from what they need. Distances stay, but for those between the kernel and modules.
 */
export function redactSymbols(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder('latin1').decode(bytes);
  const all = [...text.matchAll(SYMBOL)]
    .map(([, digits, , module]) => ({ address: BigInt(`0x${digits}`), isOwn: module === undefined }))
    .filter(({ address }) => address >= FIRST_ADDRESS);
  const lowest = (own: boolean) =>
    all.reduce((least, { address, isOwn }) => (isOwn === own && address < least ? address : least), 1n << 64n);
  const [kernel, modules] = [lowest(true), lowest(false) & ~PAGE];
  const redacted = text.replace(SYMBOL, (line, digits: string, rest: string, module: string | undefined) => {
    const address = BigInt(`0x${digits}`);
    if (address < FIRST_ADDRESS) return line;
    const moved = module === undefined ? address - kernel + KERNEL_BASE : address - modules + MODULE_BASE;
    return `${moved.toString(16).padStart(16, '0')}${rest}`;
  });
  return Uint8Array.from(redacted, (character) => character.charCodeAt(0));
}

/** Of /proc/PID/stack, addresses that no symbol stands for: another one of which that is true. */
export function redactStack(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder('latin1').decode(bytes);
  return new TextEncoder().encode(text.replace(/^(\[<\w+>\]) 0x[\da-f]+$/gm, '$1 0xffffffff80000000'));
}

/** Addresses of /proc/net/tcp, udp and their like: before a port, words of 8 digits as they lie in memory. */
const WITH_PORT = /\b(?:[\dA-F]{32}|[\dA-F]{8})(?=:[\dA-F]{4}\b)/g;
/** Addresses of /proc/net/ipv6_route: bytes in their order. */
const PLAIN = /\b[\da-f]{32}\b(?!:)/g;

const IPV4_BYTES = 4;
/** Before an IPv4 address that is written as one of IPv6: ten zeros, two bytes of ones. */
const MAPPED = '00000000000000000000ffff';
/** Of IPv6: none, this machine, and what the addresses of a link begin with. */
const KEPT: ReadonlySet<string> = new Set(['0'.repeat(32), `${'0'.repeat(31)}1`, `fe80${'0'.repeat(28)}`]);

/**
 * Puts another address in the place of each, the same for the same: of 198.18.0.0/15 (RFC 2544) and 2001:db8::/32
 * (RFC 3849), which nobody has. Those that tell nothing stay: no address, this machine's own to itself, multicast.
 */
export class AddressRedactor {
  readonly #names = new Map<string, number>();

  /** @param bytes of a file of /proc/net */
  redact(bytes: Uint8Array): Uint8Array {
    const text = new TextDecoder('latin1').decode(bytes);
    const redacted = text
      .replace(WITH_PORT, (words) => turned(this.#replace(turned(words.toLowerCase()))).toUpperCase())
      .replace(PLAIN, (address) => this.#replace(address));
    return Uint8Array.from(redacted, (character) => character.charCodeAt(0));
  }

  /** @param address its bytes in hexadecimal */
  #replace(address: string): string {
    if (address.length === 2 * IPV4_BYTES) return this.#replaceIpv4(address);
    if (address.startsWith(MAPPED)) return MAPPED + this.#replaceIpv4(address.slice(MAPPED.length));
    if (KEPT.has(address) || address.startsWith('ff')) return address;
    return `20010db8${this.#numberOf(address).toString(16).padStart(24, '0')}`;
  }

  #replaceIpv4(address: string): string {
    const first = Number.parseInt(address.slice(0, 2), 16);
    if (address === '00000000' || first === 127 || first >= 224) return address;
    return (0xc6120000 + (this.#numberOf(address) & 0x1ffff)).toString(16);
  }

  #numberOf(address: string): number {
    const number = this.#names.get(address) ?? this.#names.size + 1;
    this.#names.set(address, number);
    return number;
  }
}

/** The bytes of each word of 8 digits the other way round. */
const turned = (words: string): string =>
  words.replace(/(..)(..)(..)(..)/g, (_, a: string, b: string, c: string, d: string) => `${d}${c}${b}${a}`);
