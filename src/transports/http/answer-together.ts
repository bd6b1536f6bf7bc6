/**
 * Has requests that arrive in one turn of the event loop answered together, at its end. To wake a client that waits costs more than to
 * write a small answer to it; answers that follow each other closely wake it once.
 */
export function answerTogether<A extends unknown[], R>(
  answer: (...request: A) => Promise<R>,
): (...request: A) => Promise<R> {
  let arrived: (() => void)[] = [];
  const answerAll = () => {
    const all = arrived;
    arrived = [];
    for (const each of all) each();
  };
  return (...request) =>
    new Promise((resolve, reject) => {
      if (arrived.push(() => void answer(...request).then(resolve, reject)) === 1) setImmediate(answerAll);
    });
}
