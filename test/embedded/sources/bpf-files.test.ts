import { expect, test } from 'vitest';
import { model } from '../../../src/embedded/model/index.ts';
import { Needs } from '../../../src/embedded/sources/needs.ts';
import { Arena } from '../../../src/embedded/sources/pool.ts';
import { BpfFiles } from '../../../src/embedded/sources/procfs/bpf-files.ts';
import { FakeMemory } from '../fake-memory.ts';
import { Fields } from './fields.ts';

function open() {
  const memory = new FakeMemory();
  return { files: new BpfFiles(memory, model, new Arena(memory)), fields: new Fields(memory), memory };
}

const HEAD = 'pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\n';

test('a map, by what fdinfo tells of it', () => {
  const { files, fields } = open();
  const sizes = 'key_size:\t4\nvalue_size:\t39\nmax_entries:\t7\n';
  const text = `${HEAD}map_type:\t2\n${sizes}map_flags:\t0x80\nmap_extra:\t0x10\nmemlock:\t352\nmap_id:\t154014\nfrozen:\t1\n`;
  const at = files.of('bpf_map_fops', text) ?? 0;
  const members = ['map_type', 'key_size', 'value_size', 'max_entries', 'map_flags', 'map_extra', 'id'];
  const values = members.map((member) => Number(fields.number(at, 'bpf_map', member)));
  expect(values).toEqual([2, 4, 39, 7, 0x80, 0x10, 154014]);
  // Who has it open as well has the same.
  expect(files.of('bpf_map_fops', text)).toBe(at);
});

test.each([
  ['iter', 4],
  ['perf', 7],
  ['kretprobe_multi', 8],
  ['uretprobe_multi', 12],
  ['<99>', 99],
])('a link of type %s, and its program', (name, type) => {
  const { files, fields, memory } = open();
  const text = `${HEAD}link_type:\t${name}\nlink_id:\t5\nprog_tag:\t8b2da58902166093\nprog_id:\t99\n`;
  const at = files.of('bpf_link_fops', text) ?? 0;
  expect([fields.number(at, 'bpf_link', 'id'), fields.number(at, 'bpf_link', 'type')]).toEqual([5, type]);
  const program = fields.pointer(at, 'bpf_link', 'prog');
  expect(fields.number(fields.pointer(program, 'bpf_prog', 'aux'), 'bpf_prog_aux', 'id')).toBe(99);
  const tag = program + model.layoutOf('bpf_prog').field('tag').offset;
  expect(Buffer.from(memory.u8.subarray(tag, tag + 8)).toString('hex')).toBe('8b2da58902166093');
  // Its program, opened, is the same one.
  expect(files.of('bpf_prog_fops', `${HEAD}prog_type:\t26\nprog_id:\t99\n`)).toBe(program);
});

test('files of other kinds are none of these, and what fdinfo does not tell is known', () => {
  const { files } = open();
  expect(files.of('bpf_iter_fops', HEAD)).toBeUndefined();
  expect(files.isUntold(Needs.of(['bpf_map.id', 'bpf_prog_aux.id', 'bpf_link.id']))).toBe(false);
  expect(files.isUntold(Needs.of(['bpf_map.name']))).toBe(true);
});
