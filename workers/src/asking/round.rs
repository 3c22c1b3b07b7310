//! One question about many things: each is decided on by itself, and the access log gets all answers together.

use pipeline_access::{AccessRow, Action, Decision, DenyReason, Role};
use pipeline_domain::{MunicipalityNumber, Timestamp};

use super::{Asker, Asking, No, Register, Thing, must_be_logged};
use crate::{access_log::AccessLog, config::RolesSetting, failure::Failure, shell::Shell};

/// Rows that are put together into one piece of the log.
const AT_ONCE: usize = 1000;

/// A question that goes round. Nothing may be shown or taken out before [`Round::write`] has answered.
pub struct Round<'a> {
    asking: &'a Asking,
    role: Role,
    roles: RolesSetting,
    register: Register,
    log: AccessLog,
    action: Action,
    now: Timestamp,
    granted: Vec<AccessRow>,
    denied: Vec<AccessRow>,
    /// Why, of the first that was denied.
    first: Option<DenyReason>,
}

impl<'a> Round<'a> {
    /// Begins to ask for things of one municipality.
    ///
    /// # Errors
    /// [`No::Role`] when nobody in particular asks, and what stops the register.
    pub fn begin(shell: &Shell, asking: &'a Asking, action: Action, municipality: &MunicipalityNumber) -> Result<Self, No> {
        let Some(role) = asking.role else { return Err(No::Role(action)) };
        Ok(Self {
            asking,
            role,
            roles: shell.config.access.roles,
            register: Register::read(&shell.data, municipality)?,
            log: AccessLog::of(&shell.data, municipality),
            action,
            now: shell.clock.now(),
            granted: Vec::new(),
            denied: Vec::new(),
            first: None,
        })
    }

    /// Whether it may be had.
    pub fn ask(&mut self, thing: &Thing) -> bool {
        let asker = Asker { asking: self.asking, role: self.role, roles: self.roles, register: &self.register, now: self.now };
        let (decision, row) = asker.judge(self.action, thing);
        match decision {
            Decision::Deny { reason } => {
                self.first.get_or_insert(reason);
                self.denied.push(row);
            }
            Decision::Allow { .. } if must_be_logged(decision) => self.granted.push(row),
            Decision::Allow { .. } => {}
        }
        decision.is_allowed()
    }

    /// Writes every yes that something will follow from.
    ///
    /// # Errors
    /// [`pipeline_domain::ErrorCode::AccessLogUnwritable`] and its like: nothing may be taken out then.
    pub fn write(self) -> Result<(), Failure> {
        put(&self.log, &self.granted, self.now)
    }

    /// Ends a round that nothing follows from: each no is written down, and the first reason told.
    ///
    /// # Errors
    /// As [`Round::write`].
    pub fn refuse(self) -> Result<Option<DenyReason>, Failure> {
        put(&self.log, &self.denied, self.now)?;
        Ok(self.first)
    }
}

fn put(log: &AccessLog, rows: &[AccessRow], now: Timestamp) -> Result<(), Failure> {
    rows.chunks(AT_ONCE).try_for_each(|rows| log.append(rows, now).map(drop).map_err(Failure::from))
}
