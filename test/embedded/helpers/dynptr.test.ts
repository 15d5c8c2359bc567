import { expect, test } from 'vitest';
import { initDynptr } from '../../../src/embedded/helpers/dynptr-struct.ts';
import { addressOf } from '../../../src/embedded/index.ts';
import { FakeRuntime } from './fake-runtime.ts';

const E2BIG = -7;
const EINVAL = -22;
const ERANGE = -34;

function setUp(text = 'abcdefgh') {
  const runtime = new FakeRuntime();
  const data = runtime.place(text);
  const at = runtime.memory.allocate(16);
  const call = (name: string, ...words: number[]): number => runtime.function(name)(...words);
  expect(call('bpf_dynptr_from_mem', data, text.length, 0, 0, at)).toBe(0);
  return { runtime, data, at, call };
}

test('the struct is the kernel’s own', () => {
  const { runtime, data, at } = setUp();
  expect(runtime.memory.view.getBigUint64(at, true)).toBe(addressOf(data));
  expect(runtime.memory.view.getUint32(at + 8, true)).toBe(0x1000_0008);
  expect(runtime.memory.view.getUint32(at + 12, true)).toBe(0);
});

test('memory of 2^24 bytes, or flags, are refused and leave a dynptr to nowhere', () => {
  const { runtime, data, at, call } = setUp();
  expect(call('bpf_dynptr_from_mem', data, 1 << 24, 0, 0, at)).toBe(E2BIG);
  expect(call('bpf_dynptr_is_null', at)).toBe(1);
  expect(call('bpf_dynptr_from_mem', data, 8, 0, 1, at)).toBe(EINVAL);
  expect(call('bpf_dynptr_is_null', at)).toBe(1);
  const to = runtime.memory.allocate(8);
  expect(call('bpf_dynptr_read', to, 1, at, 0, 0, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_write', at, 0, to, 1, 0, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_size', at)).toBe(EINVAL);
  expect(call('bpf_dynptr_data', at, 0, 0)).toBe(0);
  expect(call('bpf_dynptr_adjust', at, 0, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_clone', at, to)).toBe(EINVAL);
});

test('bytes are read and written where they are, not beyond', () => {
  const { runtime, data, at, call } = setUp();
  const to = runtime.place('........');
  expect(call('bpf_dynptr_read', to, 3, at, 2, 0, 0)).toBe(0);
  expect(runtime.memory.text(to, 8)).toBe('cde.....');
  expect(call('bpf_dynptr_read', to, 3, at, 6, 0, 0)).toBe(E2BIG);
  expect(call('bpf_dynptr_read', to, 9, at, 0, 0, 0)).toBe(E2BIG);
  expect(call('bpf_dynptr_read', to, 1, at, -1, 0, 0)).toBe(E2BIG);
  expect(call('bpf_dynptr_read', to, 1, at, 0, 1, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_write', at, 6, to, 2, 0, 0)).toBe(0);
  expect(runtime.memory.text(data, 8)).toBe('abcdefcd');
  expect(call('bpf_dynptr_write', at, 7, to, 2, 0, 0)).toBe(E2BIG);
  expect(call('bpf_dynptr_write', at, 0, to, 2, 1, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_data', at, 4, 4)).toBe(data + 4);
  expect(call('bpf_dynptr_data', at, 4, 5)).toBe(0);
});

test('adjusting narrows it; a clone keeps what it was', () => {
  const { runtime, data, at, call } = setUp();
  const clone = runtime.memory.allocate(16);
  expect(call('bpf_dynptr_clone', at, clone)).toBe(0);
  expect(call('bpf_dynptr_adjust', at, 2, 6)).toBe(0);
  expect(call('bpf_dynptr_adjust', at, 1, 4)).toBe(0);
  expect(call('bpf_dynptr_size', at)).toBe(3);
  expect(call('bpf_dynptr_slice', at, 0, 0, 3)).toBe(data + 3);
  expect(call('bpf_dynptr_slice', at, 1, 0, 3)).toBe(0);
  expect(call('bpf_dynptr_adjust', at, 2, 1)).toBe(EINVAL);
  expect(call('bpf_dynptr_adjust', at, 0, 4)).toBe(ERANGE);
  expect(call('bpf_dynptr_size', clone)).toBe(8);
});

test('what is read-only is not written, but read', () => {
  const { runtime, data, at, call } = setUp();
  initDynptr(runtime.memory, at, data, 1, 8, true);
  expect(call('bpf_dynptr_is_rdonly', at)).toBe(1);
  expect(call('bpf_dynptr_size', at)).toBe(8);
  expect(call('bpf_dynptr_write', at, 0, data, 1, 0, 0)).toBe(EINVAL);
  expect(call('bpf_dynptr_slice_rdwr', at, 0, 0, 1)).toBe(0);
  expect(call('bpf_dynptr_data', at, 0, 1)).toBe(0);
  expect(call('bpf_dynptr_slice', at, 0, 0, 1)).toBe(data);
  expect(call('bpf_dynptr_memset', at, 0, 1, 0)).toBe(EINVAL);
});

test('bytes are copied from one to another and set', () => {
  const { runtime, data, at, call } = setUp();
  const other = runtime.memory.allocate(16);
  call('bpf_dynptr_from_mem', data + 2, 6, 0, 0, other);
  expect(call('bpf_dynptr_copy', other, 0, at, 0, 4)).toBe(0);
  expect(runtime.memory.text(data, 8)).toBe('ababcdgh');
  expect(call('bpf_dynptr_copy', other, 3, at, 0, 4)).toBe(E2BIG);
  expect(call('bpf_dynptr_memset', other, 4, 2, 0x158)).toBe(0);
  expect(runtime.memory.text(data, 8)).toBe('ababcdXX');
  expect(call('bpf_dynptr_memset', other, 4, 3, 0x58)).toBe(E2BIG);
});
