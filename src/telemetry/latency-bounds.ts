/** Upper bounds in seconds for what takes from 50 µs (an object in memory) to a minute (a large clone). */
export const LATENCY_BOUNDS_S: readonly number[] = [
  0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30,
  60,
];
