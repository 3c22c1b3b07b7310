//! The one place where the real clock, database, mailer, folders and render children meet.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use chrono::Utc;
use pipeline_archive::CaseArchive;
use pipeline_domain::{Clock, ErrorCode, Line, MunicipalityNumber, Timestamp};
use pipeline_intake::{IntakeRules, Reader, SyntheticPolicy};
use pipeline_notify::{Credentials, English, MailFacts, Maildir, MeetingTimes, RelayConfig, RelaySecurity, Sender, SmtpRelay, Timeouts};
use pipeline_package::ArchiveProfile;
use pipeline_render::{Letterhead, Logo, LogoFormat, NationalIdOnPage};
use pipeline_store_postgres::PostgresStore;
use pipeline_store_sqlite::SqliteStore;
use tokio::sync::OnceCell;

use crate::{
    any_store::AnyStore,
    cli::Global,
    config::{
        self, Config, DatabaseSetting, Municipalities, Municipality, NationalIdSetting, SandboxSetting, SmtpSecurity, SyntheticSetting,
        Transport,
    },
    data::DataFolder,
    failure::Failure,
    jobs::runs::digest::LastDigests,
    press::{Press, PressSettings, Sandbox},
    pseudonym::Pseudonyms,
    snapshots::Snapshots,
    witness::{Witnesses, stamps::TimeStamps},
};

/// The wall clock.
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is handed")]
    fn now(&self) -> Timestamp {
        Timestamp::from_utc(Utc::now())
    }
}

/// The clock of a command: the wall clock, or the one that `--clock` froze.
pub fn clock(global: &Global) -> Arc<dyn Clock> {
    match global.clock {
        Some(frozen) => Arc::new(frozen),
        None => Arc::new(SystemClock),
    }
}

/// Everything that a job may reach.
pub struct Shell {
    pub data: DataFolder,
    pub config: Config,
    pub municipalities: Municipalities,
    pub clock: Arc<dyn Clock>,
    pub reader: Arc<Reader>,
    pub store: AnyStore,
    /// Documents that were read a moment ago.
    pub snapshots: Snapshots,
    /// What waited for each lead when that was last counted.
    pub last_digests: LastDigests,
    /// What shows that nobody has rewritten the archive.
    pub witnesses: Arc<Witnesses>,
    press: OnceCell<Press>,
    pseudonyms: OnceLock<Pseudonyms>,
    archives: Mutex<HashMap<MunicipalityNumber, Arc<CaseArchive>>>,
}

/// How notices leave.
pub enum Outlet {
    Maildir(Arc<Maildir>),
    Smtp(Box<SmtpRelay>),
}

impl Shell {
    /// Opens a data folder that has been set up.
    pub async fn open(global: &Global, config: Config) -> Result<Self, Failure> {
        let data = DataFolder::open(&global.data)?;
        if matches!(config.store.database, DatabaseSetting::Sqlite) && !data.database().is_file() {
            return Err(Failure::give_up(ErrorCode::NotInitialised, format!("no database in {}", global.data.display())));
        }
        Self::over(data, global, config).await
    }

    /// Opens the database in a folder; makes it when it is not there.
    pub async fn over(data: DataFolder, global: &Global, config: Config) -> Result<Self, Failure> {
        let municipalities = config::read_all(&data.municipalities()).map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
        let reader = Arc::new(Reader::new(intake_rules(&config, Some(&municipalities))));
        let store = open_store(&data, &config).await?;
        let clock = clock(global);
        let (stores, keys) = (data.resolve(&config.archive.folder), data.resolve(&config.witness.keys));
        let witnesses = Arc::new(Witnesses::new(data.clone(), stores, keys, &municipalities, clock.clone()));
        Ok(Self {
            data,
            config,
            municipalities,
            clock,
            reader,
            store,
            snapshots: Snapshots::default(),
            last_digests: LastDigests::default(),
            witnesses,
            press: OnceCell::new(),
            pseudonyms: OnceLock::new(),
            archives: Mutex::new(HashMap::new()),
        })
    }

