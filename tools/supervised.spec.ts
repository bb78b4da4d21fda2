import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { supervised, type Running } from './supervised.ts';

let launched: (Running & { end(code: number | null): void })[];
let notes: string[];
let failures: number;

beforeEach(() => {
  launched = [];
  notes = [];
  failures = 0;
});

async function launch(): Promise<Running> {
  if (failures > 0) {
    failures -= 1;
    throw new Error('no room');
  }
  let end: (code: number | null) => void = () => undefined;
  const exited = new Promise<number | null>((done) => (end = done));
  const running = {
    pid: 100 + launched.length,
    exited,
    end,
    kill: () => end(null),
    stop: async () => end(0),
  };
  launched.push(running);
  return running;
}

const make = (revive: boolean) =>
  supervised('worker', launch, { revive, note: (line) => void notes.push(line), onChange: () => undefined });

it('starts again what ended by itself, also after starts that failed', async () => {
  const worker = make(true);
  await worker.start();
  failures = 1;
  launched[0]?.end(7);
  await sleep(50);
  expect(worker.pid()).toBeNull();
  await sleep(1_800);
  expect(worker.pid()).toBe(101);
  expect(notes).toEqual(['worker ended by itself (code 7)', 'worker does not start: no room', 'worker runs again']);
  await worker.stop();
});

it('leaves alone what was stopped, also while it waits to start again', async () => {
  const worker = make(true);
  await worker.start();
  launched[0]?.end(1);
  await sleep(20);
  await worker.stop();
  await sleep(700);
  expect(launched).toHaveLength(1);
  expect(worker.pid()).toBeNull();
});

it('restarts what was killed and is not revived', async () => {
  const worker = make(false);
  await worker.start();
  await worker.kill('SIGKILL');
  await sleep(600);
  expect(worker.pid()).toBeNull();
  await worker.restart();
  expect(worker.pid()).toBe(101);
  await worker.stop();
});

it('tells the caller when the first start fails', async () => {
  failures = 1;
  await expect(make(true).start()).rejects.toThrow('no room');
});
