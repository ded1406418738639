//! Comma-separated values (RFC 4180) with a first line that names the columns: Bitwarden's, and those of browsers and
//! other vaults. Cells are kept as they are, whatever a spreadsheet would make of them.

use csv::StringRecord;

use super::{Import, MAX_ITEMS, Reader, field, hidden};
use crate::domain::Error;
use crate::domain::credential::{Field, Hidden, Kind, Parts};

/// What a column is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Kind,
    Name,
    Url,
    Username,
    Password,
    Totp,
    Notes,
    /// Bitwarden's: lines of `name: value`.
    Fields,
    /// A setting that says nothing here.
    PassedOver,
    /// Any other: kept as a field under its own name.
    Other,
}

impl Column {
    fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "type" => Self::Kind,
            "name" | "title" => Self::Name,
            "url" | "login_uri" | "website" => Self::Url,
            "username" | "login_username" => Self::Username,
            "password" | "login_password" => Self::Password,
            "totp" | "login_totp" | "otpauth" => Self::Totp,
            "notes" | "note" | "extra" => Self::Notes,
            "fields" => Self::Fields,
            // Firefox keeps its own accounts of each login.
            "reprompt" | "formactionorigin" | "guid" | "timecreated" | "timelastused" | "timepasswordchanged" => {
                Self::PassedOver
            }
            _ => Self::Other,
        }
    }
}

/// Reads a sheet. `Invalid` names each mistake by line and column: `/lines/3/password`.
pub fn read(text: &str) -> Result<Import, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let names = lines.headers().map_err(|_| unreadable(1))?.clone();
    let columns: Vec<Column> = names.iter().map(Column::named).collect();
    let has = |column| columns.contains(&column);
    let is_named = has(Column::Name) || has(Column::Url) && has(Column::Password);
    if !is_named || !(has(Column::Password) || has(Column::Notes)) {
        let detail = "must name the columns, with at least a name, or a url, and a password or notes";
        return Err(Error::invalid("/lines/1", detail));
    }
    let single = [Column::Kind, Column::Name, Column::Username, Column::Password, Column::Totp, Column::Notes];
    if single.iter().any(|one| columns.iter().filter(|column| *column == one).count() > 1) {
        return Err(Error::invalid("/lines/1", "must not name one thing twice"));
    }
    let mut reader = Reader::default();
    for (nth, record) in lines.records().enumerate() {
        if nth >= MAX_ITEMS {
            return Err(Error::invalid("", format!("must have at most {MAX_ITEMS} items; split the file")));
        }
        let record = record.map_err(|error| unreadable(error.position().map_or(0, csv::Position::line)))?;
        row(&mut reader, &names, &columns, &record);
    }
    reader.finish()
}

/// The reason would tell of what it found.
fn unreadable(line: u64) -> Error {
    Error::invalid(format!("/lines/{line}"), "does not have as many cells as there are columns")
}

fn row(reader: &mut Reader, names: &StringRecord, columns: &[Column], record: &StringRecord) {
    let at = format!("/lines/{}", record.position().map_or(0, csv::Position::line));
    let (mut name, mut kind, mut notes, mut parts) = (String::new(), Kind::Login, None, Parts::default());
    for ((title, column), cell) in names.iter().zip(columns).zip(record) {
        match column {
            _ if cell.is_empty() => {}
            Column::PassedOver => {}
            Column::Kind => match cell.to_ascii_lowercase().as_str() {
                "login" => {}
                "note" | "securenote" => kind = Kind::Note,
                _ => return reader.mistake(format!("{at}/{title}"), "must be login or note"),
            },
            Column::Name => cell.clone_into(&mut name),
            Column::Url => {
                if !columns.contains(&Column::Name) && name.is_empty() {
                    host(cell).clone_into(&mut name);
                }
                parts.urls.extend(addresses(cell));
            }
            Column::Username => parts.username = hidden(cell.to_owned()),
            Column::Password => parts.password = hidden(cell.to_owned()),
            Column::Totp => parts.totp = hidden(cell.to_owned()),
            Column::Notes => notes = hidden(cell.to_owned()),
            Column::Fields => parts.fields.extend(cell.lines().filter(|line| !line.is_empty()).map(custom)),
            Column::Other => parts.fields.push(field(title, cell)),
        }
    }
    match kind {
        Kind::Note => parts.text = Some(notes.unwrap_or_else(|| Hidden::from(String::new()))),
        _ => parts.notes = notes,
    }
    let name_at = format!("{at}/name");
    reader.take(at, &name_at, &name, kind, parts);
}

/// What a login is called in a sheet that has no names: the host of its address, as browsers show it.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Bitwarden joins the addresses of a login with commas, which may stand in one of them as well.
fn addresses(cell: &str) -> Vec<Hidden> {
    let parts: Vec<&str> = cell.split(',').map(str::trim).collect();
    let each_begins = parts.iter().all(|part| part.contains("://"));
    let parts = if each_begins { parts } else { vec![cell] };
    parts.into_iter().map(|part| Hidden::from(part.to_owned())).collect()
}

fn custom(line: &str) -> Field {
    let (name, value) = line.split_once(": ").unwrap_or(("fields", line));
    field(name, value)
}
