//! The table: every row a figure, what it is held against, and whether it is where it should be.

use std::fmt::Write as _;
use std::path::Path;

use crate::Outcome;
use crate::load::Measured;

/// Two things measured in turn in one round.
pub struct Pair {
    here: f64,
    there: f64,
    note: String,
}

impl Pair {
    pub const fn new(here: f64, there: f64) -> Self {
        Self { here, there, note: String::new() }
    }

    /// Answers per second against answers per second; the note tells the server's processor time for each.
    pub fn of_rates(here: &Measured, there: &Measured) -> Self {
        let note = format!(
            "p99 {:.1} against {:.1} ms, processor {:.0} against {:.0} µs",
            here.quantile(0.99),
            there.quantile(0.99),
            here.cpu,
            there.cpu
        );
        Self { here: here.rate, there: there.rate, note }
    }

    /// Answers per second against a rate.
    pub fn of_rate(here: &Measured, there: f64) -> Self {
        let note = format!(
            "p50 {:.1} ms, p99 {:.1} ms, processor {:.0} µs",
            here.quantile(0.5),
            here.quantile(0.99),
            here.cpu
        );
        Self { here: here.rate, there, note }
    }

    fn ratio(&self) -> f64 {
        self.here / self.there
    }
}

/// Where a ratio should be.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// The rows so far.
pub struct Report {
    text: String,
}

impl Report {
    pub fn new(cores: usize) -> Self {
        let mut report = Self { text: format!("{cores} cores, shared by driver and server\n\n") };
        report.line(["what", "measured", "against", "ratio (min–max)", "target", ""]);
        report
    }

    /// A row of ratios: the median of the rounds, with the smallest and the largest.
    pub fn ratio(&mut self, what: &str, against: &str, mut pairs: Vec<Pair>, target: Target) {
        pairs.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
        let (Some(low), Some(high), Some(mid)) = (pairs.first(), pairs.last(), pairs.get(pairs.len() / 2)) else {
            return;
        };
        let (bound, met) = match target {
            Target::AtLeast(least) => (format!("≥ {least:.2}"), mid.ratio() >= least),
            Target::AtMost(most) => (format!("≤ {most:.2}"), mid.ratio() <= most),
        };
        let against = format!("{} ({against})", figure(mid.there));
        let ratio = format!("{:.2} ({:.2}–{:.2})", mid.ratio(), low.ratio(), high.ratio());
        let note = mid.note.clone();
        self.line([what, &figure(mid.here), &against, &ratio, &bound, verdict(met)]);
        if !note.is_empty() {
            self.line([&format!("  {note}"), "", "", "", "", ""]);
        }
    }

    /// The median of several measurements that should not be above `most`.
    pub fn median(&mut self, what: &str, unit: &str, mut figures: Vec<f64>, most: f64) {
        figures.sort_by(f64::total_cmp);
        if let Some(mid) = figures.get(figures.len() / 2) {
            self.figure(what, unit, *mid, most);
        }
    }

    /// A row with a figure that should not be above `most`.
    pub fn figure(&mut self, what: &str, unit: &str, measured: f64, most: f64) {
        let (here, bound) = (format!("{} {unit}", figure(measured)), format!("≤ {most} {unit}"));
        self.line([what, &here, "", "", &bound, verdict(measured <= most)]);
    }

    fn line(&mut self, cells: [&str; 6]) {
        let start = self.text.len();
        for (cell, width) in cells.into_iter().zip([38, 10, 40, 20, 12, 4]) {
            // A `String` takes everything; there is no error to handle.
            let _ = write!(self.text, "{cell:<width$}  ");
        }
        let line = self.text.split_off(start);
        self.text.push_str(line.trim_end());
        self.text.push('\n');
        println!("{}", line.trim_end());
    }

    /// Keeps the table in a file.
    pub fn write(&self, file: &Path) -> Outcome<()> {
        std::fs::write(file, &self.text)?;
        println!("\nwritten to {}", file.display());
        Ok(())
    }
}

const fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn figure(number: f64) -> String {
    if number < 100.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}