    /// Keys for people and addresses, under this installation's own key.
    pub fn pseudonyms(&self) -> Result<&Pseudonyms, Failure> {
        if let Some(known) = self.pseudonyms.get() {
            return Ok(known);
        }
        let opened = Pseudonyms::open(self.data.root())?;
        Ok(self.pseudonyms.get_or_init(|| opened))
    }

    /// The same store once more, as another process has it.
    pub async fn another_store(&self) -> Result<AnyStore, Failure> {
        open_store(&self.data, &self.config).await
    }

    /// The newest migration that the database has, and the newest that this program knows.
    pub async fn migration_status(&self) -> Result<(i64, i64), Failure> {
        let url = self.config.store.database.url().map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
        Ok(match url {
            None => SqliteStore::migration_status(&self.data.database()).await?,
            Some(url) => PostgresStore::migration_status(&url).await?,
        })
    }

    /// The newest migration that this program knows.
    pub async fn known_schema(&self) -> Result<i64, Failure> {
        Ok(self.migration_status().await?.1)
    }

    /// When a backup of this data folder was last finished and checked, if ever.
    pub fn last_backup(&self) -> Option<Timestamp> {
        let told = std::fs::read_to_string(self.data.last_backup_file()).ok()?;
        told.trim().parse().ok()
    }

    /// Who stamps seals, where somebody is configured.
    pub fn time_stamps(&self) -> Result<Option<TimeStamps>, Failure> {
        self.config.witness.time_stamp.as_ref().map(|config| TimeStamps::of(config, &self.data)).transpose()
    }

    /// Render children, started when first asked for.
    pub async fn press(&self) -> Result<&Press, Failure> {
        self.press.get_or_try_init(|| async { Press::start(press_settings(&self.config)).map_err(Failure::from) }).await
    }

    /// Stops what was started.
    pub async fn close(self) {
        if let Some(press) = self.press.into_inner() {
            press.stop().await;
        }
        self.store.close().await;
    }

    /// A municipality's settings.
    pub fn municipality(&self, number: &MunicipalityNumber) -> Result<&Municipality, Failure> {
        self.municipalities
            .get(number)
            .ok_or_else(|| Failure::give_up(ErrorCode::ConfigInvalid, format!("municipality {number} has no settings")))
    }

    /// Where all case folders lie.
    pub fn archive_root(&self) -> PathBuf {
        self.data.resolve(&self.config.archive.folder)
    }

    /// A municipality's case folders; opened and mended once in the life of this process.
    pub fn archive(&self, number: &MunicipalityNumber) -> Result<Arc<CaseArchive>, Failure> {
        let mut archives = self.archives.lock().expect("nobody panics while holding this lock");
        if let Some(open) = archives.get(number) {
            return Ok(open.clone());
        }
        let (archive, recovery) = CaseArchive::open_or_create(&self.archive_root(), number)?;
        if !recovery.is_clean() {
            tracing::warn!(municipality = %number, recovery = ?recovery, "mended the archive store after a stop");
        }
        let archive = Arc::new(archive);
        archives.insert(number.clone(), archive.clone());
        Ok(archive)
    }

    /// The way out for mail.
    pub fn outlet(&self) -> Result<Outlet, Failure> {
        Ok(match &self.config.mail.transport {
            Transport::Maildir { folder } => Outlet::Maildir(Arc::new(Maildir::open_or_create(&self.data.resolve(folder))?)),
            Transport::Smtp { host, port, security, hello_name, username, password_file, ca_file } => {
                let credentials =
                    username.clone().zip(password_file.clone()).map(|(username, password_file)| Credentials { username, password_file });
                Outlet::Smtp(Box::new(SmtpRelay::open(&RelayConfig {
                    host: host.clone(),
                    port: *port,
                    security: match security {
                        SmtpSecurity::ImplicitTls => RelaySecurity::ImplicitTls,
                        SmtpSecurity::Starttls => RelaySecurity::RequiredStartTls,
                        SmtpSecurity::PlaintextLoopback => RelaySecurity::PlaintextLoopbackOnly,
                    },
                    credentials,
                    ca_file: ca_file.clone(),
                    hello_name: hello_name.clone(),
                    timeouts: Timeouts::default(),
                })?))
            }
        })
    }
}

