//! Schedules under every clock: across midnight, through stops of the server, set forward and back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const HALF_PAST_TWO: Schedule = Schedule::Daily { hour: 2, minute: 30 };

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_daily_moment_is_due_from_its_first_microsecond_on_and_once() {
    let (yesterday, today) = (at("2026-02-28T02:30:00Z"), at("2026-03-01T02:30:00Z"));
    let before = today - Duration::from_micros(1);
    assert_eq!(HALF_PAST_TWO.due(before, yesterday), None);
    assert_eq!(HALF_PAST_TWO.next(before, yesterday), today);
    assert_eq!(HALF_PAST_TWO.due(today, yesterday), Some(today));
    assert_eq!(HALF_PAST_TWO.due(at("2026-03-01T23:59:59Z"), yesterday), Some(today));
    assert_eq!(HALF_PAST_TWO.due(at("2026-03-02T02:29:59Z"), today), None);
    assert_eq!(HALF_PAST_TWO.next(today, today), at("2026-03-02T02:30:00Z"));
}

#[test]
fn midnight_the_end_of_the_year_and_a_leap_day_are_days_like_others() {
    let midnight = Schedule::Daily { hour: 0, minute: 0 };
    for (now, moment) in [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2025-12-31T23:59:59.999999Z", "2025-12-31T00:00:00Z"),
        ("2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z"),
        ("2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z"),
    ] {
        assert_eq!(midnight.due(at(now), at("2020-01-01T00:00:00Z")), Some(at(moment)), "{now}");
    }
    let late = Schedule::Daily { hour: 23, minute: 59 };
    assert_eq!(late.due(at("2026-01-01T00:00:00Z"), at("2025-12-30T23:59:00Z")), Some(at("2025-12-31T23:59:00Z")));
}

#[test]
fn many_missed_days_are_made_up_for_once_a_minute_after_the_start() {
    let last = at("2026-03-01T02:30:00Z");
    let started = at("2026-03-09T08:00:00Z");
    let moment = HALF_PAST_TWO.due(started, last).unwrap();
    assert_eq!(moment, at("2026-03-09T02:30:00Z"));
    assert_eq!(cause(moment, started, started + Duration::from_secs(59)), None);
    assert_eq!(cause(moment, started, started + MAKE_UP_AFTER), Some(Cause::Missed));
    assert_eq!(HALF_PAST_TWO.due(started + MAKE_UP_AFTER, moment), None);
    let tomorrow = at("2026-03-10T02:30:00Z");
    assert_eq!(cause(tomorrow, started, tomorrow), Some(Cause::Schedule));
}

#[test]
fn an_interval_counts_from_the_last_run_and_survives_a_clock_set_back() {
    let minute = Schedule::Every(Duration::from_mins(1));
    let last = at("2026-03-01T00:00:00Z");
    assert_eq!(minute.due(last + Duration::from_secs(59), last), None);
    assert_eq!(minute.next(last + Duration::from_secs(59), last), last + Duration::from_mins(1));
    assert!(minute.due(last + Duration::from_mins(1), last).is_some());
    assert!(minute.due(last - Duration::from_hours(1), last).is_some(), "or nothing would run for an hour");
}

#[test]
fn clocks_beyond_the_calendar_run_nothing() {
    for micros in [i64::MIN, i64::MAX] {
        assert_eq!(HALF_PAST_TWO.due(Timestamp::from_micros(micros), Timestamp::default()), None);
    }
}

#[test]
fn schedules_read_as_they_are_written() {
    assert_eq!(HALF_PAST_TWO.to_string(), "daily at 02:30 UTC");
    assert_eq!(Schedule::Every(Duration::from_mins(1)).to_string(), "every 60 s");
    assert!(HALF_PAST_TWO.is_recorded() && !Schedule::Every(DAY).is_recorded());
    for cause in [Cause::Schedule, Cause::Missed, Cause::Hand] {
        assert_eq!(Cause::parse(cause.as_str()), Some(cause));
    }
}

/// What can happen to a server and its clock between two looks at it.
#[derive(Clone, Debug)]
enum Fate {
    /// The clock goes on, by so many seconds.
    Passes(u32),
    /// The clock is set back, by so many seconds.
    SetBack(u32),
    /// The server stops and starts again.
    Restarts,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        4 => (0..3 * 86_400_u32).prop_map(Fate::Passes),
        2 => (0..120_u32).prop_map(Fate::Passes),
        1 => (0..10 * 86_400_u32).prop_map(Fate::SetBack),
        1 => Just(Fate::Restarts),
    ];
    prop::collection::vec(fate, 1..200)
}

proptest! {
    /// Whatever clock and server do: no moment is served twice, each look serves one at most, and after a look that had
    /// its minute the newest moment has been served.
    #[test]
    fn a_moment_is_served_once_and_the_newest_always(fates in fates(), hour in 0..24_u8, minute in 0..60_u8) {
        let schedule = Schedule::Daily { hour, minute };
        let founded = at("2026-03-01T12:00:00Z");
        let (mut now, mut started, mut served) = (founded, founded, BTreeSet::new());
        for fate in fates {
            match fate {
                Fate::Passes(seconds) => now = now + Duration::from_secs(seconds.into()),
                Fate::SetBack(seconds) => now = now - Duration::from_secs(seconds.into()),
                Fate::Restarts => started = now,
            }
            started = started.min(now);
            let known = served.range(..=now).next_back().copied();
            let last = known.unwrap_or(if founded <= now { founded } else { Timestamp::default() });
            if let Some(moment) = schedule.due(now, last)
                && cause(moment, started, now).is_some()
            {
                prop_assert!(moment <= now && moment > last);
                prop_assert!(served.insert(moment), "{moment} is served twice");
                prop_assert_eq!(schedule.due(now, moment), None);
            }
            let newest = newest(now, hour, minute).unwrap();
            let waits = newest < started && now.since(started) < MAKE_UP_AFTER;
            prop_assert!(served.contains(&newest) || newest <= founded || waits, "{newest} was left out at {now}");
            prop_assert!(schedule.next(now, newest) > now && schedule.next(now, newest).since(now) <= DAY);
        }
    }
}
