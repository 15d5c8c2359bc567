/**
 * Lists of objects out of /proc and /sys: slab caches, dma-bufs, symbols, and the tables of the network (net-tables.ts).
 * Which of them may be read depends on the reader: slabinfo is root's alone, and so is the list of dma-bufs, which stands
 * in debugfs.
 * Facts: slab_show() and cache_show() in mm/slab_common.c, dma_buf_debug_show() in drivers/dma-buf/dma-buf.c, s_show()
 * in kernel/kallsyms.c of Linux 6.18; proc(5).
 */
import type { ListReaders } from '../lists/object-lists.ts';
import type { DmaBuffer, KernelSymbol, SlabCache } from '../lists/records.ts';
import type { Needs } from '../needs.ts';
import { netlinkTable, routeTable, udpTable, unixTable } from './net-tables.ts';
import { type ProcReader, UNREADABLE, VANISHED } from './reader.ts';
import { tcpTable } from './tcp-table.ts';

const SLABINFO = '/proc/slabinfo';
const BUFINFO = '/sys/kernel/debug/dma_buf/bufinfo';
const KALLSYMS = '/proc/kallsyms';
/** Of slabinfo, above the first cache. */
const HEADER_LINES = 2;
const ADDRESS_DIGITS = 16;
const NO_NAME = '<none>';

const decoder = new TextDecoder();

export function procLists(reader: ProcReader): ListReaders {
  return {
    kmem_cache: {
      isThere: () => reader.read(SLABINFO) >= 0,
      read: (needs) => slabCaches(reader, needs),
    },
    dma_buf: {
      isThere: () => reader.read(BUFINFO) >= 0,
      read: () => dmaBuffers(textOf(reader, BUFINFO) ?? ''),
    },
    kallsym_iter: {
      // Everybody may read it, and it is long.
      isThere: () => isKnown(reader.status(KALLSYMS)),
      read: () => symbols(textOf(reader, KALLSYMS) ?? ''),
    },
    tcp_sock: tcpTable(reader),
    udp_sock: udpTable(reader),
    unix_sock: unixTable(reader),
    netlink_sock: netlinkTable(reader),
    fib6_info: routeTable(reader),
  };
}

const isKnown = (status: ReturnType<ProcReader['status']>): boolean => status !== VANISHED && status !== UNREADABLE;

function textOf(reader: ProcReader, path: string): string | undefined {
  const length = reader.read(path);
  return length < 0 ? undefined : decoder.decode(reader.buffer.subarray(0, length));
}

function* slabCaches(reader: ProcReader, needs: Needs): Generator<SlabCache> {
  const wantsObjectSize = needs.has('kmem_cache', 'object_size');
  for (const line of (textOf(reader, SLABINFO) ?? '').split('\n').slice(HEADER_LINES)) {
    const [name, , , size, objectsPerSlab, pagesPerSlab] = line.split(/\s+/);
    if (name === undefined || pagesPerSlab === undefined) continue;
    const objectSize = wantsObjectSize ? textOf(reader, `/sys/kernel/slab/${name}/object_size`) : undefined;
    yield {
      name,
      size: Number(size),
      objectSize: objectSize === undefined ? undefined : Number(objectSize),
      objectsPerSlab: Number(objectsPerSlab),
      pagesPerSlab: Number(pagesPerSlab),
    };
  }
}

/**
 * `00004096\t00000002\t00080007\t00000002\tsystem\t00000012\tname`: size, flags and mode of the file, references,
 * exporter, inode (decimal), and the name, `<none>` if nobody gave one. Lines about fences and devices begin with a tab.
 */
function* dmaBuffers(text: string): Generator<DmaBuffer> {
  for (const line of text.split('\n')) {
    const [, size, exporter, inode, name] =
      /^(\d{8,})\t[\da-f]{8}\t[\da-f]{8}\t\d{8,}\t([^\t]*)\t(\d{8,})\t(.*)$/.exec(line) ?? [];
    if (exporter === undefined) continue;
    yield {
      inode: Number(inode),
      size: Number(size),
      exporter,
      ...(name !== NO_NAME && name !== undefined && { name }),
    };
  }
}

/** `ffffffff81000000 T _stext`, with `\t[module]` behind it for those of modules. */
function* symbols(text: string): Generator<KernelSymbol> {
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    const line = text.slice(at, end);
    const tab = line.indexOf('\t');
    yield {
      high: Number.parseInt(line.slice(0, ADDRESS_DIGITS / 2), 16),
      low: Number.parseInt(line.slice(ADDRESS_DIGITS / 2, ADDRESS_DIGITS), 16),
      type: line.charAt(ADDRESS_DIGITS + 1),
      name: line.slice(ADDRESS_DIGITS + 3, tab < 0 ? undefined : tab),
      module: tab < 0 ? '' : line.slice(tab + 2, -1),
    };
    at = end + 1;
  }
}