/// The store that the configuration names.
async fn open_store(data: &DataFolder, config: &Config) -> Result<AnyStore, Failure> {
    let url = config.store.database.url().map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, e))?;
    Ok(match url {
        None => AnyStore::sqlite(&data.database()).await?,
        Some(url) => AnyStore::postgres(&url).await?,
    })
}

/// What intake refuses here.
pub fn intake_rules(config: &Config, municipalities: Option<&Municipalities>) -> IntakeRules {
    IntakeRules {
        synthetic: match config.intake.synthetic {
            SyntheticSetting::Accept => SyntheticPolicy::Accept,
            SyntheticSetting::Refuse => SyntheticPolicy::Refuse,
        },
        max_bytes: config.intake.max_bytes,
        max_depth: config.intake.max_depth,
        municipalities: municipalities.map(|m| m.keys().cloned().collect()),
    }
}

/// How render children are kept.
pub fn press_settings(config: &Config) -> PressSettings {
    let render = &config.render;
    PressSettings {
        memory_limit_bytes: render.memory_limit_mib << 20,
        cpu_limit_s: render.cpu_limit_s,
        wall_limit: Duration::from_secs(render.wall_limit_s),
        recycle_after_documents: render.recycle_after_documents,
        recycle_above_bytes: render.recycle_above_mib << 20,
        sandbox: match render.sandbox {
            SandboxSetting::Required => Sandbox::Required,
            SandboxSetting::BestEffort => Sandbox::BestEffort,
            SandboxSetting::Off => Sandbox::Off,
        },
        ..PressSettings::for_children(config.render_children())
    }
}

impl Municipality {
    /// How this municipality archives.
    pub fn profile(&self) -> ArchiveProfile {
        let mut profile = ArchiveProfile::new(
            self.number.clone(),
            self.name.clone(),
            self.organisation_number.clone(),
            self.archive.opened_at,
            self.archive.object_id_base.clone(),
        );
        profile.archive_title = self.archive.title.clone();
        profile.archive_part_title = self.archive.part.clone();
        profile.folder_language = self.written_form;
        profile.screening_years = self.archive.screening_years;
        profile.format = match self.archive.format {
            config::FormatStyle::Extension => pipeline_package::FormatStyle::Extension,
            config::FormatStyle::Pronom => pipeline_package::FormatStyle::Pronom,
        };
        profile
    }

    /// What stands on its pages.
    pub fn letterhead(&self) -> Result<Letterhead, Failure> {
        let logo = match (&self.page.logo, &self.page.logo_alt) {
            (Some(file), Some(alt)) => {
                let path = self.folder.join(file);
                let bytes = std::fs::read(&path)
                    .map_err(|e| Failure::give_up(ErrorCode::ConfigInvalid, format!("logo {}: {e}", path.display())))?;
                let format =
                    if path.extension().is_some_and(|x| x.eq_ignore_ascii_case("svg")) { LogoFormat::Svg } else { LogoFormat::Png };
                Some(Logo { svg_or_png: bytes, format, alt: alt.clone() })
            }
            _ => None,
        };
        let national_id_on_page = match self.page.national_id {
            NationalIdSetting::Never => NationalIdOnPage::Never,
            NationalIdSetting::Shown => NationalIdOnPage::Shown,
        };
        Ok(Letterhead { logo, national_id_on_page })
    }

    /// What its mails may say beside what the notice itself says.
    pub fn mail_facts(&self, facts: MailFacts) -> MailFacts {
        MailFacts {
            meeting_times: if self.mail.meeting_times { MeetingTimes::Shown } else { MeetingTimes::LeftOut },
            english: if self.mail.english { English::Below } else { English::LeftOut },
            ..facts
        }
    }

    /// Who its mail is from.
    pub fn sender(&self) -> Sender {
        let (_, domain) = self.mail.from.expose().split_once('@').expect("an address has a domain");
        Sender {
            municipality_name: Line::new(&self.name),
            from_address: self.mail.from.clone(),
            reply_to: self.mail.reply_to.clone(),
            login_url: self.mail.login_url.clone(),
            contact_point: self.mail.contact_point.clone(),
            message_id_domain: domain.to_owned(),
            checkpoint: None,
        }
    }
}
