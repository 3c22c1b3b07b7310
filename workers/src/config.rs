//! The configuration: parsed at start into types, once. Defaults, then a file, then `ARKIVFLYT__…` in the environment.

mod attachments;
mod municipality;
mod witness;
mod work;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use attachments::AttachmentsConfig;
pub use municipality::{FormatStyle, Municipalities, Municipality, MunicipalityDelivery, NationalIdSetting, read_all};
pub use witness::{TimeStampConfig, WitnessConfig};
pub use work::{DatabaseSetting, HttpConfig, MisfireSetting, ScheduleConfig, ScheduleSetting, StoreConfig, WorkConfig};

/// The file that explains every key; also the defaults themselves.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Everything that can be set, but for the municipalities.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub intake: IntakeConfig,
    pub attachments: AttachmentsConfig,
    pub render: RenderConfig,
    pub archive: ArchiveConfig,
    pub witness: WitnessConfig,
    pub access: AccessConfig,
    pub prints: PrintsConfig,
    pub mail: MailConfig,
    pub store: StoreConfig,
    pub work: WorkConfig,
    pub http: HttpConfig,
    pub schedule: ScheduleConfig,
    pub log: LogConfig,
}

/// What may come in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeConfig {
    pub max_bytes: usize,
    pub max_depth: usize,
    pub synthetic: SyntheticSetting,
    pub keep_accepted_days: u32,
}

/// Whether made-up documents are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyntheticSetting {
    Accept,
    Refuse,
}

/// How documents are set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RenderConfig {
    pub children: usize,
    pub wall_limit_s: u64,
    pub cpu_limit_s: u64,
    pub memory_limit_mib: u64,
    pub recycle_after_documents: u32,
    pub recycle_above_mib: u64,
    pub sandbox: SandboxSetting,
}

/// How much of the sandbox must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxSetting {
    Required,
    BestEffort,
    Off,
}

/// Where case folders lie.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveConfig {
    pub folder: PathBuf,
}

/// Who is shown content.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    pub roles: RolesSetting,
}

/// What makes somebody a holder of the role that they state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesSetting {
    /// Their word, which is written to the access log.
    Stated,
    /// A grant in the register that reaches the plan today.
    Granted,
}

/// What is made on request and waits to be fetched.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PrintsConfig {
    pub keep_days: u32,
}

/// How notices leave.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    pub transport: Transport,
    /// The Maildir that the return path of our mails leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounces: Option<PathBuf>,
    pub keep_bounces_days: u32,
}

/// The two ways out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    Maildir {
        folder: PathBuf,
    },
    Smtp {
        host: String,
        port: u16,
        security: SmtpSecurity,
        /// Name we present in EHLO.
        hello_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_file: Option<PathBuf>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ca_file: Option<PathBuf>,
    },
}

/// How the connection to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    ImplicitTls,
    Starttls,
    PlaintextLoopback,
}

/// What is logged.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    pub level: LogLevel,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// A setting that cannot be used: which file, which key, what was expected.
#[derive(Debug)]
pub struct ConfigError {
    pub place: String,
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Defaults, then `file` (or `arkivflyt.toml` in the data folder when there is one), then the environment.
    pub fn load(file: Option<&Path>, data: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut merged = table("the built-in defaults", DEFAULT_TOML)?;
        let in_data = data.join("arkivflyt.toml");
        let file = file.map(Path::to_owned).or_else(|| in_data.is_file().then_some(in_data));
        if let Some(path) = &file {
            let text = std::fs::read_to_string(path).map_err(|e| error(path.display(), format!("cannot be read: {e}")))?;
            // Parsed alone first, so that a wrong key is reported with its own line.
            merge(&mut merged, table(&path.display().to_string(), &text)?);
        }
        for (name, value) in environment {
            if let Some(keys) = name.strip_prefix("ARKIVFLYT__") {
                set(&mut merged, &name, keys, &value)?;
            }
        }
        let place = file.map_or("configuration".to_owned(), |f| f.display().to_string());
        // The whole text and not only the message: it names the key.
        let config: Config = merged.try_into().map_err(|e: toml::de::Error| error(place, e.to_string().trim().replace('\n', " ")))?;
        config.check()?;
        Ok(config)
    }

