//! `milton.anchor`: a small file beside the database, or where the administrator puts it, to which each signed head of the
//! audit log is appended. Whoever puts an older database back cannot make this file forget.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::crypto::keyring::Keyring;
use crate::crypto::note::Checkpoint;

/// Above this the file is none of ours: years of checkpoints, one a minute, stay far below.
const MOST: u64 = 1 << 30;

/// The file, open for appending.
pub(super) struct Anchor {
    file: File,
    /// Whether the last record was cut short, by a crash or by somebody.
    is_torn: bool,
}

/// The newest head that the file knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchored {
    /// How often a rollback had been accepted, counted from 1.
    pub epoch: u32,
    pub checkpoint: Checkpoint,
}

impl Anchor {
    /// Opens the file, or makes it, and reads the newest head that this instance signed. What does not open under its key
    /// does not count: it can be added by anybody.
    pub fn open(path: &Path, keyring: &Keyring) -> io::Result<(Self, Option<Anchored>)> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let text = content(&file)?;
        let newest = newest(&text, keyring);
        Ok((Self { file, is_torn: !text.is_empty() && !text.ends_with("\n\n") }, newest))
    }

    /// Appends a signed note and syncs.
    pub fn append(&mut self, note: &str) -> io::Result<()> {
        let seam = if self.is_torn { "\n\n" } else { "" };
        self.is_torn = true;
        self.file.write_all(format!("{seam}{note}\n").as_bytes())?;
        self.file.sync_data()?;
        self.is_torn = false;
        Ok(())
    }
}

/// The newest head that a file knows, which is only read; `None` without a file, too.
pub(super) fn look(path: &Path, keyring: &Keyring) -> io::Result<Option<Anchored>> {
    match File::open(path) {
        Ok(file) => Ok(newest(&content(&file)?, keyring)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn content(mut file: &File) -> io::Result<String> {
    if file.metadata()?.len() > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "this is no anchor"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The newest head among the notes of a text that this instance signed: the greatest epoch, and in it the greatest size.
/// Only the newest is looked at closely, and the one before it when that is forged.
fn newest(text: &str, keyring: &Keyring) -> Option<Anchored> {
    // A note is a text and its signatures, with an empty line between them and one behind. Each part is tried with the one
    // behind it, so that a torn note takes no other with it.
    let parts: Vec<&str> = text.split("\n\n").collect();
    let mut notes: Vec<(Anchored, String)> = parts
        .windows(2)
        .filter_map(|pair| {
            let body = format!("{}\n", pair[0].trim_start_matches('\n'));
            let checkpoint = Checkpoint::from_text(&body).ok()?;
            let epoch = keyring.epoch_of(&checkpoint.origin)?;
            Some((Anchored { epoch, checkpoint }, format!("{body}\n{}\n", pair[1])))
        })
        .collect();
    notes.sort_by_key(|(anchored, _)| (anchored.epoch, anchored.checkpoint.size));
    let is_ours =
        |(anchored, note): &(Anchored, String)| keyring.audit_signer(anchored.epoch).verifier().open(note).is_ok();
    notes.into_iter().rev().find(is_ours).map(|(anchored, _)| anchored)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::base::entropy::SeededEntropy;
    use crate::crypto::keyring::RootKey;

    fn keyring(seed: u64) -> Keyring {
        let entropy = SeededEntropy::new(seed);
        Keyring::open(&RootKey::generate(&entropy), Uuid::from_u128(1), &entropy)
    }

    fn head(keyring: &Keyring, epoch: u32, size: u64) -> (Anchored, String) {
        let signer = keyring.audit_signer(epoch);
        let checkpoint = Checkpoint { origin: signer.verifier().name().to_owned(), size, root: [7; 32] };
        let note = signer.sign(&checkpoint.to_text());
        (Anchored { epoch, checkpoint }, note)
    }

    fn reopened(path: &Path) -> (Anchor, Option<Anchored>) {
        Anchor::open(path, &keyring(1)).unwrap()
    }

    #[test]
    fn the_newest_head_is_the_one_that_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("milton.anchor");
        let (mut anchor, newest) = reopened(&path);
        assert_eq!(newest, None);
        let ours = keyring(1);
        for (epoch, size) in [(1, 5), (1, 300), (2, 40), (1, 900), (2, 39)] {
            anchor.append(&head(&ours, epoch, size).1).unwrap();
        }
        assert_eq!(reopened(&path).1, Some(head(&ours, 2, 40).0));
        // Nobody without the key brings another head in, however new it says it is.
        anchor.append(&head(&keyring(2), 9, 9).1).unwrap();
        anchor.append(&head(&ours, 3, 50).1.replace("\n50\n", "\n60\n")).unwrap();
        anchor.append("milton/1\n7\n\n\u{2014} milton/1 AAAA\n").unwrap();
        assert_eq!(reopened(&path).1, Some(head(&ours, 2, 40).0));
    }

    #[test]
    fn a_torn_record_takes_no_other_with_it() {
        let ours = keyring(1);
        let (_, torn) = head(&ours, 1, 6);
        // Without its last line feed it is whole.
        for cut in 0..torn.len() - 1 {
            let Some(part) = torn.get(..cut) else { continue };
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("anchor");
            reopened(&path).0.append(&head(&ours, 1, 5).1).unwrap();
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(part.as_bytes()).unwrap();
            let (mut anchor, newest) = reopened(&path);
            assert_eq!(newest, Some(head(&ours, 1, 5).0), "{part:?}");
            anchor.append(&head(&ours, 1, 7).1).unwrap();
            assert_eq!(reopened(&path).1, Some(head(&ours, 1, 7).0), "{part:?}");
        }
    }
}
