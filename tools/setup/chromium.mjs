// A browser, for tests and pictures. Plain Node >= 20 without dependencies.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BIN, TOOLS_DIR, SetupError, capture, command, exe, pathDirs, sizeOf, versionOf } from './host.mjs';

const BROWSERS = join(TOOLS_DIR, 'browsers');

/** For tests and screenshots only. One that is there, else Playwright's own, else the system's package. */
export async function chromium() {
  const names = [
    'chromium-headless-shell',
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
  ];
  const apps = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
  const own = await headlessShell();
  const places = [...pathDirs().flatMap((place) => names.map((name) => join(place, exe(name)))), ...apps];
  const found = own ?? places.find((path) => existsSync(path));
  if (found) return { state: `using ${found}` };
  const playwright = await capture(join(BIN, 'playwright-core'), ['install', 'chromium-headless-shell'], {
    env: { PLAYWRIGHT_BROWSERS_PATH: BROWSERS, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' },
    timeoutMs: 180_000,
  });
  if ((await headlessShell()) !== null) return { state: 'installed', bytes: await sizeOf(BROWSERS) };
  const advice = 'Install Chromium with your package manager (Debian: apt-get install chromium).';
  if (process.getuid?.() !== 0 || !pathDirs().some((place) => existsSync(join(place, 'apt-get')))) {
    throw new SetupError('no Chromium on PATH, and Playwright could not fetch one', advice, playwright.output);
  }
  await capture('apt-get', ['update', '--quiet=2'], {});
  const install = ['install', '--yes', '--quiet=2', '--no-install-recommends'];
  // Without windows it is smaller and works less; older distributions have only the whole browser.
  const shell = await capture('apt-get', [...install, 'chromium-headless-shell'], {});
  if (shell.code !== 0) await command('apt-get', [...install, 'chromium'], { advice });
  return { state: 'installed', detail: 'by apt-get' };
}

/** Playwright's Chromium without a window, if it is there and runs: it needs libraries that the system may not have. */
async function headlessShell() {
  for (const directory of await readdir(BROWSERS).catch(() => [])) {
    const inside = directory.startsWith('chromium') ? await readdir(join(BROWSERS, directory)) : [];
    for (const name of ['headless_shell', 'chrome-headless-shell']) {
      for (const place of inside) {
        const path = join(BROWSERS, directory, place, exe(name));
        if (existsSync(path) && (await versionOf(path))) return path;
      }
    }
  }
  return null;
}
