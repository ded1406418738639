//! Comments and messages in the search, sealed as their features seal them: who finds them, and what that costs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use super::*;
use crate::base::clock::SystemClock;
use crate::base::entropy::SystemEntropy;
use crate::base::id::Id;
use crate::crypto::keyring::RootKey;
use crate::domain::actor::{Actor, Caller};
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::team::Team;
use crate::domain::text::Name;
use crate::domain::user::User;
use crate::store::search::{forget, index};
use crate::store::tx::{Column, Tx, owned_by_team};
use crate::store::user::NewUser;
use crate::store::{Action, Store, StoreOptions, Target, team, user};

/// Anything that happens in a transaction.
struct Do<F>(F);

impl<T: Send + 'static, F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static> Action for Do<F> {
    type Output = T;

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::UserCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<T, Error> {
        (self.0)(tx)
    }
}

/// A team of three: Olga, its Owner, Ben and Mia.
struct Stage {
    store: Store,
    team: Id<Team>,
    olga: Id<User>,
    ben: Id<User>,
    mia: Id<User>,
    clock: AtomicU64,
    _folder: TempDir,
}

fn person(tx: &mut Tx<'_>, name: &str) -> Id<User> {
    let name = Name::parse("/name", name).unwrap();
    user::insert(tx, &NewUser { name, email: None, instance_role: Role::Member }).unwrap()
}

fn open(path: &Path) -> Store {
    let options = StoreOptions::at(&path.join("milton.db"), Arc::new(SystemClock), Arc::new(SystemEntropy));
    Store::open(options, &RootKey::generate(&SystemEntropy)).unwrap()
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let found = |tx: &mut Tx<'_>| {
            let [olga, ben, mia] = ["Olga", "Ben", "Mia"].map(|name| person(tx, name));
            let team = team::insert(tx, &Name::parse("/name", "Ops").unwrap(), olga)?.id;
            for member in [ben, mia] {
                team::insert_member(tx, team, member, Role::Member)?;
            }
            Ok((team, olga, ben, mia))
        };
        let caller = Caller::local(Actor::Anonymous);
        let (team, olga, ben, mia) = store.act(caller, Do(found), None).await.unwrap().output;
        Self { store, team, olga, ben, mia, clock: AtomicU64::new(1_800_000_000_000), _folder: folder }
    }

    /// A new id, newer than those before.
    fn id(&self) -> Uuid {
        let millis = self.clock.fetch_add(1, Ordering::Relaxed);
        uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid()
    }

    async fn act<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        Ok(self.store.act(Caller::local(Actor::Anonymous), Do(work), None).await?.output)
    }

    async fn run<const N: usize>(&self, sql: &'static str, values: [Value; N]) {
        self.act(move |tx| tx.execute(sql, &values)).await.unwrap();
    }

    async fn delegation(&self, by: Id<User>, title: &str) -> Uuid {
        let (team, id, title) = (self.team, self.id(), title.to_owned());
        let sql = "INSERT INTO delegations (id, team_id, title_sealed, body_sealed, labels_sealed, state, priority, \
            delegator_id, created_at, updated_at) VALUES (?1, ?2, ?3, x'', x'', 'draft', 'normal', ?4, 0, 0)";
        let insert = move |tx: &mut Tx<'_>| {
            let sealed = tx.seal(owned_by_team(team), super::super::delegation::TITLE, id, &title)?;
            tx.execute(sql, &[id.into(), team.into(), sealed.into(), by.into()])?;
            index(tx, team, Found::Delegation, Id::<()>::from_uuid(id), &title)
        };
        self.act(insert).await.unwrap();
        id
    }

    async fn comment(&self, on: Uuid, by: Id<User>, text: &str) -> Uuid {
        let sql = "INSERT INTO delegation_comments (id, delegation_id, author_id, body_sealed, created_at) \
            VALUES (?1, ?2, ?3, ?4, 0)";
        self.write(Found::Comment, sql, "delegation_comments", on, by, text).await
    }

    async fn say(&self, at: Uuid, by: Id<User>, text: &str) -> Uuid {
        let sql = "INSERT INTO messages (id, conversation_id, author_id, body_sealed, created_at) \
            VALUES (?1, ?2, ?3, ?4, 0)";
        self.write(Found::Message, sql, "messages", at, by, text).await
    }

    async fn write(
        &self,
        found: Found,
        sql: &'static str,
        table: &'static str,
        place: Uuid,
        by: Id<User>,
        text: &str,
    ) -> Uuid {
        let (team, id, text) = (self.team, self.id(), text.to_owned());
        let insert = move |tx: &mut Tx<'_>| {
            let sealed = tx.seal(owned_by_team(team), Column { table, name: "body_sealed" }, id, &text)?;
            tx.execute(sql, &[id.into(), place.into(), by.into(), sealed.into()])?;
            index(tx, team, found, Id::<()>::from_uuid(id), &text)
        };
        self.act(insert).await.unwrap();
        id
    }

    async fn conversation(&self, people: &[Id<User>]) -> Uuid {
        let id = self.id();
        let sql = "INSERT INTO conversations (id, team_id, kind, title_sealed, created_at, updated_at, last_seq) \
                VALUES (?1, ?2, 'group', x'', 0, 0, 0)";
        self.run(sql, [id.into(), self.team.into()]).await;
        for person in people {
            let sql = "INSERT INTO conversation_participants (conversation_id, user_id, joined_at) VALUES (?1, ?2, 0)";
            self.run(sql, [id.into(), (*person).into()]).await;
        }
        id
    }

    fn reader(&self, user: Id<User>) -> Reader {
        let reach = if user == self.olga { Reach::Everything } else { Reach::TheirOwn };
        Reader { team: self.team, user, delegations: Some(reach), messages: true, people: true }
    }

    fn page(&self, user: Id<User>, words: &str, page: &PageRequest) -> Page<Hit> {
        let words = Words::parse("q", words).unwrap();
        self.store.look(|read| search(read, &self.reader(user), &words, None, page)).unwrap()
    }

    /// The ids that somebody finds, newest first.
    fn find(&self, user: Id<User>, words: &str) -> Vec<Uuid> {
        self.page(user, words, &PageRequest::first(100)).items.into_iter().map(|hit| hit.id).collect()
    }

    /// How often a search looks into the index.
    fn looks(&self, user: Id<User>, words: &str) -> usize {
        let (words, reader) = (Words::parse("q", words).unwrap(), self.reader(user));
        let count = |read: &ReadTx<'_>| {
            let mut search = Search::begin(read, &reader, &words, None)?.unwrap();
            search.page(&reader, &words, u128::MAX, 50)?;
            Ok(search.looks)
        };
        self.store.look(count).unwrap()
    }
}

