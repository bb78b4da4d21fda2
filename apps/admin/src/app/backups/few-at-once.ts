/** As many requests at once as a browser has connections to spare. */
const AT_ONCE = 4;

/** Does something for each of them in their order, a few at a time; settles once all are done, rejects with the first failure. */
export async function fewAtOnce<T>(items: Iterable<T>, act: (item: T) => Promise<unknown>): Promise<void> {
  // One iterator for all: each takes the next that nobody has taken.
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
