//! The matrix as text.

use std::fmt::Write as _;

use super::matrix::{Cell, Doors, Permission};

/// The matrix as text: what the snapshot shows and what is hashed at start.
pub fn describe() -> String {
    let mut text = String::new();
    for &permission in Permission::ALL {
        let cells = match permission.row() {
            Some((sphere, cells)) => {
                let [owner, admin, manager, member] = cells.map(word);
                format!("{:<9}{owner:<15}{admin:<15}{manager:<15}{member}", sphere.as_str())
            }
            None => format!("Door     {}", doors_in_words(permission.doors())),
        };
        let _ = writeln!(text, "{:<28}{}", permission.as_str(), cells.trim_end());
    }
    text
}

fn word(cell: Cell) -> String {
    let when = cell.when.as_str();
    if cell.step_up { format!("{when} s") } else { when.to_owned() }
}

fn doors_in_words(doors: Doors) -> String {
    [("anonymous", doors.anonymous), ("signed-in", doors.signed_in), ("job", doors.job), ("operator", doors.operator)]
        .into_iter()
        .filter_map(|(who, open)| open.then_some(who))
        .collect::<Vec<_>>()
        .join(" ")
}
