//! The ages at which something changes for a child (DOMAIN § 4). Counted with [`Date::age_at`](crate::Date::age_at), from the
//! birth date and never from a national id alone.

/// From this age the child is heard before others decide (barnelova § 31 gives weight to its view from 12).
pub const HEARD_FROM: i32 = 12;
/// From this age a pupil decides in person in matters of schooling (opplæringslova § 24-5).
pub const DECIDES_IN_SCHOOL_FROM: i32 = 15;
/// From this age most decide in person in matters of health and welfare (pasient- og brukerrettighetsloven § 4-3).
pub const DECIDES_IN_WELFARE_FROM: i32 = 16;
/// From this age nobody has parental responsibility any more (vergemålsloven § 2).
pub const OF_AGE_FROM: i32 = 18;
