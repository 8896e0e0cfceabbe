/// The program runs on jemalloc, which is linked into it: actors allocate on one thread and free on
/// another all the time, and glibc's allocator pays for that with a fifth of a turn's CPU
/// (docs/benchmarks.md). jemalloc reads its options from this symbol before main; the environment's
/// MALLOC_CONF still wins. One arena per CPU keeps an idle gateway small and a large machine free
/// of contention; what is free for a second goes back to the system, also when nothing happens.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "percpu_arena:percpu,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
