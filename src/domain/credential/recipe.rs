//! Passwords and passphrases made by chance, and how much work it would be to guess them.

use bip39::Language;

use crate::base::entropy::{self, Entropy};
use crate::base::secret::Secret;
use crate::domain::Error;

/// Characters in a password, at least and at most.
pub const LENGTHS: [usize; 2] = [8, 128];
/// Words in a passphrase, at least and at most; each is worth 11 bits.
pub const WORDS: [usize; 2] = [4, 16];

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const SYMBOLS: &str = "!#$%&()*+,-./:;<=>?@[]^_{|}~";

/// What a password is made of. One that breaks the bounds cannot be made.
#[derive(Clone, Debug)]
pub struct Recipe(Form);

#[derive(Clone, Debug)]
enum Form {
    Characters { length: usize, classes: Vec<&'static str> },
    Words(usize),
}

/// A password that was made, with an estimate of its strength.
#[derive(Clone, Debug)]
pub struct Made {
    /// The password.
    pub password: Secret<String>,
    /// How it would stand against somebody who guesses.
    pub strength: Strength,
}

/// An estimate by zxcvbn, which knows words, names, dates and keyboards.
#[derive(Clone, Copy, Debug)]
pub struct Strength {
    /// From 0, guessed at once, to 4, never.
    pub score: u8,
    /// The decimal logarithm of the number of guesses.
    pub guesses_log10: f64,
}

impl Recipe {
    /// A password of this many characters out of the chosen classes, with at least one of each.
    pub fn characters(length: usize, letters: bool, digits: bool, symbols: bool) -> Result<Self, Error> {
        if !(LENGTHS[0]..=LENGTHS[1]).contains(&length) {
            return Err(Error::invalid("length", format!("must be from {} to {}", LENGTHS[0], LENGTHS[1])));
        }
        let chosen = [(letters, UPPER), (letters, LOWER), (digits, DIGITS), (symbols, SYMBOLS)];
        let classes: Vec<_> = chosen.into_iter().filter_map(|(is_chosen, class)| is_chosen.then_some(class)).collect();
        if classes.is_empty() {
            return Err(Error::invalid("letters", "letters, digits or symbols must be chosen"));
        }
        Ok(Self(Form::Characters { length, classes }))
    }

    /// A passphrase of this many words of the English list of BIP 39, with a hyphen between them.
    pub fn words(count: usize) -> Result<Self, Error> {
        if !(WORDS[0]..=WORDS[1]).contains(&count) {
            return Err(Error::invalid("words", format!("must be from {} to {}", WORDS[0], WORDS[1])));
        }
        Ok(Self(Form::Words(count)))
    }

    /// Makes one: each that the recipe allows is as likely as any other.
    pub fn make(&self, entropy: &dyn Entropy) -> Made {
        let password = match &self.0 {
            Form::Characters { length, classes } => characters(*length, classes, entropy),
            Form::Words(count) => words(*count, entropy),
        };
        let strength = Strength::of(password.expose());
        Made { password, strength }
    }
}

fn characters(length: usize, classes: &[&str], entropy: &dyn Entropy) -> Secret<String> {
    let alphabet: Vec<char> = classes.iter().flat_map(|class| class.chars()).collect();
    loop {
        let mut made = String::with_capacity(length);
        made.extend((0..length).filter_map(|_| entropy::choose(entropy, &alphabet)));
        let made = Secret::new(made);
        // What lacks a class is thrown away whole: putting one in by force would make some passwords likelier.
        if classes.iter().all(|class| made.expose().contains(|letter| class.contains(letter))) {
            return made;
        }
    }
}

fn words(count: usize, entropy: &dyn Entropy) -> Secret<String> {
    let list = Language::English.word_list();
    let longest = list.iter().map(|word| word.len()).max().unwrap_or_default();
    let mut made = String::with_capacity(count * (longest + 1));
    for word in (0..count).filter_map(|_| entropy::choose(entropy, list)) {
        if !made.is_empty() {
            made.push('-');
        }
        made.push_str(word);
    }
    Secret::new(made)
}

impl Strength {
    /// How a password would stand.
    fn of(password: &str) -> Self {
        let estimate = zxcvbn::zxcvbn(password, &[]);
        Self { score: u8::from(estimate.score()), guesses_log10: estimate.guesses_log10() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::entropy::SeededEntropy;

    #[test]
    fn a_password_has_its_length_and_something_of_each_class() {
        let entropy = SeededEntropy::new(7);
        for [letters, digits, symbols] in [[true, true, true], [true, false, false], [false, true, true]] {
            for length in [8, 20, 128] {
                let made = Recipe::characters(length, letters, digits, symbols).unwrap().make(&entropy);
                let text = made.password.expose();
                assert_eq!(text.chars().count(), length);
                assert_eq!(text.contains(|c: char| UPPER.contains(c)), letters, "{text}");
                assert_eq!(text.contains(|c: char| LOWER.contains(c)), letters, "{text}");
                assert_eq!(text.contains(|c: char| DIGITS.contains(c)), digits, "{text}");
                assert_eq!(text.contains(|c: char| SYMBOLS.contains(c)), symbols, "{text}");
            }
        }
    }

    #[test]
    fn each_character_is_as_likely_as_any_other() {
        let entropy = SeededEntropy::new(3);
        let recipe = Recipe::characters(128, false, true, false).unwrap();
        let mut seen = [0; 10];
        for _ in 0..200 {
            for digit in recipe.make(&entropy).password.expose().bytes() {
                seen[usize::from(digit - b'0')] += 1;
            }
        }
        let expected = 128 * 200 / 10;
        assert!(seen.iter().all(|times: &i32| times.abs_diff(expected) < 300), "{seen:?}");
    }

    #[test]
    fn words_are_of_the_list_and_no_two_phrases_are_the_same() {
        let entropy = SeededEntropy::new(5);
        let mut seen = BTreeSet::new();
        for _ in 0..100 {
            let made = Recipe::words(6).unwrap().make(&entropy);
            let text = made.password.expose().clone();
            assert_eq!(text.split('-').count(), 6);
            assert!(text.split('-').all(|word| Language::English.word_list().contains(&word)), "{text}");
            assert_eq!(made.strength.score, 4, "{text}");
            assert!(seen.insert(text));
        }
    }

    #[test]
    fn recipes_have_bounds_and_nothing_shows() {
        assert!(Recipe::characters(7, true, true, true).is_err() && Recipe::characters(129, true, true, true).is_err());
        assert!(Recipe::characters(20, false, false, false).is_err());
        assert!(Recipe::words(3).is_err() && Recipe::words(17).is_err());
        let made = Recipe::words(4).unwrap().make(&SeededEntropy::new(1));
        assert!(!format!("{made:?}").contains(made.password.expose()));
        assert!(Strength::of("password").score == 0 && Strength::of("correct-horse").guesses_log10 > 3.0);
    }
}
