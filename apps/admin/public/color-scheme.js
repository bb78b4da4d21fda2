// The choice of shell/color-scheme.ts, applied before the first paint. Without one the system decides.
try {
  const chosen = globalThis.localStorage.getItem('holdfast.color-scheme');
  if (chosen === 'light' || chosen === 'dark') globalThis.document.documentElement.dataset.colorScheme = chosen;
} catch (error) {
  // Storage that the browser refuses: the system decides.
  globalThis.console.debug(error);
}
