//! Base62 (0-9 A-Z a-z): text that survives a double click, a URL and a shell without quoting.

use zeroize::Zeroizing;

use crate::base::entropy::{self, Entropy};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Digits of a 128-bit number: the least `n` with 62^n ≥ 2^128.
pub(super) const NUMBER_LENGTH: usize = 22;

/// Appends `length` random digits, 5.95 bits each.
pub(super) fn push_random(text: &mut String, length: usize, entropy: &dyn Entropy) {
    let mut missing = length;
    while missing > 0 {
        let bytes = Zeroizing::new(entropy::bytes::<64>(entropy));
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first eight digits.
        for byte in bytes.iter().filter(|byte| **byte < 248).take(missing) {
            text.push(char::from(ALPHABET[usize::from(byte % 62)]));
            missing -= 1;
        }
    }
}

/// Appends a number as exactly [`NUMBER_LENGTH`] digits, the most significant first.
pub(super) fn push_number(text: &mut String, mut number: u128) {
    let mut digits = [0; NUMBER_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number % 62) as usize];
        number /= 62;
    }
    text.extend(digits.map(char::from));
}

/// The number behind the digits; `None` for another character or a number that needs more than 128 bits.
pub(super) fn parse_number(digits: &[u8; NUMBER_LENGTH]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, &digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(value.into())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::entropy::SeededEntropy;

    fn number(number: u128) -> String {
        let mut text = String::new();
        push_number(&mut text, number);
        text
    }

    fn parse(text: &str) -> Option<u128> {
        parse_number(text.as_bytes().try_into().unwrap())
    }

    #[test]
    fn the_edges_of_128_bits() {
        assert_eq!(number(0), "0000000000000000000000");
        assert_eq!(number(61), "000000000000000000000z");
        assert_eq!(number(62), "0000000000000000000010");
        assert_eq!(parse(&number(u128::MAX)), Some(u128::MAX));
        assert_eq!(parse("zzzzzzzzzzzzzzzzzzzzzz"), None, "more than 128 bits");
        assert_eq!(parse("00000000000-0000000000"), None);
    }

    #[test]
    fn random_digits_are_of_the_asked_length_and_evenly_spread() {
        let mut text = String::new();
        push_random(&mut text, 62_000, &SeededEntropy::new(1));
        assert_eq!(text.len(), 62_000);
        for digit in ALPHABET {
            let seen = text.bytes().filter(|byte| byte == digit).count();
            // 1,000 expected, standard deviation 31; without the rejection the first eight digits come at 1,211.
            assert!((850..1_150).contains(&seen), "{} came {seen} times", char::from(*digit));
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(value: u128) {
            prop_assert_eq!(parse(&number(value)), Some(value));
        }
    }
}
