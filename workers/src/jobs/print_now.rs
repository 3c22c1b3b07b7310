//! What is known of a plan beyond its folder at the moment when something is taken out of it: a consent that was withdrawn an hour ago, an
//! address that was hidden today. The folder hears of both with the next document only.

use pipeline_access::Consent;
use pipeline_domain::{CaseFolderId, Timestamp};
use pipeline_lifecycle::{Life, Sharing, Standing};
use pipeline_store::Plans;

use crate::{asking::Thing, failure::Failure, shell::Shell};

/// The thing with what the plan's events say of consent and address protection.
///
/// Documents alone tell of the consents that were archived, not of those that hold, so without events the folder's word stands.
pub async fn as_of_now(shell: &Shell, folder: &CaseFolderId, mut thing: Thing) -> Result<Thing, Failure> {
    let facts = shell.store.facts_of(folder).await?;
    let life = Life::of(facts.iter().map(|row| &row.fact));
    // Only ever stricter: what is lowered counts when a document says so too.
    thing.resource.protection = thing.resource.protection.max(life.protection);
    let is_kept_up = facts.iter().any(|row| row.source.event().is_some());
    if is_kept_up
        && thing.resource.consent != Consent::NotNeeded
        && let Some(consent) = consent_of(&life, shell.clock.now())
    {
        thing.resource.consent = consent;
    }
    Ok(thing)
}

/// How the plan's consents stand together; `None` when none was ever spoken of.
fn consent_of(life: &Life, now: Timestamp) -> Option<Consent> {
    let today = now.oslo_date();
    let was_withdrawn = || life.consents.values().any(|consent| matches!(consent.standing(today), Standing::Withdrawn(_)));
    match life.sharing(now) {
        Sharing::Unasked => None,
        Sharing::Allowed => Some(Consent::Valid),
        Sharing::Expired => Some(Consent::Expired),
        Sharing::Missing if was_withdrawn() => Some(Consent::Withdrawn),
        Sharing::Missing => Some(Consent::NotGiven),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_domain::{About, ConsentState, DocumentId, DocumentKind, EventName, Fact, FactKind};
    use uuid::Uuid;

    fn fact(kind: FactKind, at: &str, consent: Option<ConsentState>) -> Fact {
        let about = About {
            matter: Some(DocumentId::from_uuid(Uuid::from_u128(1))),
            consent,
            due: Some("2027-06-30".parse().unwrap()),
            ..About::default()
        };
        Fact { kind, at: at.parse().unwrap(), about }
    }

    #[test]
    fn the_last_word_of_the_consents_counts() {
        let asked = || fact(FactKind::Event(EventName::ConsentRequested), "2026-09-01T10:00:00Z", None);
        let given = || fact(FactKind::Document(DocumentKind::ConsentRecord), "2026-09-02T10:00:00Z", Some(ConsentState::Approved));
        let withdrawn = || fact(FactKind::Event(EventName::ConsentWithdrawn), "2026-11-01T10:00:00Z", None);
        let check = |facts: &[Fact], now: &str, expected| {
            assert_eq!(consent_of(&Life::of(facts), now.parse().unwrap()), expected, "{facts:#?}");
        };
        check(&[], "2026-11-23T10:00:00Z", None);
        check(&[asked()], "2026-11-23T10:00:00Z", Some(Consent::NotGiven));
        check(&[asked(), given()], "2026-11-23T10:00:00Z", Some(Consent::Valid));
        check(&[asked(), given()], "2027-07-01T10:00:00Z", Some(Consent::Expired));
        check(&[asked(), given(), withdrawn()], "2026-11-23T10:00:00Z", Some(Consent::Withdrawn));
    }
}
