//! Settings of the store, the background workers, the health page and the schedules.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{ConfigError, error};

/// Where state is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    pub database: DatabaseSetting,
}

/// The two databases.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DatabaseSetting {
    Sqlite,
    Postgresql {
        /// Without a password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url_file: Option<PathBuf>,
    },
}

impl StoreConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |expected: &str| Err(error("store.database", format!("expected {expected}")));
        let DatabaseSetting::Postgresql { url, url_file } = &self.database else { return Ok(()) };
        match (url, url_file) {
            (None, None) | (Some(_), Some(_)) => wrong("either url or url_file"),
            (Some(url), None) if !is_postgres(url) => wrong("a url that begins with postgres://"),
            (Some(url), None) if holds_password(url) => wrong("a password in url_file only: this file may be read by others"),
            _ => Ok(()),
        }
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// `postgres://user:password@host/…`, or `?password=…`.
fn holds_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let in_authority = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    in_authority || rest.split_once('?').is_some_and(|(_, query)| query.split('&').any(|pair| pair.starts_with("password=")))
}

impl DatabaseSetting {
    /// The server's URL; `None` for SQLite.
    pub fn url(&self) -> Result<Option<String>, ConfigError> {
        let Self::Postgresql { url, url_file } = self else { return Ok(None) };
        if let Some(url) = url {
            return Ok(Some(url.clone()));
        }
        let file = url_file.as_ref().expect("checked at start: one of the two is set");
        let place = file.display();
        let text = std::fs::read_to_string(file).map_err(|e| error(place.to_string(), format!("cannot be read: {e}")))?;
        let text = text.trim();
        if !is_postgres(text) || text.lines().count() != 1 {
            return Err(error(place.to_string(), "expected one line that begins with postgres://".to_owned()));
        }
        Ok(Some(text.to_owned()))
    }
}

/// How background workers go about it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkConfig {
    pub lease_s: u64,
    pub drain_s: u64,
    pub look_every_s: u64,
    pub keep_done_days: u32,
    pub queues: QueuesConfig,
}

/// Jobs in hand at the same time.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QueuesConfig {
    pub inbox: usize,
    pub render: usize,
    pub archive: usize,
    pub mail: usize,
    pub runs: usize,
}

impl WorkConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, expected: &str| Err(error(key, format!("expected {expected}")));
        if !(2..=3600).contains(&self.lease_s) {
            return wrong("work.lease_s", "2 to 3600");
        }
        if !(1..=3600).contains(&self.drain_s) {
            return wrong("work.drain_s", "1 to 3600");
        }
        if !(1..=3600).contains(&self.look_every_s) {
            return wrong("work.look_every_s", "1 to 3600");
        }
        if !(1..=3650).contains(&self.keep_done_days) {
            return wrong("work.keep_done_days", "1 to 3650");
        }
        let q = &self.queues;
        if [q.inbox, q.archive, q.mail, q.runs].iter().any(|n| !(1..=256).contains(n)) || q.render > 256 {
            return wrong("work.queues", "1 to 256 for each queue (render: 0 for as many as fit)");
        }
        Ok(())
    }
}

/// The health page.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    pub listen: String,
    pub public: bool,
}

impl HttpConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.address() {
            Err(()) => Err(error("http.listen", "expected an address and a port, such as 127.0.0.1:8087, or nothing".to_owned())),
            Ok(Some(address)) if !address.ip().is_loopback() && !self.public => {
                Err(error("http.listen", "expected an address of this machine alone, or http.public = true".to_owned()))
            }
            Ok(_) => Ok(()),
        }
    }

    /// `None` when there is no page.
    pub fn address(&self) -> Result<Option<SocketAddr>, ()> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        self.listen.parse().map(Some).map_err(|_| ())
    }
}

/// When what happens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    pub time_zone: String,
    pub jobs: BTreeMap<String, ScheduleSetting>,
}

/// What is changed in one schedule; what is not named stays as it is by default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSetting {
    /// Five fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfire: Option<MisfireSetting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// What becomes of times that were missed while nothing ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MisfireSetting {
    Once,
    Skip,
    All,
}

impl ScheduleConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        crate::jobs::schedules::plans(self).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_lies_in_its_own_file() {
        let check = |url: &str| {
            let database = DatabaseSetting::Postgresql { url: Some(url.to_owned()), url_file: None };
            StoreConfig { database }.check().map_err(|e| e.message)
        };
        assert!(check("postgres:///arkivflyt?host=/run/postgresql").is_ok());
        assert!(check("postgres://arkivflyt@db.example.org/arkivflyt").is_ok());
        assert!(check("postgres://arkivflyt:x@db.example.org/arkivflyt").unwrap_err().contains("url_file"));
        assert!(check("postgres://db.example.org/arkivflyt?password=x").unwrap_err().contains("url_file"));
        assert!(check("mysql://db.example.org/arkivflyt").unwrap_err().contains("postgres://"));
    }

    #[test]
    fn the_health_page_stays_on_this_machine() {
        let check = |listen: &str, public| HttpConfig { listen: listen.to_owned(), public }.check().is_ok();
        assert!(check("127.0.0.1:8087", false) && check("[::1]:0", false) && check("", false) && check("0.0.0.0:80", true));
        assert!(!check("0.0.0.0:80", false) && !check("localhost", false));
    }
}