#[tokio::test]
async fn messages_are_found_by_those_who_take_part() {
    let stage = Stage::new().await;
    let talk = stage.conversation(&[stage.ben, stage.mia]).await;
    let other = stage.conversation(&[stage.olga, stage.ben]).await;
    let first = stage.say(talk, stage.ben, "The lighthouse lease, Mia?").await;
    let second = stage.say(talk, stage.mia, "No lease, no lighthouse").await;
    let third = stage.say(other, stage.ben, "Lighthouse lease").await;
    assert_eq!(stage.find(stage.mia, "lighthouse lease"), [second, first]);
    assert_eq!(stage.find(stage.ben, "lighthouse lease"), [third, second, first], "merged by time");
    assert_eq!(stage.find(stage.olga, "lighthouse lease"), [third], "an Owner reads no foreign conversation");
    let page = stage.page(stage.mia, "lighthouse", &PageRequest::first(10));
    assert_eq!((page.items[0].place, page.items[0].author.name.as_str()), (Some(talk), "Mia"));
    assert_eq!(page.items[0].text, "No lease, no lighthouse");
    let leave = "UPDATE conversation_participants SET left_at = 1 WHERE conversation_id = ?1 AND user_id = ?2";
    stage.run(leave, [talk.into(), stage.ben.into()]).await;
    assert_eq!(stage.find(stage.ben, "lighthouse"), [third], "whoever left");
    stage.run("UPDATE messages SET deleted_at = 1, body_sealed = NULL WHERE id = ?1", [second.into()]).await;
    assert_eq!(stage.find(stage.mia, "lighthouse"), [first], "a deleted message, although its words stand there");
    stage.run("UPDATE conversations SET deleted_at = 1 WHERE id = ?1", [talk.into()]).await;
    assert!(stage.find(stage.mia, "lighthouse").is_empty());
}

