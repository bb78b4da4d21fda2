/**
 * Runs `count` workers and waits for all of them. When one fails the others are stopped, and the failure that came first
 * is thrown: those after it are only what stopping them looks like.
 */
export async function sideBySide(
  count: number,
  work: (place: number) => Promise<void>,
  stopOthers: () => void,
): Promise<void> {
  const failures: unknown[] = [];
  const workers = Array.from({ length: Math.max(1, count) }, (_, place) =>
    work(place).catch((error: unknown) => {
      failures.push(error);
      stopOthers();
    }),
  );
  await Promise.all(workers);
  if (failures.length > 0) throw failures[0];
}
