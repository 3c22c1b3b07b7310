//! Mails that should be there against mails that are.
//!
//! Two mails of the same subject, weight and receiver cannot be told from each other by what they say, and must not: so of such, each duty
//! takes one mail of its span, the duty that ends first the mail that was sent first.

use std::collections::BTreeMap;

use super::{
    Finding, Summary,
    announced::{BOUND, Owed},
    letter::Mail,
    texts::Texts,
};

/// What tells mails from each other: receiver, sender, subject, and whether there was a duty to send it.
type Key = (String, String, String, bool);

/// Finds each duty its mail, and each mail its duty.
pub fn judge(owed: &[Owed], mails: &[Mail], texts: &Texts, found: &mut Vec<Finding>, summary: &mut Summary) {
    let mut piles: BTreeMap<Key, (Vec<&Owed>, Vec<&Mail>)> = BTreeMap::new();
    for one in owed {
        let subject = texts.subject(one.kind, &one.contact.form, one.again, &one.municipality);
        let to = one.contact.address().unwrap_or_default().to_owned();
        let from = texts.municipalities.get(&one.municipality).map_or_else(String::new, |m| m.from.clone());
        piles.entry((to, from, subject, BOUND.contains(&one.kind))).or_default().0.push(one);
    }
    for mail in mails {
        piles.entry((mail.to.clone(), mail.from.clone(), mail.subject.clone(), mail.is_bound())).or_default().1.push(mail);
    }
    for (key, (mut owed, mut mails)) in piles {
        owed.sort_by_key(|o| o.until);
        mails.sort_by_key(|m| m.at);
        pair(&key, &owed, &mails, texts, found, summary);
    }
}

fn pair(key: &Key, owed: &[&Owed], mails: &[&Mail], texts: &Texts, found: &mut Vec<Finding>, summary: &mut Summary) {
    let mut taken = vec![false; owed.len()];
    for mail in mails {
        // Sure duties first: whoever may have none waits.
        let fits = |n: &usize| !taken[*n] && owed[*n].from <= mail.at && mail.at <= owed[*n].until;
        let sure = (0..owed.len()).filter(fits).find(|n| owed[*n].is_sure);
        let Some(n) = sure.or_else(|| (0..owed.len()).find(fits)) else {
            let known = texts.kinds().filter(|kind| is_called(texts, kind, &key.2)).collect::<Vec<_>>().join(" or ");
            let code = if known.is_empty() { "mail_of_no_kind" } else { "mail_unexpected" };
            found.push(Finding::new(code, format!("{}: {known}, {}", mail.file, mail.at)));
            continue;
        };
        taken[n] = true;
        if owed[n].counts.is_some_and(|counts| texts.counted(&owed[n].contact.form, &mail.body) != Some(counts)) {
            let said = texts.counted(&owed[n].contact.form, &mail.body);
            let (why, counts) = (&owed[n].why, owed[n].counts.unwrap_or_default());
            found.push(Finding::new("counts_wrong", format!("{}: {said:?}, {counts:?} expected, {why}", mail.file)));
        }
        let again = if owed[n].again { ", again" } else { "" };
        *summary.mails.entry(format!("{}{again}", owed[n].kind)).or_default() += 1;
    }
    for (one, _) in owed.iter().zip(taken).filter(|(_, taken)| !taken) {
        if one.is_sure {
            found.push(Finding::new(
                "mail_missing",
                format!("{}{}: {}, {} to {}", one.kind, if one.again { ", again" } else { "" }, one.why, one.from, one.until),
            ));
        } else {
            summary.open_questions += 1;
        }
    }
}

fn is_called(texts: &Texts, kind: &str, subject: &str) -> bool {
    let municipalities = texts.municipalities.keys();
    municipalities
        .into_iter()
        .any(|m| ["nb", "nn"].iter().any(|form| [false, true].iter().any(|again| texts.subject(kind, form, *again, m) == subject)))
}