#[tokio::test]
async fn a_conversation_attached_to_a_delegation_goes_with_it() {
    let stage = Stage::new().await;
    let work = stage.delegation(stage.ben, "Paint").await;
    let talk = stage.conversation(&[stage.mia]).await;
    stage
        .run(
            "UPDATE conversations SET kind = 'delegation', delegation_id = ?2, title_sealed = NULL WHERE id = ?1",
            [talk.into(), work.into()],
        )
        .await;
    let said = stage.say(talk, stage.mia, "Which colour?").await;
    assert!(stage.find(stage.mia, "colour").is_empty(), "to be in the talk is not to read about the work");
    let offer = "UPDATE delegations SET state = 'offered', assignee_id = ?2 WHERE id = ?1";
    stage.run(offer, [work.into(), stage.mia.into()]).await;
    assert_eq!(stage.find(stage.mia, "colour"), [said]);
    assert!(stage.find(stage.ben, "colour").is_empty(), "to have given the work is not to take part in the talk");
    stage.run("UPDATE delegations SET deleted_at = 1 WHERE id = ?1", [work.into()]).await;
    assert!(stage.find(stage.mia, "colour").is_empty());
}

#[tokio::test]
async fn comments_are_found_by_the_readers_of_their_delegation() {
    let stage = Stage::new().await;
    let [of_ben, of_olga] = [stage.delegation(stage.ben, "A").await, stage.delegation(stage.olga, "B").await];
    let first = stage.comment(of_ben, stage.olga, "Ask the harbour master").await;
    let second = stage.comment(of_olga, stage.olga, "The harbour master said no").await;
    assert_eq!(stage.find(stage.olga, "harbour master"), [second, first]);
    assert_eq!(stage.find(stage.ben, "harbour master"), [first]);
    assert!(stage.find(stage.mia, "harbour master").is_empty());
    let watch = "INSERT INTO delegation_watchers (delegation_id, user_id, created_at) VALUES (?1, ?2, ?3)";
    stage.run(watch, [of_olga.into(), stage.mia.into(), 0.into()]).await;
    assert!(stage.find(stage.mia, "harbour master").is_empty(), "a watch from before they belonged to the team");
    stage.run("UPDATE delegation_watchers SET created_at = ?1", [i64::MAX.into()]).await;
    assert_eq!(stage.find(stage.mia, "harbour master"), [second]);
    stage.run("UPDATE delegations SET deleted_at = 1 WHERE id = ?1", [of_olga.into()]).await;
    assert_eq!((stage.find(stage.mia, "harbour"), stage.find(stage.olga, "harbour")), (vec![], vec![first]));
    stage.run("UPDATE delegation_comments SET deleted_at = 1 WHERE id = ?1", [first.into()]).await;
    assert!(stage.find(stage.olga, "harbour").is_empty());
}

#[tokio::test]
async fn what_is_forgotten_leaves_no_row() {
    let stage = Stage::new().await;
    let rows = || stage.store.look(|read| read.first("SELECT count(*) FROM search_index", &[], |row| row.integer(0)));
    let before = rows().unwrap();
    let work = stage.delegation(stage.ben, "Paint the pier").await;
    let talk = stage.conversation(&[stage.ben]).await;
    let comment = stage.comment(work, stage.ben, "Which colour?").await;
    let message = stage.say(talk, stage.ben, "Blue or green or blue?").await;
    assert_eq!(rows().unwrap(), before.map(|before| before + 3 + 2 * 2 + 3), "a comment stands on two lists");
    let team = stage.team;
    let all = [(work, "Paint the pier"), (comment, "Which colour?"), (message, "Blue or green or blue?")];
    let forget_all =
        move |tx: &mut Tx<'_>| all.iter().try_for_each(|(id, text)| forget(tx, team, Id::<()>::from_uuid(*id), text));
    stage.act(forget_all).await.unwrap();
    assert_eq!(rows().unwrap(), before);
    for word in ["paint", "colour", "blue"] {
        assert!(stage.find(stage.ben, word).is_empty());
    }
}

/// Its place is known from its row: without one it would be findable nowhere, and nobody would notice.
#[tokio::test]
async fn nothing_is_indexed_before_it_is_written() {
    let stage = Stage::new().await;
    let (team, id) = (stage.team, Id::<()>::from_uuid(stage.id()));
    for found in [Found::Comment, Found::Message] {
        let early = stage.act(move |tx| index(tx, team, found, id, "early")).await;
        assert!(matches!(early, Err(Error::Internal(_))));
    }
}

