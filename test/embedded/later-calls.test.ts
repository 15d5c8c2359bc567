/** Calls that wait for the event loop, for the end of a run, or for longer than an event loop can. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LaterCalls } from '../../src/embedded/later-calls.ts';

const DAY = 24 * 3600 * 1000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a call waits for its time, be it longer than setTimeout() can wait', () => {
  const calls = new LaterCalls();
  const ran: string[] = [];
  calls.add(40 * DAY * 1e6, () => ran.push('long'));
  calls.add(5e6, () => ran.push('short'));
  vi.advanceTimersByTime(4);
  expect(ran).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ran).toEqual(['short']);
  vi.advanceTimersByTime(39 * DAY);
  expect(ran).toEqual(['short']);
  vi.advanceTimersByTime(DAY);
  expect(ran).toEqual(['short', 'long']);
});

test('a run ends with what is due, but not with what that starts anew', () => {
  const calls = new LaterCalls();
  const ran: string[] = [];
  const again = () => {
    ran.push('again');
    calls.add(0, again);
  };
  calls.add(0, again);
  calls.add(3e6, () => ran.push('later'));
  const cancel = calls.add(0, () => ran.push('cancelled'));
  cancel();
  calls.runDue();
  expect(ran).toEqual(['again']);
  calls.runDue();
  expect(ran).toEqual(['again', 'again']);
  calls.clear();
  vi.advanceTimersByTime(DAY);
  expect(ran).toEqual(['again', 'again']);
});
