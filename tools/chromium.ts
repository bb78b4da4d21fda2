import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OperationError } from '@holdfast/contracts';
import { toolsDir } from '@holdfast/testing';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

/** As in setup.mjs, which installs one of these where none is. */
const NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
];
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A Chromium of this machine; throws `config.invalid` where there is none. */
export function findChromium(): string {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((place) => NAMES.map((name) => join(place, name)));
  const own = globSync(join(toolsDir(), 'browsers', 'chromium*', '*', '{headless_shell,chrome-headless-shell}'));
  const found = [...own, ...onPath, ...ELSEWHERE].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new OperationError('config.invalid', 'There is no Chromium on this machine', {
    hint: 'Run `node tools/setup.mjs --chromium`, or install Chromium with your package manager.',
  });
}

// Root has no use of the sandbox, and containers have little shared memory.
const ARGUMENTS = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'];
const TIMEOUT_MS = 60_000;

/** Starts a Chromium without a window; each page that it opens ends with it. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: ARGUMENTS, timeout: TIMEOUT_MS });

/**
 * The same with a profile in a directory, for tools that open pages of their own in it: its file `DevToolsActivePort`
 * says where.
 */
export const openProfile = (directory: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(directory, {
    ...{ executablePath: findChromium(), timeout: TIMEOUT_MS },
    args: [...ARGUMENTS, '--remote-debugging-port=0'],
  });
