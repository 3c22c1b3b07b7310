//! Where typesetting runs.

/// Stack of the typesetting thread. Layout recurses with the nesting of the document.
const STACK_BYTES: usize = 16 << 20;

/// Runs `f` on a thread of its own inside a one-thread pool, so that Typst's inner parallelism (which gains nothing on one
/// document) stays there and the main thread's small stack is not used. Returns when `f` has returned.
pub fn typesetting_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(STACK_BYTES)
        .thread_name(|_| "typesetting".into())
        .build()
        .expect("a process that renders may start a thread")
        .install(f)
}
