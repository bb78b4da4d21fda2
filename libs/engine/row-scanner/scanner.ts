// AssemblyScript, compiled into src/rows/scanner-wasm.ts by tools/build-scanner.ts.
//
// Reads the backend's messages of one COPY … TO STDOUT, packs the rows' bytes into an output buffer, counts rows,
// adds up XXH64 (seed 0) of every row without its newline, and says where a chunk ends. One instance serves one COPY.
// Memory: [INPUT, +1 MiB) what the socket gave, [OUTPUT, +8 MiB) the chunk being filled.

const INPUT_SIZE: u32 = 1 << 20;
const OUTPUT_SIZE: u32 = 8 << 20;
const INPUT: usize = memory.data(1 << 20, 16);
const OUTPUT: usize = memory.data(8 << 20, 16);

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

const DATA: u32 = 0x64; // 'd'
const OUT_RESPONSE: u32 = 0x48; // 'H'
const NOTICE: u32 = 0x4e; // 'N'
const PARAMETER: u32 = 0x53; // 'S'
const NOTIFICATION: u32 = 0x41; // 'A'

export const CONSUMED: u32 = 0;
export const CHUNK: u32 = 1;
export const OTHER: u32 = 2;

let average: u32 = 0;
let minimum: u32 = 0;
let maximum: u32 = 0;

let inputAt: u32 = 0;
let inputEnd: u32 = 0;
let headerSeen: u32 = 0; // bytes of the 5-byte header that were read
let headerType: u32 = 0;
let remaining: u32 = 0; // payload bytes still to come
let inMessage: bool = false;

let filled: u32 = 0; // bytes in OUTPUT
let rowStart: u32 = 0; // where the current row begins in OUTPUT
let chunkLength: u32 = 0; // what CHUNK announced
let rows: u64 = 0;
let checksum: u64 = 0;
let bytes: u64 = 0;

// a row longer than the buffer is hashed in stripes as it goes out
let striped: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;
let v4: u64 = 0;

export function inputAddress(): usize {
  return INPUT;
}
export function inputSize(): u32 {
  return INPUT_SIZE;
}
export function outputAddress(): usize {
  return OUTPUT;
}
export function start(averageBytes: u32, minimumBytes: u32, maximumBytes: u32): void {
  average = averageBytes;
  minimum = minimumBytes;
  maximum = min<u32>(maximumBytes, OUTPUT_SIZE - 4096);
  inputAt = inputEnd = headerSeen = headerType = remaining = 0;
  inMessage = false;
  filled = rowStart = chunkLength = 0;
  rows = checksum = bytes = striped = 0;
}
export function rowCount(): u64 {
  return rows;
}
export function rowChecksum(): u64 {
  return checksum;
}
export function byteCount(): u64 {
  return bytes;
}
export function chunkSize(): u32 {
  return chunkLength;
}
export function consumed(): u32 {
  return inputAt;
}

@inline
function round(acc: u64, lane: u64): u64 {
  return rotl<u64>(acc + lane * P2, 31) * P1;
}
@inline
function merge(h: u64, v: u64): u64 {
  return (h ^ round(0, v)) * P1 + P4;
}
function beginStripes(): void {
  v1 = P1 + P2;
  v2 = P2;
  v3 = 0;
  v4 = 0 - P1;
}
function addStripes(from: usize, to: usize): void {
  let a = v1, b = v2, c = v3, d = v4;
  for (let p = from; p < to; p += 32) {
    a = round(a, load<u64>(p));
    b = round(b, load<u64>(p, 8));
    c = round(c, load<u64>(p, 16));
    d = round(d, load<u64>(p, 24));
  }
  v1 = a;
  v2 = b;
  v3 = c;
  v4 = d;
}
/** XXH64 of `striped` bytes already taken plus [from, from + length). */
function finish(from: usize, length: u64): u64 {
  let p = from;
  const end = from + <usize>length;
  let h: u64;
  if (striped + length >= 32) {
    if (striped == 0) beginStripes();
    const stripes = from + <usize>(length & ~31);
    addStripes(from, stripes);
    p = stripes;
    h = rotl<u64>(v1, 1) + rotl<u64>(v2, 7) + rotl<u64>(v3, 12) + rotl<u64>(v4, 18);
    h = merge(merge(merge(merge(h, v1), v2), v3), v4);
  } else {
    h = P5;
  }
  h += striped + length;
  for (; p + 8 <= end; p += 8) h = rotl<u64>(h ^ round(0, load<u64>(p)), 27) * P1 + P4;
  if (p + 4 <= end) {
    h = rotl<u64>(h ^ (<u64>load<u32>(p)) * P1, 23) * P2 + P3;
    p += 4;
  }
  for (; p < end; p++) h = rotl<u64>(h ^ (<u64>load<u8>(p)) * P5, 11) * P1;
  h = (h ^ (h >> 33)) * P2;
  h = (h ^ (h >> 29)) * P3;
  return h ^ (h >> 32);
}