/// Neither the answer nor the work behind it tells a Member what others write.
#[tokio::test]
async fn what_others_write_costs_a_member_nothing() {
    let stage = Stage::new().await;
    let earlier = stage.id();
    let own = stage.delegation(stage.mia, "Lighthouse").await;
    stage.comment(own, stage.mia, "Lighthouse").await;
    let talk = stage.conversation(&[stage.mia]).await;
    stage.say(talk, stage.mia, "Lighthouse").await;
    let before = [stage.looks(stage.mia, "lighthouse"), stage.looks(stage.mia, "anchor lighthouse")];
    let foreign = stage.conversation(&[stage.olga, stage.ben]).await;
    for _ in 0..50 {
        let work = stage.delegation(stage.olga, "Lighthouse anchor").await;
        stage.comment(work, stage.ben, "Lighthouse anchor").await;
        stage.say(foreign, stage.ben, "Lighthouse anchor").await;
    }
    // One of them is older than all that is Mia's.
    let sql = "UPDATE search_index SET found = ?1 WHERE found = (SELECT max(found) FROM search_index)";
    let work = stage.delegation(stage.olga, "Anchor anchored").await;
    stage.run(sql, [Value::bytes(earlier.as_bytes())]).await;
    assert_ne!(work, earlier);
    let after = [stage.looks(stage.mia, "lighthouse"), stage.looks(stage.mia, "anchor lighthouse")];
    assert_eq!(after, before);
    assert_eq!(stage.find(stage.mia, "lighthouse").len(), 3);
    assert_eq!(stage.find(stage.olga, "lighthouse anchor").len(), 100, "a page of them");
}

/// The rare word leads: what the frequent one costs does not grow with its number.
#[tokio::test]
async fn the_rare_word_leads() {
    let stage = Stage::new().await;
    let talk = stage.conversation(&[stage.ben]).await;
    for nth in 0..300 {
        stage.say(talk, stage.ben, if nth % 100 == 50 { "often rarely" } else { "often" }).await;
    }
    assert_eq!(stage.find(stage.ben, "rarely often").len(), 3);
    assert!(stage.looks(stage.ben, "rarely often") < 80, "{}", stage.looks(stage.ben, "rarely often"));
}

/// Two words that are everywhere and never together: the page ends before it has seen everything, says where it was, and
/// the pages after it come to an end.
#[tokio::test]
async fn a_page_does_a_bounded_amount_of_work() {
    let stage = Stage::new().await;
    let talk = stage.conversation(&[stage.ben]).await;
    let both = stage.say(talk, stage.ben, "left right").await;
    let list = List { place: talk, found: Found::Message };
    let ids: Vec<_> = (0..12_000).map(|_| stage.id()).collect();
    let fill = move |tx: &mut Tx<'_>| {
        let team = find_number(tx, stage.team)?.unwrap();
        let words = ["left", "right"].map(|word| list.word(tx, word));
        for (nth, id) in ids.iter().enumerate() {
            let values = [team.into(), words[nth % 2].into(), Value::bytes(id.as_bytes())];
            tx.execute("INSERT INTO search_index (team, word, found) VALUES (?1, ?2, ?3)", &values)?;
        }
        Ok(())
    };
    let caller = Caller::local(Actor::Anonymous);
    stage.store.act(caller, Do(fill), None).await.unwrap();
    let words = Words::parse("q", "left right").unwrap();
    let reader =
        Reader { team: stage.team, user: stage.ben, delegations: Some(Reach::TheirOwn), messages: true, people: true };
    let (mut cursor, mut pages, mut found) = (None::<String>, 0, Vec::new());
    loop {
        let page = PageRequest::parse(Some(10), cursor.as_deref()).unwrap();
        let page = stage.store.look(|read| search(read, &reader, &words, None, &page)).unwrap();
        pages += 1;
        found.extend(page.items.iter().map(|hit| hit.id));
        match page.next {
            Some(next) => {
                let next = Some(next.to_string());
                assert_ne!(next, cursor, "every page gets on");
                cursor = next;
            }
            None => break,
        }
    }
    assert_eq!(found, [both]);
    assert!((2..5).contains(&pages), "{pages}");
}
