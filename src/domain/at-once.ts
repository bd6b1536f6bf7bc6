/** An answer: at once where it is there, else a promise. A point read costs more in promises than in what it reads. */
export type AtOnce<T> = T | Promise<T>;

/** Goes on with an answer, at once where it is there. */
export function whenThere<T, U>(answer: AtOnce<T>, next: (answer: T) => AtOnce<U>): AtOnce<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