/** Whether a chunk ends after the row at [from, +length): decided by the row's first 32 bytes and its length alone. */
@inline
function cutsAfter(from: usize, length: u32): bool {
  let h: u32 = 0x9e3779b1;
  const end = from + <usize>min<u32>(length, 32);
  let p = from;
  for (; p + 4 <= end; p += 4) h = (rotl<u32>(h, 13) ^ load<u32>(p)) * 0x85ebca6b;
  for (; p < end; p++) h = (rotl<u32>(h, 13) ^ <u32>load<u8>(p)) * 0xc2b2ae35;
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  h ^= h >> 16;
  return <u64>h * <u64>average < (<u64>length << 32);
}

/** Ends the current row; true when a chunk ends with it. */
function endRow(): bool {
  const length = filled - rowStart;
  const from = OUTPUT + <usize>rowStart;
  // the row's own newline is no part of its checksum
  const body = length > 0 && load<u8>(from + <usize>(length - 1)) == 10 ? length - 1 : length;
  checksum += finish(from, body);
  rows++;
  const cut = filled >= maximum || (filled >= minimum && striped == 0 && cutsAfter(from, length));
  striped = 0;
  rowStart = filled;
  return cut;
}

/** The buffer is full in the middle of a row: everything up to a whole stripe of it goes out as a chunk. */
function splitRow(): void {
  const stripes = (filled - rowStart) & ~31;
  if (striped == 0) beginStripes();
  addStripes(OUTPUT + <usize>rowStart, OUTPUT + <usize>(rowStart + stripes));
  striped += stripes;
  chunkLength = rowStart + stripes;
}

/** Forgets the chunk that was announced; bytes after it become the beginning of the next. */
export function taken(): void {
  const rest = filled - chunkLength;
  if (rest > 0) memory.copy(OUTPUT, OUTPUT + <usize>chunkLength, rest);
  filled = rest;
  rowStart = 0;
  chunkLength = 0;
}

/** What is left when the COPY has ended; 0 when nothing is. */
export function flush(): u32 {
  chunkLength = filled;
  return filled;
}

export function feed(length: u32): void {
  inputAt = 0;
  inputEnd = length;
}

/** Works on until the input is used up (CONSUMED), a chunk is full (CHUNK), or another message begins (OTHER). */
export function run(): u32 {
  while (inputAt < inputEnd) {
    if (!inMessage) {
      const byte = <u32>load<u8>(INPUT + <usize>inputAt);
      if (headerSeen == 0) {
        if (byte != DATA && byte != OUT_RESPONSE && byte != NOTICE && byte != PARAMETER && byte != NOTIFICATION) {
          return OTHER;
        }
        headerType = byte;
        remaining = 0;
      } else {
        remaining = (remaining << 8) | byte;
      }
      inputAt++;
      if (++headerSeen < 5) continue;
      headerSeen = 0;
      remaining -= 4;
      inMessage = true;
    }
    const room = headerType == DATA ? OUTPUT_SIZE - filled : inputEnd;
    const take = min<u32>(min<u32>(remaining, inputEnd - inputAt), room);
    if (headerType == DATA) {
      memory.copy(OUTPUT + <usize>filled, INPUT + <usize>inputAt, take);
      filled += take;
      bytes += take;
    }
    inputAt += take;
    remaining -= take;
    if (remaining == 0) {
      inMessage = false;
      if (headerType == DATA && endRow()) {
        chunkLength = filled;
        return CHUNK;
      }
    } else if (filled == OUTPUT_SIZE) {
      splitRow();
      return CHUNK;
    }
  }
  return CONSUMED;
}

/** Counts and sums rows of plain COPY text: the newline ends a row, inside one it is always written as an escape. */
export function plain(length: u32): void {
  let start: u32 = 0;
  for (let at: u32 = 0; at < length; at++) {
    if (load<u8>(INPUT + <usize>at) != 10) continue;
    if (filled == 0 && striped == 0) {
      checksum += finish(INPUT + <usize>start, at - start);
      rows++;
    } else {
      carry(start, at + 1);
      endRow();
      filled = rowStart = 0;
    }
    start = at + 1;
  }
  bytes += length;
  carry(start, length);
}

/** Keeps the beginning of a row until the rest of it comes. */
function carry(from: u32, to: u32): void {
  while (from < to) {
    const take = min<u32>(to - from, OUTPUT_SIZE - filled);
    memory.copy(OUTPUT + <usize>filled, INPUT + <usize>from, take);
    filled += take;
    from += take;
    if (filled < OUTPUT_SIZE) continue;
    splitRow();
    taken();
  }
}
