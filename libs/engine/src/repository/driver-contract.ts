import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RepositoryDriver } from './driver.ts';

/** What the contract needs beside the driver: ways to make its place go wrong. */
export interface DriverPlace {
  driver: RepositoryDriver;
  /** Takes the place away, as an unplugged disk or a removed bucket is gone. */
  takeAway(): Promise<void>;
  /** Leaves in a folder what a write leaves that was killed so long ago. */
  leaveUnfinished(folder: string, ageMs: number): Promise<void>;
  /** Does the work while the place may be neither read nor written by us. */
  whileForbidden(work: () => Promise<void>): Promise<void>;
  /** Writes 1 MiB where there is room for less, and answers the code that was thrown. */
  writeWithoutSpace(path: string): Promise<string>;
  dispose(): Promise<void>;
}

const bytesOf = (text: string): Buffer => Buffer.from(text);

/** The code that a promise is rejected with; `nothing thrown` for one that is not. */
export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing thrown',
    (error: { code?: string }) => error.code ?? String(error),
  );

/** The paths below a folder, in order. */
export async function pathsIn(driver: RepositoryDriver, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of driver.list(folder)) paths.push(path);
  return paths.sort();
}

/** What every driver of repositories must do; its spec calls this with a way to make an empty place. */
export function driverContract(makePlace: () => Promise<DriverPlace>): void {
  let place: DriverPlace;
  let driver: RepositoryDriver;
  beforeEach(async () => {
    place = await makePlace();
    driver = place.driver;
  });
  afterEach(() => place.dispose());

  describe('files', () => {
    it('reads back what was written, of any bytes and none', async () => {
      const large = randomBytes(3_000_001);
      for (const [path, bytes] of Object.entries({ 'a.json': bytesOf('x'), 'b/c/d': large, 'b/empty': bytesOf('') })) {
        await driver.write(path, bytes);
        expect((await driver.read(path))?.equals(bytes)).toBe(true);
        expect(await driver.size(path)).toBe(bytes.length);
      }
    });

    it('reads into memory of others, and says how long the file is even when it does not fit', async () => {
      await driver.write('a/b', bytesOf('0123456789'));
      for (const memory of [new ArrayBuffer(12), new SharedArrayBuffer(12)]) {
        const into = new Uint8Array(memory, 1, 10);
        expect(await driver.readInto('a/b', into)).toBe(10);
        expect(String(Buffer.from(memory))).toBe('\x000123456789\x00');
        expect(await driver.readInto('a/b', new Uint8Array(memory, 0, 12))).toBe(10);
        expect(await driver.readInto('a/b', into.subarray(0, 4))).toBe(10);
        expect(await driver.readInto('a/b', into.subarray(0, 0))).toBe(10);
      }
      expect(await driver.readInto('a/c', new Uint8Array(1))).toBeNull();
    });

    it('replaces a file whole', async () => {
      await driver.write('a/b', bytesOf('a long text'));
      await driver.write('a/b', bytesOf('short'));
      expect(String(await driver.read('a/b'))).toBe('short');
      expect(await pathsIn(driver, '')).toEqual(['a/b']);
    });

    it('shows what was put at once, and has it all once it has settled', async () => {
      const paths = Array.from({ length: 150 }, (_, index) => `a/${index % 5}/${index}`);
      await driver.write('a/0/0', bytesOf('somebody else put it'));
      await driver.keep('a/0/0');
      for (const path of paths.slice(1)) {
        await driver.put(path, bytesOf(path));
        expect(String(await driver.read(path))).toBe(path);
      }
      await driver.settle();
      expect(await pathsIn(driver, 'a')).toEqual([...paths].sort());
      expect(String(await driver.read('a/0/0'))).toBe('somebody else put it');
      await driver.settle();
    });

    it('does not settle without a file that was to be kept', async () => {
      await driver.put('a/b', bytesOf('x'));
      await driver.keep('a/c');
      expect(await codeOf(driver.settle())).toBe('repository.unreachable');
      // nobody knows any more what is durable
      expect(await codeOf(driver.put('a/d', bytesOf('x')))).toBe('repository.unreachable');
      expect(await codeOf(driver.settle())).toBe('repository.unreachable');
    });

    it('lets a reader see one whole version while several write the same path', async () => {
      const versions = Array.from({ length: 6 }, (_, index) => Buffer.alloc(400_000 + index, index));
      await driver.write('a/b', versions[0] ?? bytesOf(''));
      let writing = true;
      const seen: boolean[] = [];
      const reading = (async () => {
        while (writing) {
          const read = await driver.read('a/b');
          seen.push(versions.some((version) => read?.equals(version)));
        }
      })();
      for (let round = 0; round < 3; round++) await Promise.all(versions.map((bytes) => driver.write('a/b', bytes)));
      writing = false;
      await reading;
      expect(seen.length).toBeGreaterThan(5);
      expect(seen.every(Boolean)).toBe(true);
      expect(await pathsIn(driver, '')).toEqual(['a/b']);
    });

    it('answers null for what is not there, and removes it without an error', async () => {
      expect(await driver.read('a/b')).toBeNull();
      expect(await driver.size('a/b')).toBeNull();
      await driver.remove('a/b');
      await driver.write('a/c', bytesOf('x'));
      expect(await driver.read('a/b')).toBeNull();
      await driver.remove('a/c', true);
      expect(await driver.size('a/c')).toBeNull();
    });

    it('writes nothing once it is told to stop', async () => {
      for (const write of [driver.write.bind(driver), driver.put.bind(driver)]) {
        await expect(write('a/b', bytesOf('x'), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
      }
      await driver.put('a/c', bytesOf('x'));
      await expect(driver.settle(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
      await driver.settle();
      expect(await driver.size('a/b')).toBeNull();
    });

    it.each(['', '/', '/a', 'a/', 'a//b', '..', '../a', 'a/../../b', './a', 'a/.', 'a\\..\\b', 'a\0b', '/etc/passwd'])(
      'refuses the path %j',
      async (path) => {
        expect(await codeOf(driver.write(path, bytesOf('x')))).toBe('repository.path_refused');
        expect(await codeOf(driver.put(path, bytesOf('x')))).toBe('repository.path_refused');
        expect(await codeOf(driver.keep(path))).toBe('repository.path_refused');
        expect(await codeOf(driver.read(path))).toBe('repository.path_refused');
        expect(await codeOf(driver.readInto(path, new Uint8Array(1)))).toBe('repository.path_refused');
        expect(await codeOf(driver.size(path))).toBe('repository.path_refused');
        expect(await codeOf(driver.remove(path))).toBe('repository.path_refused');
        if (path !== '') expect(await codeOf(pathsIn(driver, path))).toBe('repository.path_refused');
        expect(await pathsIn(driver, '')).toEqual([]);
      },
    );
  });

  describe('listing', () => {
    it('shows every file below a folder with its size, and none beside it', async () => {
      for (const path of ['a/1', 'a/b/2', 'a/b/c/3', 'ab/4', 'z']) await driver.write(path, Buffer.alloc(path.length));
      expect(await pathsIn(driver, 'a')).toEqual(['a/1', 'a/b/2', 'a/b/c/3']);
      expect(await pathsIn(driver, 'a/b')).toEqual(['a/b/2', 'a/b/c/3']);
      expect(await pathsIn(driver, '')).toEqual(['a/1', 'a/b/2', 'a/b/c/3', 'ab/4', 'z']);
      for await (const { path, sizeBytes } of driver.list('')) expect(sizeBytes).toBe(path.length);
    });

    it('is empty for a folder that is not there', async () => {
      expect(await pathsIn(driver, 'nowhere/at all')).toEqual([]);
    });

    it('may be removed from while it is read', async () => {
      for (let n = 0; n < 300; n++) await driver.write(`a/${n % 7}/${n}`, bytesOf('x'));
      let removed = 0;
      for await (const { path } of driver.list('a')) {
        await driver.remove(path);
        removed++;
      }
      expect(removed).toBe(300);
      expect(await pathsIn(driver, 'a')).toEqual([]);
    });
  });

  describe('room', () => {
    it('is told as bytes that may be written, out of all, or as not known', async () => {
      const space = await driver.space();
      if (space === null) return;
      expect(space.freeBytes).toBeGreaterThan(0);
      expect(space.totalBytes).toBeGreaterThanOrEqual(space.freeBytes);
      await place.takeAway();
      expect(await codeOf(driver.space())).toBe('repository.unreachable');
    });
  });

  describe('unfinished writes', () => {
    it('do not show and are swept by their age', async () => {
      await driver.write('a/b', bytesOf('x'));
      await place.leaveUnfinished('a', 3_700_000);
      await place.leaveUnfinished('a', 1_000);
      expect(await pathsIn(driver, '')).toEqual(['a/b']);
      expect(await driver.sweepUnfinished(3_600_000)).toBe(1);
      expect(await driver.sweepUnfinished(3_600_000)).toBe(0);
      expect(await driver.sweepUnfinished(500)).toBe(1);
      expect(String(await driver.read('a/b'))).toBe('x');
    });
  });

  const everyCall: [string, () => Promise<unknown>][] = [
    ['write', () => driver.write('a/new', bytesOf('x'))],
    ['write over', () => driver.write('a/b', bytesOf('x'))],
    ['put', () => driver.put('a/new', bytesOf('x'))],
    ['settle what was there', () => driver.keep('a/b').then(() => driver.settle())],
    ['read', () => driver.read('a/b')],
    ['read of what was never there', () => driver.read('a/c')],
    ['read into memory', () => driver.readInto('a/b', new Uint8Array(9))],
    ['read into memory of what was never there', () => driver.readInto('a/c', new Uint8Array(9))],
    ['size', () => driver.size('a/b')],
    ['size of what was never there', () => driver.size('c')],
    ['remove', () => driver.remove('a/b')],
    ['remove of what was never there', () => driver.remove('a/c', true)],
    ['list', () => pathsIn(driver, '')],
    ['list of a folder', () => pathsIn(driver, 'a')],
    ['list of a folder that was never there', () => pathsIn(driver, 'c')],
    ['sweep', () => driver.sweepUnfinished(0)],
  ];

  describe('a place that is gone', () => {
    it.each(everyCall)('is unreachable to %s, never empty', async (_name, call) => {
      await driver.write('a/b', bytesOf('kept'));
      await place.takeAway();
      expect(await codeOf(call())).toBe('repository.unreachable');
    });
  });

  describe('a place that may not be used', () => {
    it.each(everyCall)('is unreachable to %s, never empty', async (_name, call) => {
      await driver.write('a/b', bytesOf('kept'));
      await place.whileForbidden(async () => expect(await codeOf(call())).toBe('repository.unreachable'));
      expect(String(await driver.read('a/b'))).toBe('kept');
    });
  });

  describe('a full place', () => {
    it('says so, keeps what was there and leaves nothing', async () => {
      await driver.write('a/b', bytesOf('kept'));
      expect(await place.writeWithoutSpace('a/b')).toBe('repository.full');
      expect(await place.writeWithoutSpace('a/c')).toBe('repository.full');
      expect(String(await driver.read('a/b'))).toBe('kept');
      expect(await pathsIn(driver, '')).toEqual(['a/b']);
      expect(await driver.sweepUnfinished(0)).toBe(0);
    });
  });
}