    /// Rules between settings.
    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, expected: &str| Err(error(key, format!("expected {expected}")));
        if !(1024..=64 << 20).contains(&self.intake.max_bytes) {
            return wrong("intake.max_bytes", "1024 to 67108864");
        }
        if !(8..=100).contains(&self.intake.max_depth) {
            return wrong("intake.max_depth", "8 to 100");
        }
        if self.intake.keep_accepted_days > 3650 {
            return wrong("intake.keep_accepted_days", "0 to 3650");
        }
        self.attachments.check()?;
        self.witness.check()?;
        if self.render.children > 64 {
            return wrong("render.children", "0 to 64");
        }
        if !(1..=3600).contains(&self.render.wall_limit_s) || !(1..=3600).contains(&self.render.cpu_limit_s) {
            return wrong("render.wall_limit_s and render.cpu_limit_s", "1 to 3600");
        }
        if !(512..=65536).contains(&self.render.memory_limit_mib) {
            return wrong("render.memory_limit_mib", "512 to 65536");
        }
        if let Transport::Smtp { username, password_file, security, .. } = &self.mail.transport {
            if username.is_some() != password_file.is_some() {
                return wrong("mail.transport", "username and password_file together, or neither");
            }
            if username.is_some() && *security == SmtpSecurity::PlaintextLoopback {
                return wrong("mail.transport.security", "implicit_tls or starttls when there is a password");
            }
        }
        if !(1..=365).contains(&self.prints.keep_days) {
            return wrong("prints.keep_days", "1 to 365");
        }
        if self.mail.keep_bounces_days > 3650 {
            return wrong("mail.keep_bounces_days", "0 to 3650");
        }
        if let Transport::Maildir { folder } = &self.mail.transport
            && self.mail.bounces.as_ref() == Some(folder)
        {
            return wrong("mail.bounces", "another folder than the one that notices are written to");
        }
        self.store.check()?;
        self.work.check()?;
        self.http.check()?;
        self.schedule.check()
    }

    /// Number of render children, with 0 counted out.
    pub fn render_children(&self) -> usize {
        match self.render.children {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        }
    }
}

fn error(place: impl fmt::Display, message: String) -> ConfigError {
    ConfigError { place: place.to_string(), message }
}

fn table(place: &str, text: &str) -> Result<toml::Table, ConfigError> {
    text.parse::<toml::Table>().map_err(|e| {
        let line = e.span().map_or(0, |s| text[..s.start].lines().count().max(1));
        error(format!("{place}, line {line}"), e.message().to_owned())
    })
}

/// Tables are merged key by key; anything else is replaced. A transport and a database are replaced whole: their keys depend on
/// their kind.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) if key != "transport" && key != "database" => merge(old, new),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// `ARKIVFLYT__RENDER__CHILDREN=2` sets `render.children`. The value is TOML, or plain text when it is not.
fn set(base: &mut toml::Table, name: &str, keys: &str, value: &str) -> Result<(), ConfigError> {
    let keys: Vec<String> = keys.split("__").map(str::to_lowercase).collect();
    let (last, parents) = keys.split_last().expect("split gives at least one part");
    let mut here = base;
    for key in parents {
        here = match here.entry(key.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new())) {
            toml::Value::Table(t) => t,
            _ => return Err(error(name, format!("`{key}` holds a value, not a table"))),
        };
    }
    let parsed = format!("v = {value}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("v"));
    here.insert(last.clone(), parsed.unwrap_or_else(|| toml::Value::String(value.to_owned())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("arkivflyt.toml");
        std::fs::write(&file, text).unwrap();
        let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        Config::load(None, dir.path(), env).map_err(|e| e.message)
    }

    #[test]
    fn defaults_hold_alone() {
        let config = load("", &[]).unwrap();
        assert_eq!(config.intake.max_depth, 64);
        assert!(matches!(config.mail.transport, Transport::Maildir { .. }));
    }

    #[test]
    fn file_and_environment_win_in_that_order() {
        let config = load("[render]\nchildren = 3\nwall_limit_s = 5", &[("ARKIVFLYT__RENDER__CHILDREN", "1")]).unwrap();
        assert_eq!((config.render.children, config.render.wall_limit_s), (1, 5));
    }

    #[test]
    fn unknown_keys_and_wrong_values_stop_the_start() {
        assert!(load("[render]\nchildern = 3", &[]).unwrap_err().contains("childern"));
        assert!(load("[log]\nlevel = \"loud\"", &[]).unwrap_err().contains("loud"));
        assert!(load("[intake]\nmax_bytes = 1", &[]).unwrap_err().contains("1024"));
    }

    #[test]
    fn what_is_asked_for_can_be_fetched_and_does_not_stay_for_ever() {
        assert_eq!(load("", &[]).unwrap().prints.keep_days, 14);
        for wrong in [0, 366] {
            assert!(load(&format!("[prints]\nkeep_days = {wrong}"), &[]).unwrap_err().contains("1 to 365"));
        }
    }

    #[test]
    fn what_comes_back_has_a_folder_of_its_own() {
        assert_eq!(load("", &[]).unwrap().mail.bounces, None);
        let config = load("[mail]\nbounces = \"returned\"\nkeep_bounces_days = 0", &[]).unwrap();
        assert_eq!((config.mail.bounces, config.mail.keep_bounces_days), (Some("returned".into()), 0));
        assert!(load("[mail]\nbounces = \"mail\"", &[]).unwrap_err().contains("another folder"));
        assert!(load("[mail]\nkeep_bounces_days = 9999", &[]).unwrap_err().contains("3650"));
    }

    #[test]
    fn a_password_never_travels_in_the_clear() {
        let smtp = r#"[mail]
transport = { kind = "smtp", host = "127.0.0.1", port = 25, security = "plaintext_loopback", hello_name = "arkivflyt.example.org", username = "u", password_file = "/p" }"#;
        assert!(load(smtp, &[]).unwrap_err().contains("implicit_tls"));
    }
}
