/** `bpfiter link show`: the links of the kernel, in the form of `bpftool link show` (facts/iterators.md 6.4). */
import type { LinkInfo } from '../../index.ts';
import { formatJson } from '../../records/index.ts';
import type { Command } from '../command.ts';
import { writeLine } from '../output.ts';
import { parseNumber, type Words } from '../words.ts';

export const link: Command = {
  name: 'link',
  summary: 'show the links of the kernel (as bpftool link show)',
  usage: ['link show [id LINK_ID | pinned FILE]'],
  options: [],

  async run(invocation) {
    const { words, jsonIndent } = invocation;
    if (words.left > 0) words.expectKeyword('show', 'list');
    const selector = parseSelector(words);
    words.end();
    const kernel = await invocation.openLastingKernel();
    const links = selector === undefined ? [...kernel.links()] : [infoOf(kernel.openLink(selector))];
    if (jsonIndent !== undefined) {
      const objects = links.map(jsonFields);
      await writeLine(formatJson(selector === undefined ? objects : objects[0], jsonIndent));
      return 0;
    }
    for (const info of links) await writeLine(plainLine(info));
    return 0;
  },
};

function parseSelector(words: Words): { readonly id: number } | { readonly pinned: string } | undefined {
  if (words.takeKeyword('id')) return { id: parseNumber(words.expect('the link id'), 'a link id') };
  if (words.takeKeyword('pinned')) return { pinned: words.expect('the path of the pinned link') };
  return undefined;
}

function infoOf(opened: Disposable & { info(): LinkInfo }): LinkInfo {
  using held = opened;
  return held.info();
}

/** bpftool's line, its trailing blanks included. */
function plainLine(info: LinkInfo): string {
  const head = `${info.id}: ${info.type}  prog ${info.programId}  `;
  if (info.targetName === undefined) return head;
  return `${head}target_name ${info.targetName}  ${plainTarget(info)}`;
}

function plainTarget({ tid, pid, mapId, cgroupId, cgroupOrder }: LinkInfo): string {
  if (tid !== undefined) return `tid ${tid} `;
  if (pid !== undefined) return `pid ${pid} `;
  if (cgroupId !== undefined) return `cgroup_id ${cgroupId}  order ${cgroupOrder}  `;
  if (mapId !== undefined) return `map_id ${mapId}  `;
  return '';
}

function jsonFields(info: LinkInfo): Record<string, unknown> {
  const { id, type, programId, targetName, mapId, tid, pid, cgroupId, cgroupOrder } = info;
  const target = { map_id: mapId, tid, pid, cgroup_id: cgroupId, order: cgroupOrder };
  const given = Object.entries({ target_name: targetName, ...target }).filter(([, value]) => value !== undefined);
  return { id, type, prog_id: programId, ...Object.fromEntries(given) };
}
