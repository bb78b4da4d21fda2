/**
 * Moves the focus to the page's heading, without scrolling: what had it goes away, and the keyboard would begin at the
 * top of the document.
 */
export const focusHeading = (document: Document): void =>
  document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
