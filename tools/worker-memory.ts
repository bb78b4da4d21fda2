/**
 * How a worker's process is started, so that it keeps little of what it has used: the image of the worker says the
 * same. Young objects get 24 MB, where V8 would come to take 128; a heap that may not become larger is collected once
 * it has grown by half, where V8 would let it grow fourfold. `--expose-gc`: bytes of objects are collected as they go by.
 */
export const WORKER_NODE_ARGS = ['--max-semi-space-size=8', '--max-old-space-size=768', '--expose-gc'];

/** glibc keeps what is free for each thread: for two, not for eight on each core. */
export const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' };
