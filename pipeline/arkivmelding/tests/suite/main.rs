//! Tests of the whole room: case folders in, messages out, judged by the official schemas; answers in, what they mean out.

mod delivery;
mod exchange;
mod receipts;
mod rules;
mod schemas;
mod support;
mod target;
