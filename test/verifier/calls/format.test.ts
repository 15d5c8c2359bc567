import { describe, expect, test } from 'vitest';
import { isFormatValid } from '../../../src/verifier/calls/format.ts';

const isValid = (format: string, count: number): boolean => isFormatValid(new TextEncoder().encode(format), count);

describe('format strings of bpf_snprintf', () => {
  test.each([
    ['', 0],
    ['plain text\n', 0],
    ['100%%', 0],
    ['%d', 1],
    ['%d', 2],
    ['%i %u %x %X', 4],
    ['%ld %lld %llu %llx', 4],
    ['%-8d|%+d|%08x|% d', 4],
    ['%p', 1],
    ['%p, %px %pK %ps %pS %pB', 6],
    ['%pks %pus', 2],
    ['%pi4 %pI4 %pi6 %pI6', 4],
    ['%s', 1],
    ['%10s.', 1],
    ['%c%c', 2],
    ['caf\u00e9', 0],
  ])('%j goes with %i arguments', (format, count) => {
    expect(isValid(format, count)).toBe(true);
  });

  test.each([
    ['%d', 0],
    ['%d %d', 1],
    ['%', 1],
    ['%5', 1],
    ['%f', 1],
    ['%ll', 1],
    ['%llld', 1],
    ['%hd', 1],
    ['%sx', 1],
    ['%pq', 1],
    ['%pi5', 1],
    ['%pksx', 1],
    ['bell\u0007', 0],
  ])('%j does not go with %i arguments', (format, count) => {
    expect(isValid(format, count)).toBe(false);
  });
});
