//! The ticker against a store in memory, with a clock that is stepped: misfires, nights of clock changes, several processes,
//! changed rules and wrong clocks.

mod clocks;
mod firing;
mod world;
