const PLAIN_KEYS = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg', 'v', 'err', 'req', 'res', 'ts']);
const POSTGRES_WORDS = /\b(WARNING|ERROR|FATAL|PANIC):\s+(.*)/;
const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const COLOURS: Record<string, number> = { warn: 33, error: 31, fatal: 31, debug: 90, trace: 90 };

export type Colour = (code: number, text: string) => string;

/** Colours for a terminal, none for a file or with NO_COLOR. */
export function colourFor(stream: { isTTY?: boolean }): Colour {
  const on = stream.isTTY === true && !process.env['NO_COLOR'];
  return (code, text) => (on ? `\u001b[${code}m${text}\u001b[0m` : text);
}

/** What a child's log line is worth on the terminal: `HH:MM:SS name level message`, or null for noise. */
export function readableLine(name: string, line: string, colour: Colour, now = new Date()): string | null {
  const entry = asJson(line);
  const { level, text, at } = entry ? fromJson(entry) : fromText(name, line);
  if (text === '' || (name !== 'api' && name !== 'worker' && !['warn', 'error', 'fatal'].includes(level))) return null;
  // The development server warns about itself all the time.
  if (name === 'temporal' && level === 'warn') return null;
  const clock = (at ?? now).toTimeString().slice(0, 8);
  const shown = COLOURS[level] ? colour(COLOURS[level], level.padEnd(5)) : level.padEnd(5);
  return `${colour(90, clock)} ${name.padEnd(8)} ${shown} ${text}`;
}

/** Lines in a frame as wide as the longest. */
export function framed(title: string, lines: string[], colour: Colour): string {
  const width = Math.max(title.length + 3, ...lines.map((line) => line.length)) + 2;
  const bar = (left: string, right: string, inner: string) => colour(36, `${left}${inner}${right}`);
  const top = bar('┌', '┐', `─ ${title} ${'─'.repeat(width - title.length - 3)}`);
  const body = lines.map((line) => `${colour(36, '│')} ${line.padEnd(width - 1)}${colour(36, '│')}`);
  return [top, ...body, bar('└', '┘', '─'.repeat(width))].join('\n');
}

type Entry = Record<string, unknown>;

function asJson(line: string): Entry | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Entry;
  } catch {
    // A line that only looks like JSON is shown as it is.
    return null;
  }
}

function fromJson(entry: Entry): { level: string; text: string; at: Date | null } {
  const level =
    typeof entry['level'] === 'number' ? (LEVELS[entry['level']] ?? 'info') : String(entry['level'] ?? 'info');
  const rest = Object.entries(entry)
    .filter(([key, value]) => !PLAIN_KEYS.has(key) && value !== null && typeof value !== 'object')
    .map(([key, value]) => `${key}=${String(value)}`);
  const parts = [String(entry['msg'] ?? ''), request(entry), ...rest, failure(entry['err'])];
  const at = typeof entry['time'] === 'number' || typeof entry['time'] === 'string' ? new Date(entry['time']) : null;
  return { level, text: parts.filter(Boolean).join(' '), at };
}

function request(entry: Entry): string {
  const [req, res] = [entry['req'], entry['res']] as (Entry | undefined)[];
  if (!req || String(entry['msg']).includes(String(req['url']))) return '';
  return [req['method'], req['url'], res?.['statusCode']].filter(Boolean).join(' ');
}

const failure = (err: unknown): string => {
  const { message, stack } = (err ?? {}) as { message?: string; stack?: string };
  return stack ? `\n${stack}` : (message ?? '');
};

function fromText(name: string, line: string): { level: string; text: string; at: null } {
  const words = name.includes('postgres') ? POSTGRES_WORDS.exec(line) : null;
  if (name.includes('postgres')) return { level: words?.[1] ? 'warn' : 'info', text: words?.[0] ?? line, at: null };
  return { level: 'info', text: line.trimEnd(), at: null };
}
