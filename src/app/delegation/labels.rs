//! The labels of one delegation: each once, whatever its case, and not too many.

use crate::crypto::blind_index::normalize;
use crate::domain::Error;
use crate::domain::text::Label;

/// How many labels a delegation may bear.
pub const MAX_LABELS: usize = 10;

/// Labels as somebody wrote them. Of those that differ by case alone, the first is kept: lists find them as one.
pub fn parse(texts: &[String]) -> Result<Vec<Label>, Error> {
    if texts.len() > MAX_LABELS {
        return Err(Error::invalid("/labels", format!("must be at most {MAX_LABELS}")));
    }
    let mut labels: Vec<Label> = Vec::new();
    for (nth, text) in texts.iter().enumerate() {
        let label = Label::parse(&format!("/labels/{nth}"), text)?;
        if !holds(&labels, &label) {
            labels.push(label);
        }
    }
    Ok(labels)
}

/// Whether two labels are one, as the filter of lists sees them.
fn is_like(one: &Label, other: &Label) -> bool {
    normalize(one.as_str()) == normalize(other.as_str())
}

fn holds(labels: &[Label], label: &Label) -> bool {
    labels.iter().any(|present| is_like(present, label))
}

/// The labels and one more; nothing when they have it.
pub(super) fn with(labels: &[Label], label: &Label) -> Result<Option<Vec<Label>>, Error> {
    if holds(labels, label) {
        return Ok(None);
    }
    if labels.len() >= MAX_LABELS {
        return Err(Error::invalid("/label", format!("would be one more than the {MAX_LABELS} that one may bear")));
    }
    Ok(Some(labels.iter().chain([label]).cloned().collect()))
}

/// The labels without one; nothing when they lack it.
pub(super) fn without(labels: &[Label], label: &Label) -> Option<Vec<Label>> {
    let left: Vec<_> = labels.iter().filter(|present| !is_like(present, label)).cloned().collect();
    (left.len() < labels.len()).then_some(left)
}
